"""The border between the identified and the pseudonymised zone: keys, pseudonyms, and what may cross.

Belongs here: the only code that sees identity numbers beside intake. Must not be here: anything a later stage imports.
"""

from pipeline.pseudonyms.erased_persons import references
from pipeline.pseudonyms.extract_files import extract_files
from pipeline.pseudonyms.extracts.admission import Admitted, admit, at_the_border, look_at, open_checked
from pipeline.pseudonyms.extracts.asked_for import remember_asked
from pipeline.pseudonyms.extracts.drop_zone import DropZone, drop_zones
from pipeline.pseudonyms.extracts.merged_persons import follow_merges
from pipeline.pseudonyms.extracts.night import Taken, take_in_register
from pipeline.pseudonyms.extracts.received import Extract, extracts_received
from pipeline.pseudonyms.extracts.whom import Participants
from pipeline.pseudonyms.home_key import check_home_key
from pipeline.pseudonyms.identity_history import FOLDER as IDENTITY_FOLDER
from pipeline.pseudonyms.identity_history import IdentityHistory, forget, home_history, last_good_copy, person_table
from pipeline.pseudonyms.inndata import to_inndata
from pipeline.pseudonyms.key_files import new_key_file, new_register_key_file
from pipeline.pseudonyms.key_providers import KeyCommand, KeyFile, KeyProvider, load_any_key, load_keys
from pipeline.pseudonyms.keys import DEMO_VERSION, Keys
from pipeline.pseudonyms.owner_extract import OwnerStamp, Pseudonymised, owner_stamp, pseudonymise_file
from pipeline.pseudonyms.person_keys import log_references, person_keys, recipient_keys
from pipeline.pseudonyms.roster import whole_population_basis

__all__ = [
    "DEMO_VERSION",
    "IDENTITY_FOLDER",
    "Admitted",
    "DropZone",
    "Extract",
    "IdentityHistory",
    "KeyCommand",
    "KeyFile",
    "KeyProvider",
    "Keys",
    "OwnerStamp",
    "Participants",
    "Pseudonymised",
    "Taken",
    "admit",
    "at_the_border",
    "check_home_key",
    "drop_zones",
    "extract_files",
    "extracts_received",
    "follow_merges",
    "forget",
    "home_history",
    "last_good_copy",
    "load_any_key",
    "load_keys",
    "log_references",
    "look_at",
    "new_key_file",
    "new_register_key_file",
    "open_checked",
    "owner_stamp",
    "person_keys",
    "person_table",
    "pseudonymise_file",
    "recipient_keys",
    "references",
    "remember_asked",
    "take_in_register",
    "to_inndata",
    "whole_population_basis",
]
