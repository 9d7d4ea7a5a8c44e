"""What goes with the data: variable list, code lists, counts, uniqueness, and a README with a first query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import polars as pl

from pipeline import codes
from pipeline.export.datadoc import TITLES
from pipeline.export.naming import STATE_FOLDER, DataFileName
from pipeline.export.variables import key, variables
from pipeline.released import ApprovedMicrodata

_NAMED_CODES = Path(__file__).with_name("kodenavn.csv")
SHARED_LISTS = {
    "komm_nr": "kommuner", "komm_nr_ref": "kommuner", "bydel_nr": "bydeler", "norsk_start": "norsk", "norsk_slutt": "norsk",
    "fadder": "ja_nei", "avbrutt": "ja_nei",
}  # fmt: skip
NOT_AVAILABLE = "Tom verdi betyr at verdien ikke er oppgitt, eller at registeruttrekket ikke rekker fram."


def documents(approved: ApprovedMicrodata, names: Mapping[str, DataFileName], *, demo: bool) -> dict[str, bytes]:
    """File name to content of the package's documentation; equal input gives equal bytes.

    Args:
        approved: the tables as approved, with their uniqueness report.
        names: table to the name of its newest data file.
        demo: the data are synthetic, and every reader must see it.
    """
    counts = pl.DataFrame([_counts(table, frame, names[table]) for table, frame in sorted(approved.tables.items())])
    listed = pl.DataFrame([row for table in sorted(approved.tables) for row in _variable_rows(table, approved.tables[table])])
    return {
        "README.md": _readme(names, counts, approved.key_reference, demo=demo).encode(),
        "variabelliste.csv": _csv(listed),
        "antall.csv": _csv(counts),
        "entydighet.csv": _csv(approved.uniqueness),
        **{f"kodelister/{name}.csv": _csv(frame) for name, frame in _code_lists(sorted(approved.tables))},
    }


def variable_length(values: pl.Series) -> int:
    """The most characters a value of the column takes when written as text; 0 when all are null."""
    longest = values.cast(pl.String).str.len_chars().max()
    return longest if isinstance(longest, int) else 0


def _variable_rows(table: str, frame: pl.DataFrame) -> Iterator[dict[str, object]]:
    for position, variable in enumerate(variables(table), start=1):
        yield {
            "tabell": table, "posisjon": position, "navn": variable.name, "etikett": variable.label,
            "type": variable.column.kind, "lengde": variable_length(frame[variable.name]), "enhet": variable.column.unit or None,
            "noekkel": "ja" if variable.key else "nei", "identifiserer": variable.identifies, "kodeliste": code_list(variable.name),
        }  # fmt: skip


def code_list(variable: str) -> str | None:
    """The file under ``kodelister/`` that explains a variable's codes, None when it has none."""
    name = SHARED_LISTS.get(variable, variable)
    return name if name in {"kommuner", "bydeler", *named_codes()["kodeliste"]} else None


@cache
def named_codes() -> pl.DataFrame:
    """One row per code of a closed list: kodeliste, kode, navn (bokmål)."""
    return pl.read_csv(_NAMED_CODES, separator=";", infer_schema=False)


def _code_lists(tables: list[str]) -> Iterator[tuple[str, pl.DataFrame]]:
    used = {code_list(v.name) for table in tables for v in variables(table)}
    for (name,), rows in named_codes().group_by("kodeliste", maintain_order=True):
        if name in used:
            yield str(name), rows.drop("kodeliste")
    yield "kommuner", codes.municipalities().sort("komm_nr", "gyldig_fra")
    yield "bydeler", codes.oslo_districts()
    yield "land-til-landgruppe", codes.country_groups()


def _counts(table: str, frame: pl.DataFrame, name: DataFileName) -> dict[str, object]:
    return {
        "tabell": table,
        "fil": f"{STATE_FOLDER}/{name.stem}.parquet",
        "rader": frame.height,
        "personer": frame["person_key"].n_unique(),
        "like_noekler": frame.height - frame.select(key(table)).n_unique(),
        "like_rader": frame.height - frame.n_unique(),
    }


def _csv(frame: pl.DataFrame) -> bytes:
    return frame.write_csv(separator=";").encode()


def _readme(names: Mapping[str, DataFileName], counts: pl.DataFrame, key_reference: str, *, demo: bool) -> str:
    rows = {str(r["tabell"]): r for r in counts.iter_rows(named=True)}
    tables = "\n".join(
        f"- `{rows[t]['fil']}`: {TITLES[t][1]} {rows[t]['rader']} rader, {rows[t]['personer']} personer." for t in sorted(names)
    )
    warning = "**SYNTETISKE DATA: ingen rad gjelder en virkelig person.**\n\n" if demo else ""
    return f"""# Jobbsjansen: data til Statistisk sentralbyrå

{warning}Pseudonymiserte persondata om deltakere i Jobbsjansen. Dataene er personopplysninger og skal behandles deretter.

{tables}

Tabellene kobles på `deltakelse_key`. `person_key` er laget for denne mottakeren (nøkkel: {key_reference}) og kan ikke kobles
med filer til andre. {NOT_AVAILABLE}

## Første spørring

```python
import duckdb

print(duckdb.sql('''
    SELECT year(slutt_dato) AS aar, count(*) AS avsluttede, avg(overgang::INT) AS andel_overgang
    FROM '{rows["deltaker_utfall"]["fil"]}'
    WHERE slutt_dato IS NOT NULL GROUP BY aar ORDER BY aar
'''))
```

```python
import polars as pl

deltakere = pl.read_parquet("{rows["deltaker_utfall"]["fil"]}")
avsluttede = deltakere.filter(pl.col("slutt_dato").is_not_null())
print(avsluttede.group_by(pl.col("slutt_dato").dt.year()).agg(pl.len(), pl.col("overgang").mean()).sort("slutt_dato"))
```

## Innhold

- `klargjorte-data/`: dataene som Parquet, og beskrivelsen av hver fil (`__DOC.json`, Datadoc). En fil blir aldri endret:
  nye data gir neste versjon.
- `dokumentasjon/v<n>/`: variabelliste, kodelister, antall rader og like rader, entydighet, og denne teksten.
- `SHA256SUMS`: kontrollsummer, sjekkes med `sha256sum --check SHA256SUMS`.

Alle deltakelser fra godtatte leveranser er med. Overgang er lønnsarbeid, egen virksomhet, videregående opplæring,
fagbrev eller lære, eller høyere utdanning som hovedaktivitet ved avslutning.
"""
