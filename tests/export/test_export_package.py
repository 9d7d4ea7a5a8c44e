"""The package for Statistics Norway: names, descriptions, versions, and a verification that can fail."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from datadoc_model.required.model import MetadataContainer

from pipeline import codes
from pipeline.errors import UserError
from pipeline.export import verify_package, write_ssb_package
from pipeline.export.documentation import code_list
from pipeline.export.naming import DataFileName, first_name, is_variable_name, parse_name
from pipeline.export.variables import table_names, variables
from pipeline.settings import OSLO
from pipeline.store import write_text
from tests.export.export_case import approved, settings, tables

# Statistics Norway's rules, written down again from the published standard and not from the program
DAPLA_PATH = re.compile(
    r"[a-z0-9-]+_data/klargjorte-data/[a-z0-9]+(-[a-z0-9]+)*_p\d{4}(-\d{2}){0,2}(_p\d{4}(-\d{2}){0,2})?_v[1-9]\d*\.parquet"
)
DAPLA_VARIABLE = re.compile(r"[a-z][a-z0-9_]{1,31}")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write_ssb_package(approved(), tmp_path / "ssb", settings(tmp_path))


def data_files(package: Path) -> list[str]:
    return sorted(p.name for p in (package / "klargjorte-data").glob("*.parquet"))


def written(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def resum(package: Path) -> None:
    from pipeline.export.package import checksums

    write_text(package / "SHA256SUMS", checksums(package))


def test_names_follow_the_standard(package: Path) -> None:
    assert data_files(package) == ["deltaker-utfall_p2019_p2024_v1.parquet", "tiltak_p2019_p2024_v1.parquet"]
    for name in data_files(package):
        assert DAPLA_PATH.fullmatch(f"{package.name}/klargjorte-data/{name}")
        for column in pl.read_parquet_schema(package / "klargjorte-data" / name):
            assert DAPLA_VARIABLE.fullmatch(column)


@pytest.mark.parametrize(
    ("stem", "parts"),
    [
        ("deltaker-utfall_p2023_p2024_v1", DataFileName("deltaker-utfall", "2023", "2024", 1)),
        ("tiltak_p2024-10-01_v12", DataFileName("tiltak", "2024-10-01", None, 12)),
        ("tiltak_p2024-H1_v2", DataFileName("tiltak", "2024-H1", None, 2)),
        ("deltaker_utfall_p2023_v1", None),
        ("deltaker-utfall_p2023", None),
        ("deltaker-utfall_2023_v1", None),
        ("Deltaker_p2023_v1", None),
        ("tiltak_p2023_v0", None),
        ("måltall_p2023_v1", None),
    ],
)
def test_parse_name(stem: str, parts: DataFileName | None) -> None:
    assert parse_name(stem) == parts
    assert parts is None or parts.stem == stem


def test_one_year_has_one_period() -> None:
    assert first_name("tiltak", 2024, 2024).stem == "tiltak_p2024_v1"


@pytest.mark.parametrize("name", ["a", "1a", "å_nr", "a-b", "x" * 33, "_a", "A1"])
def test_bad_variable_names(name: str) -> None:
    assert not is_variable_name(name)


def test_only_what_is_needed_is_sent() -> None:
    made = tables()
    sent = {column for frame in made.values() for column in frame.columns}
    kept_home = {
        "landbakgrunn",
        "helse_start",
        "veileder_key",
        "avsender",
        "ytelser_nok_etter",
        "arbeidsgiver_orgnr",
        "tiltak_id",
    }
    assert not sent & kept_home
    assert {"fodselsaar", "landgruppe"} <= sent
    assert made["deltaker_utfall"]["i_arbeid_12m"].to_list() == [True] * 5 + [None]
    assert made["tiltak"].head(2)["lopenr"].to_list() == [1, 2]


def test_the_descriptions_are_valid_and_name_every_pseudonym_s_algorithm_and_key(package: Path) -> None:
    for name in data_files(package):
        path = package / "klargjorte-data" / name
        text = path.with_name(f"{path.stem}__DOC.json").read_text(encoding="utf-8")
        described = MetadataContainer.model_validate_json(text).datadoc
        assert described is not None
        assert [v.short_name for v in described.variables] == pl.read_parquet(path).columns
        blocks = {v.short_name: v.pseudonymization for v in described.variables}
        for column, block in blocks.items():
            assert (block is not None) == column.endswith("_key")
            assert block is None or (block.encryption_algorithm, block.encryption_key_reference) == ("HMAC-SHA256", "ssb/v1")
        assert described.dataset.metadata_created_by
        assert described.dataset.metadata_last_updated_by


def test_a_fresh_package_has_no_faults_and_its_sums_are_what_sha256sum_reads(package: Path) -> None:
    assert verify_package(package) == []
    done = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=package, check=False)
    assert done.returncode == 0


def test_nothing_new_gives_nothing_new_even_on_another_day(package: Path, tmp_path: Path) -> None:
    before = written(package)
    write_ssb_package(approved(), tmp_path / "ssb", settings(tmp_path, datetime(2026, 6, 1, 2, 30, tzinfo=OSLO)))
    assert written(package) == before


def test_same_input_gives_same_bytes_elsewhere(package: Path, tmp_path: Path) -> None:
    again = write_ssb_package(approved(), tmp_path / "other", settings(tmp_path))
    assert written(again) == written(package)


def test_a_change_is_the_next_version_and_leaves_the_first_alone(package: Path, tmp_path: Path) -> None:
    before = written(package)
    changed = tables()
    changed["deltaker_utfall"] = changed["deltaker_utfall"].with_columns(overgang=~pl.col("overgang"))
    write_ssb_package(approved(changed), tmp_path / "ssb", settings(tmp_path))
    after = written(package)
    assert data_files(package) == [
        "deltaker-utfall_p2019_p2024_v1.parquet",
        "deltaker-utfall_p2019_p2024_v2.parquet",
        "tiltak_p2019_p2024_v1.parquet",
    ]
    assert all(after[name] == content for name, content in before.items() if name not in ("SHA256SUMS", "README.md"))
    assert after["README.md"] == after["dokumentasjon/v2/README.md"]
    assert "deltaker-utfall_p2019_p2024_v2.parquet" in after["dokumentasjon/v2/README.md"].decode()
    assert verify_package(package) == []
    described = json.loads(after["klargjorte-data/deltaker-utfall_p2019_p2024_v2__DOC.json"])["datadoc"]
    assert described["dataset"]["version"] == "2"


def test_counts_and_variable_list(package: Path) -> None:
    counts = pl.read_csv(package / "dokumentasjon/v1/antall.csv", separator=";")
    assert counts.select("tabell", "rader", "personer", "like_noekler", "like_rader").rows() == [
        ("deltaker_utfall", 6, 6, 0, 0),
        ("tiltak", 12, 6, 0, 0),
    ]
    listed = pl.read_csv(package / "dokumentasjon/v1/variabelliste.csv", separator=";").filter(pl.col("tabell") == "tiltak")
    assert listed["posisjon"].to_list() == list(range(1, listed.height + 1))
    assert listed.filter(pl.col("navn") == "person_key").select("type", "lengde", "identifiserer").row(0) == (
        "text",
        32,
        "direkte",
    )
    for listed_name in listed["kodeliste"].drop_nulls():
        assert (package / f"dokumentasjon/v1/kodelister/{listed_name}.csv").is_file()


def test_every_code_that_a_variable_can_hold_is_explained(package: Path) -> None:
    for table in table_names():
        for variable in variables(table):
            if variable.column.codes:
                name = code_list(variable.name)
                listed = pl.read_csv(package / f"dokumentasjon/v1/kodelister/{name}.csv", separator=";", infer_schema=False)
                assert set(variable.column.codes) <= set(listed["kode"]), variable.name
                assert listed["navn"].str.len_chars().min() > 0
    groups = pl.read_csv(package / "dokumentasjon/v1/kodelister/landgruppe.csv", separator=";")
    assert set(codes.country_groups()["landgruppe"]) == set(groups["kode"])


def test_the_readme_s_queries_run(package: Path) -> None:
    text = (package / "README.md").read_text(encoding="utf-8")
    assert "SYNTETISKE DATA" in text
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        done = subprocess.run(
            [sys.executable, "-c", block],
            cwd=package,
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONUTF8": "1"},
        )
        assert done.returncode == 0, done.stderr
        assert "2020" in done.stdout


def test_outside_demo_nothing_says_synthetic(tmp_path: Path) -> None:
    root = write_ssb_package(approved(), tmp_path / "ssb", settings(tmp_path, environment="prod"))
    assert "SYNTETISK" not in (root / "dokumentasjon/v1/README.md").read_text(encoding="utf-8")


def _with_text(frames: dict[str, pl.DataFrame], column: str, value: str) -> dict[str, pl.DataFrame]:
    return frames | {"deltaker_utfall": frames["deltaker_utfall"].with_columns(pl.lit(value).alias(column))}


@pytest.mark.parametrize(
    ("frames", "word"),
    [
        pytest.param(_with_text(tables(), "prosjekt_id", "02013299997"), "person numbers", id="identity"),
        pytest.param(tables() | {"tiltak": tables()["tiltak"].head(0)}, "no rows", id="empty"),
        pytest.param(tables() | {"tiltak": tables()["tiltak"].with_columns(lopenr=pl.lit(1))}, "not unique", id="key"),
        pytest.param(tables() | {"tiltak": tables()["tiltak"].drop("fadder")}, "variables", id="schema"),
        pytest.param({"tiltak": tables()["tiltak"]}, "not those", id="table"),
    ],
)
def test_unfit_tables_are_refused_before_anything_is_written(frames: dict[str, pl.DataFrame], word: str, tmp_path: Path) -> None:
    if word == "not unique":
        frames["tiltak"] = frames["tiltak"].with_columns(pl.col("lopenr").cast(pl.Int64))
    with pytest.raises(UserError, match=word) as refused:
        write_ssb_package(approved(frames), tmp_path / "ssb", settings(tmp_path))
    assert "02013299997" not in str(refused.value)
    assert not (tmp_path / "ssb").exists()


DATA = "klargjorte-data/tiltak_p2019_p2024_v1.parquet"
DOC = "klargjorte-data/tiltak_p2019_p2024_v1__DOC.json"


def rewrite(package: Path, frame: pl.DataFrame) -> None:
    frame.write_parquet(package / DATA)
    resum(package)


def edit(package: Path, old: str, new: str) -> None:
    text = (package / DOC).read_text(encoding="utf-8")
    assert old in text
    (package / DOC).write_text(text.replace(old, new), encoding="utf-8")
    resum(package)


DAMAGES = {
    "kontrollsummen": lambda p: (p / DOC).write_text("{}", encoding="utf-8"),
    "filen mangler": lambda p: (p / DATA).unlink(),
    "står ikke i": lambda p: (p / "klargjorte-data" / "ekstra.txt").write_text("x", encoding="utf-8"),
    "SHA256SUMS mangler": lambda p: (p / "SHA256SUMS").unlink(),
    "navnestandarden": lambda p: ((p / DATA).rename(p / "klargjorte-data/tiltak_2019_v1.parquet"), resum(p)),
    "som Parquet": lambda p: ((p / DATA).write_bytes(b"PAR1"), resum(p)),
    "ikke entydig": lambda p: rewrite(p, pl.concat([pl.read_parquet(p / DATA)] * 2)),
    "form som et personnummer": lambda p: rewrite(p, pl.read_parquet(p / DATA).with_columns(tiltak_type=pl.lit("x 020132 99997"))),
    "variablene er ikke": lambda p: rewrite(p, pl.read_parquet(p / DATA).drop("fadder")),
    "antall rader": lambda p: rewrite(p, pl.read_parquet(p / DATA).head(3)),
    "__DOC.json) mangler": lambda p: ((p / DOC).unlink(), resum(p)),
    "ikke gyldig": lambda p: edit(p, '"variable_role": "MEASURE"', '"variable_role": "NOE"'),
    "en annen fil": lambda p: edit(p, '"short_name": "tiltak_p2019_p2024_v1"', '"short_name": "tiltak_p2019_p2024_v9"'),
    "samme variablene": lambda p: edit(p, '"data_type": "INTEGER"', '"data_type": "STRING"'),
    "om pseudonymisering": lambda p: edit(p, "HMAC-SHA256", "MD5"),
    "teksten har noe": lambda p: edit(p, "Fadder på", "02013299997"),
    "Ingen datafiler": lambda p: [f.unlink() for f in (p / "klargjorte-data").iterdir()],
    "Dokumentasjonen mangler": lambda p: (p / "dokumentasjon").rename(p / "annet"),
    "antall.csv kan ikke": lambda p: (p / "dokumentasjon/v1/antall.csv").write_text("tull\n1\n", encoding="utf-8"),
}  # fmt: skip


@pytest.mark.parametrize("fault", DAMAGES)
def test_verification_finds(fault: str, package: Path) -> None:
    DAMAGES[fault](package)
    found = verify_package(package)
    assert any(fault in line for line in found), found
    assert not any("02013299997" in line for line in found)


def test_verification_of_another_folder(tmp_path: Path) -> None:
    assert verify_package(tmp_path / "nowhere") == ["Mappen finnes ikke."]
    assert f"Mappen skal hete {'jobbsjansen_data'}." in verify_package(tmp_path)
