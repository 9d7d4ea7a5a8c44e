"""The border between the identified and the pseudonymised zone: keys, pseudonyms, and what may cross.

Belongs here: the only code that sees identity numbers beside intake. Must not be here: anything a later stage imports.
"""

from pipeline.pseudonyms.border import Admitted, admit_extract
from pipeline.pseudonyms.erased_persons import references
from pipeline.pseudonyms.extract_files import extract_files
from pipeline.pseudonyms.home_key import check_home_key
from pipeline.pseudonyms.identity_history import IdentityHistory, forget, home_history, last_good_copy, person_table
from pipeline.pseudonyms.inndata import to_inndata
from pipeline.pseudonyms.key_files import new_key_file, new_register_key_file
from pipeline.pseudonyms.key_providers import KeyCommand, KeyFile, KeyProvider, load_any_key, load_keys
from pipeline.pseudonyms.keys import DEMO_VERSION, Keys
from pipeline.pseudonyms.owner_extract import OwnerStamp, Pseudonymised, owner_stamp, pseudonymise_file
from pipeline.pseudonyms.person_keys import log_references, person_keys, recipient_keys

__all__ = [
    "DEMO_VERSION",
    "Admitted",
    "IdentityHistory",
    "KeyCommand",
    "KeyFile",
    "KeyProvider",
    "Keys",
    "OwnerStamp",
    "Pseudonymised",
    "admit_extract",
    "check_home_key",
    "extract_files",
    "forget",
    "home_history",
    "last_good_copy",
    "load_any_key",
    "load_keys",
    "log_references",
    "new_key_file",
    "new_register_key_file",
    "owner_stamp",
    "person_keys",
    "person_table",
    "pseudonymise_file",
    "recipient_keys",
    "references",
    "to_inndata",
]
