"""data/sample: made again byte for byte, in the layout that the manifest says, with every kind of file in it."""

import hashlib
import io
import json
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from pipeline.codes import oslo_districts, valid_municipality
from pipeline.errors import UserError
from pipeline.synthetic import load_sample, make_sample, simulate, synthesise, truth
from pipeline.synthetic.deliveries import FORMS, csv_bytes, sender_tables
from pipeline.synthetic.faults import faulty_deliveries
from pipeline.synthetic.sample import SAMPLE_PARAMS, SAMPLE_SEED
from pipeline.tables import DELIVERY_TABLES, REGISTERS

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def world():
    return simulate(SAMPLE_PARAMS, SAMPLE_SEED)


@pytest.fixture(scope="module")
def manifest():
    return pl.read_csv(SAMPLE / "manifest.csv", separator=";", infer_schema=False)


def _files(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()
    }


def test_made_twice_and_as_it_lies_in_the_repository(tmp_path):
    make_sample(tmp_path / "one")
    make_sample(tmp_path / "two")
    assert _files(tmp_path / "one") == _files(tmp_path / "two")
    assert _files(tmp_path / "one") == _files(SAMPLE)


def test_the_manifest_lists_every_file(manifest):
    listed = dict(manifest.select("path", "sha256").iter_rows())
    assert listed == {name: digest for name, digest in _files(SAMPLE).items() if name not in ("manifest.csv", "README.md")}


def test_it_is_small_and_has_about_forty_senders():
    assert sum(p.stat().st_size for p in SAMPLE.rglob("*") if p.is_file()) < 8_000_000
    assert 38 <= len(list((SAMPLE / "inbox").iterdir())) <= 44
    assert {p.name for p in (SAMPLE / "registers").iterdir()} == set(REGISTERS)


def test_senders_deliver_under_the_number_valid_at_the_time(manifest):
    districts = set(oslo_districts()["bydel_nr"])
    first = manifest.filter(pl.col("path").str.contains("/jobbsjansen_"))
    old = 0
    for path, moment in first.select("path", "mtime_utc").iter_rows():
        sender, year = path.split("/")[1], int(path.split("_")[-1][:4])
        assert sender in districts or valid_municipality(sender, datetime(year, 12, 31).date())
        assert moment > f"{year}-12-31"
        old += sender not in districts and not valid_municipality(sender, datetime(2025, 1, 1).date())
    assert old >= 5


def test_a_project_belongs_to_its_sender(world):
    for row in world.projects.iter_rows(named=True):
        assert row["avsender"] == (row["bydel_nr"] or row["komm_nr"])
        assert row["start_dato"].year <= row["tilskuddsaar"]
    starts = world.participants.join(world.projects.select("prosjekt_id", tilskuddsaar="tilskuddsaar"), on="prosjekt_id")
    years = starts.filter(pl.col("start_dato").dt.year() == pl.col("tilskuddsaar"))
    assert years.height == 1500


def test_six_start_years(world):
    years = world.participants["start_dato"].dt.year()
    assert sorted(years.unique()) == [2019, 2020, 2021, 2022, 2023, 2024]
    assert years.value_counts()["count"].min() > 150


@pytest.mark.parametrize("form", sorted(set(FORMS)))
def test_every_form_of_file_reads_back_to_the_same_participants(world, form):
    number = FORMS.index(form) + 7
    expected = sender_tables(world, number)["deltaker"]
    sender = world.people.units.eras[number].avsender
    data = next((SAMPLE / "inbox" / sender).glob("jobbsjansen_*")).read_bytes()
    if form.startswith("xlsx"):
        top = 3 if form == "xlsx_report" else 0
        frame = fastexcel.read_excel(data).load_sheet("deltaker", header_row=top).to_polars()
        ids, starts = frame[frame.columns[0]].to_list(), frame[frame.columns[2]].cast(pl.Date).to_list()
    else:
        encoding = {"zip_cp1252": "cp1252", "zip_utf8": "utf-8", "zip_bom": "utf-8-sig"}[form]
        text = zipfile.ZipFile(io.BytesIO(data)).read("deltaker.csv").decode(encoding)
        frame = pl.read_csv(text.encode(), separator=";", infer_schema=False)
        assert frame.columns[0] == ("fnr" if form == "zip_utf8" else "Fødselsnummer")
        day = "%Y-%m-%d" if form == "zip_utf8" else "%d.%m.%Y"
        ids, starts = frame[frame.columns[0]].to_list(), frame[frame.columns[2]].str.to_date(day).to_list()
    assert ids == expected["fnr"].to_list()
    assert starts == expected["start_dato"].to_list()


def test_numbers_in_csv_have_a_decimal_comma():
    table = DELIVERY_TABLES["deltaker"]
    frame = table.conform(pl.DataFrame({"fnr": ["1"], "timer_per_uke": [37.5], "stillingsprosent_slutt": [80.0]}))
    row = csv_bytes("deltaker", frame, "zip_bom").decode("utf-8-sig").splitlines()[1]
    assert "37,5" in row.split(";")
    assert "80" in row.split(";")


