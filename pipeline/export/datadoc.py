"""The Datadoc sidecar of one data file, built on and validated by Statistics Norway's own model."""

from __future__ import annotations

import json
from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import polars as pl
from datadoc_model.required import model
from pydantic import ValidationError

from pipeline.export.naming import PRODUCT, STATE_FOLDER, DataFileName
from pipeline.export.variables import Variable, variables
from pipeline.store import json_text

UNIT_TYPE_PERSON = "20"  # Klass 702
# Statistics Norway's own codes for owner (Klass 83) and source (Klass 712) are given at reception; until then in words.
OWNER = DATA_SOURCE = "IMDi"
SUBJECT_FIELD = "befolkning/innvandrere"
ALGORITHM = "HMAC-SHA256"
DATA_TYPES = {"text": "STRING", "date": "DATETIME", "int": "INTEGER", "float": "FLOAT", "bool": "BOOLEAN"}
TITLES = {
    "deltaker_utfall": ("Jobbsjansen: deltakere og utfall", "Én rad per deltakelse i Jobbsjansen, med avslutning og utfall fra registre."),
    "tiltak": ("Jobbsjansen: tiltak", "Én rad per tiltak i en deltakelse i Jobbsjansen."),
}  # fmt: skip
POPULATION = (
    "Deltakere i Jobbsjansen med start i perioden, i kommuner og bydeler som har levert data. Enhetstype: person. Hele landet."
)


def datadoc_text(table: str, frame: pl.DataFrame, name: DataFileName, key_reference: str, now: datetime) -> str:
    """The sidecar as JSON text, valid by the model's required fields.

    Args:
        table: which table of the package.
        frame: its rows, for the first and last day they speak of.
        name: the data file's name.
        key_reference: name and version of the recipient key, never the key.
        now: the run clock.
    """
    described = {
        "document_version": "1.0.0",
        "datadoc": {
            "dataset": _dataset(table, frame, name, now),
            "variables": [_variable(v, name, key_reference, now) for v in variables(table)],
        },
    }
    container = model.MetadataContainer.model_validate(described)
    return json_text(container.model_dump(mode="json", exclude_none=True))


def datadoc_faults(text: str) -> list[str]:
    """Where the sidecar breaks the required model, as paths without values; empty when valid."""
    try:
        container = model.MetadataContainer.model_validate(json.loads(text))
    except json.JSONDecodeError:
        return ["ikke gyldig JSON"]
    except ValidationError as broken:
        return [f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in broken.errors(include_input=False, include_url=False)]
    return [] if container.datadoc is not None else ["datadoc: missing"]


def _dataset(table: str, frame: pl.DataFrame, name: DataFileName, now: datetime) -> dict[str, object]:
    title, description = TITLES[table]
    first, last = _span(frame)
    return {
        "short_name": name.stem,
        "assessment": "SENSITIVE",
        "dataset_status": "INTERNAL",
        "dataset_state": "PROCESSED_DATA",
        "name": _bokmaal(title),
        "description": _bokmaal(description),
        "population_description": _bokmaal(POPULATION),
        "version": str(name.version),
        "subject_field": SUBJECT_FIELD,
        "keyword": ["Jobbsjansen", "kvalifisering", "innvandrere"],
        "id": str(_identifier(name.stem)),
        "owner": OWNER,
        "file_path": f"{PRODUCT}/{STATE_FOLDER}/{name.stem}.parquet",
        "metadata_created_date": now.isoformat(),
        "metadata_created_by": "jobbsjansen",
        "metadata_last_updated_date": now.isoformat(),
        "metadata_last_updated_by": "jobbsjansen",
        "contains_data_from": None if first is None else first.isoformat(),
        "contains_data_until": None if last is None else last.isoformat(),
    }


def _variable(variable: Variable, name: DataFileName, key_reference: str, now: datetime) -> dict[str, object]:
    out: dict[str, object] = {
        "short_name": variable.name,
        "name": _bokmaal(variable.label),
        "data_type": DATA_TYPES[variable.column.kind],
        "variable_role": variable.role,
        "is_personal_data": variable.identifies != "nei" or variable.column.sensitivity != "none",
        "unit_type": UNIT_TYPE_PERSON,
        "data_source": DATA_SOURCE,
        "temporality_type": variable.temporality,
        "comment": [{"languageCode": "en", "languageText": variable.column.meaning}],
        "id": str(_identifier(f"{name.stem}/{variable.name}")),
    }
    if variable.column.unit:
        out["measurement_unit"] = variable.column.unit
    if variable.is_pseudonym:
        out["pseudonymization"] = {
            "encryption_algorithm": ALGORITHM,
            "encryption_key_reference": key_reference,
            "pseudonymization_time": now.isoformat(),
        }
    return out


def _span(frame: pl.DataFrame) -> tuple[date | None, date | None]:
    days = pl.concat([frame[name] for name in ("start_dato", "slutt_dato")]).drop_nulls()
    first, last = days.min(), days.max()
    return (first if isinstance(first, date) else None), (last if isinstance(last, date) else None)


def _identifier(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"{PRODUCT}/{STATE_FOLDER}/{name}")


def _bokmaal(text: str) -> list[dict[str, str]]:
    return [{"languageCode": "nb", "languageText": text}]
