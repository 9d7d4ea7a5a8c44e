from __future__ import annotations

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.linkage import profile_extract
from pipeline.tables import INNDATA, REGISTERS
from tests.linkage.linkage_cases import extracts, random_world

JOBS = """person_key | maaned | orgnr | stillingsprosent | type
    p1 | 2023-01-01 | 1 | 60 | ordinaert
    p1 | -          | 1 | 70 | frilans
    p2 | 2023-03-01 | 2 | -  | noe_annet"""


def test_one_row_per_column_and_never_a_text_value(tmp_path):
    made = profile_extract(extracts(tmp_path, arbeidsforhold=JOBS)["arbeidsforhold"], "arbeidsforhold")
    assert sorted(made["kolonne"]) == sorted(INNDATA["register_arbeidsforhold"].names)
    rows = {row["kolonne"]: row for row in made.iter_rows(named=True)}
    assert rows["maaned"] == {
        "register": "arbeidsforhold", "kolonne": "maaned", "n_rader": 3, "n_null": 1, "n_ulike": 2, "n_utenfor_kodeliste": None,
        "minste": "2023-01-01", "storste": "2023-03-01",
    }  # fmt: skip
    assert (rows["type"]["n_utenfor_kodeliste"], rows["type"]["minste"], rows["orgnr"]["storste"]) == (1, None, None)
    assert rows["lonn_nok"]["n_null"] == 3


@pytest.mark.parametrize("register", sorted(REGISTERS))
def test_every_register_can_be_profiled_even_empty(tmp_path, register):
    path = extracts(tmp_path, **{register: INNDATA[f"register_{register}"].empty()})[register]
    assert profile_extract(path, register)["n_rader"].to_list() == [0] * len(INNDATA[f"register_{register}"].columns)


def test_a_foreign_file_is_refused_without_its_content(tmp_path):
    pl.DataFrame({"hemmelig": ["verdi"]}).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(UserError) as caught:
        profile_extract(tmp_path / "x.parquet", "ytelse")
    assert "hemmelig" not in str(caught.value)


def test_the_order_of_rows_leaves_no_trace(tmp_path):
    _, _, registers = random_world(3, n=300)
    jobs = registers["arbeidsforhold"]
    profiles = []
    for i, frame in enumerate((jobs, jobs.reverse(), jobs.sample(fraction=1, shuffle=True, seed=5))):
        frame.select(INNDATA["register_arbeidsforhold"].names).write_parquet(
            tmp_path / f"{i}.parquet", row_group_size=700 + 900 * i
        )
        profiles.append(profile_extract(tmp_path / f"{i}.parquet", "arbeidsforhold"))
    assert profiles[0].equals(profiles[1])
    assert profiles[0].equals(profiles[2])