def test_the_faults_are_what_they_are_called(world):
    made = {d.name: d for d in faulty_deliveries(world)}
    assert len(made) >= 8
    bomb = zipfile.ZipFile(io.BytesIO(made["levering_stor.zip"].data)).infolist()[0]
    assert len(made["levering_stor.zip"].data) < 50_000
    assert bomb.file_size > 500 * bomb.compress_size
    assert zipfile.ZipFile(io.BytesIO(made["levering_sti.zip"].data)).namelist()[0].startswith("../")
    assert not zipfile.is_zipfile(io.BytesIO(made["levering_avbrutt.zip"].data))
    assert not zipfile.is_zipfile(io.BytesIO(made["rapport.xlsx"].data))
    for encoding in ("utf-8", "cp1252"):
        with pytest.raises(UnicodeDecodeError):
            made["prosjekt_2026.csv"].data.decode(encoding)
    assert "Ã¸" in made["prosjekt_2026_v2.csv"].data.decode("utf-8") or "Ã¥" in made["prosjekt_2026_v2.csv"].data.decode("utf-8")
    assert b"start_dato" not in made["deltaker_2026_01.csv"].data.split(b"\r\n")[0].replace(b"planlagt_slutt_dato", b"")
    widths = {line.count(b";") for line in made["tiltak_2026_01.csv"].data.split(b"\r\n") if line}
    assert len(widths) == 3
    assert b"31.02.2024" in made["deltaker_2026-01-20.csv"].data
    keys = [line.split(b";")[0] for line in made["deltaker (2).csv"].data.split(b"\r\n")[1:-1]]
    assert len(keys) == len(set(keys)) + 1
    ids = pl.read_csv(made["kartlegging_2025.csv"].data, separator=";", infer_schema=False)["fnr"]
    assert (ids.str.len_chars() == 10).all()


def test_faults_lie_with_real_senders(world):
    owners = {e.avsender for e in world.people.units.eras}
    assert {d.avsender for d in faulty_deliveries(world)} <= owners


def test_one_delivery_comes_twice_and_corrections_come_later(manifest):
    twice = manifest.filter(pl.col("sha256").is_duplicated() & pl.col("path").str.starts_with("inbox/"))
    assert twice.height == 2
    assert twice["path"].str.split("/").list.get(1).n_unique() == 1
    rest = manifest.filter(pl.col("path").str.contains("/retting"))
    assert rest.height == 3
    for path, moment in rest.select("path", "mtime_utc").iter_rows():
        sender = path.split("/")[1]
        before = manifest.filter(pl.col("path").str.contains(f"inbox/{sender}/jobbsjansen_"))["mtime_utc"]
        assert (before < moment).all()


def test_loading_sets_the_times_of_receipt(tmp_path, manifest):
    home = tmp_path / "home"
    load_sample(SAMPLE, home)
    assert sorted(p.name for p in home.iterdir()) == ["inbox", "registers"]
    for path, digest, moment in manifest.iter_rows():
        stored = home / path
        assert hashlib.sha256(stored.read_bytes()).hexdigest() == digest
        assert datetime.fromtimestamp(stored.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") == moment


def test_loading_refuses_a_home_with_an_inbox_and_a_changed_sample(tmp_path):
    (tmp_path / "home" / "inbox").mkdir(parents=True)
    with pytest.raises(UserError, match="inbox already"):
        load_sample(SAMPLE, tmp_path / "home")
    assert list((tmp_path / "home" / "inbox").iterdir()) == []
    shutil.copytree(SAMPLE, tmp_path / "sample")
    victim = next((tmp_path / "sample" / "registers").rglob("*.parquet"))
    victim.write_bytes(victim.read_bytes() + b"x")
    with pytest.raises(UserError, match="manifest"):
        load_sample(tmp_path / "sample", tmp_path / "other")
    assert not (tmp_path / "other" / "inbox").exists()


def test_synthesise_writes_a_whole_home_and_its_truth(tmp_path):
    out, said = tmp_path / "out", []
    synthesise(120, 3, out, progress=said.append)
    assert said
    senders = list((out / "inbox").iterdir())
    assert len(senders) >= 3
    assert {p.name for p in (out / "registers").iterdir()} == set(REGISTERS)
    load_sample(out, tmp_path / "home")
    with pytest.raises(UserError, match="already"):
        synthesise(120, 3, out)
    with pytest.raises(UserError, match="50"):
        synthesise(10, 3, tmp_path / "few")


def test_the_truth_file_is_readable_and_complete(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.synthetic.sample.truth", lambda params, seed: truth(params, seed, 500))
    synthesise(60, 3, tmp_path / "out", tmp_path / "truth.json")
    known = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert known["n"] == 500
    assert 0 < known["risiko"]["innen_8u"]["jevn"]["arbeid"]["52"] < 1
