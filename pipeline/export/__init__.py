"""The package for Statistics Norway: what is sent, how it is named and described, and how to see that it is whole.

Belongs here: choice of variables, Dapla names, Datadoc, checksums. Must not be here: making pseudonyms, and any search or
decision on what may be released, which belong to ``pseudonyms`` and ``disclosure``.
"""

from pipeline.export.package import write_ssb_package
from pipeline.export.ssb_tables import prepare_ssb_tables
from pipeline.export.verify import verify_package

__all__ = ["prepare_ssb_tables", "verify_package", "write_ssb_package"]
