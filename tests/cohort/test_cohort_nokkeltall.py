"""Indicators on a case small enough to reckon by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipeline import codes
from pipeline.cohort import build_klargjort, nokkeltall
from pipeline.settings import Home
from pipeline.store import Warehouse
from pipeline.tables import STATISTIKK
from tests.cohort.cohort_tables import inndata, table

TODAY = date(2024, 6, 30)
CONTRACT = {
    "overgang_direkte", "i_arbeid_12m", "varig_6m", "varig_12m", "november_status", "stillingsprosent", "ventetid_dager",
    "uker_til_praksis", "praksis_innen_2u", "praksis_innen_4u", "praksis_innen_13u", "kombinasjonslop",
    "oppfolging_per_maaned", "deltakere_per_veileder", "norskprogresjon", "varighet_maaneder", "frafall",
    "praksis_til_jobb_samme_arbeidsgiver", "etteroppfolging_12m", "selvforsorget", "ytelser_nok", "lonn_nok",
    "tilskudd_per_deltaker_nok", "tilskudd_per_overgang_nok", "levering",
}  # fmt: skip

CASE = inndata(
    statusdato="prosjekt_id statusdato\nA 2024-05-31\nB 2024-05-31",
    prosjekt="""prosjekt_id tilskuddsaar komm_nr bydel_nr avsender malgruppe tilskudd_nok veileder_aarsverk
                A 2022 1201 -      4601   ungdom 900000 0.5
                B 2023 0301 030103 030103 annet  -      -""",
    deltaker="""deltakelse_key person_key prosjekt_id avsender start_dato soknad_dato slutt_dato avslutning kjonn \
                    stillingsprosent_slutt norsk_start norsk_slutt
                d1 p1 A 4601   2022-01-01 2021-12-02 2022-12-31 lonnsarbeid  kvinne 100 a1 b1
                d2 p2 A 4601   2022-02-01 2022-01-22 2022-07-01 faset_ut     mann   -   a2 -
                d3 p3 A 4601   2022-02-01 2022-02-05 2023-01-31 selvstendig  kvinne 40  a1 -
                d4 p4 B 030103 2023-03-01 -          2023-09-01 avbrutt      kvinne -   -  -
                d5 p5 B 030103 2024-05-20 2024-05-10 -          -            mann   -   a1 -""",
    tiltak="""tiltak_id prosjekt_id person_key tiltak_type start_dato slutt_dato
              t1 A p1 arbeidspraksis  2022-01-15 2022-03-31
              t2 A p1 norskopplaering 2022-03-18 2022-06-30
              t3 A p3 lonnstilskudd   2022-03-01 -
              t4 A p3 bransjekurs     2022-01-20 2022-03-13
              t5 B p4 arbeidspraksis  2023-02-20 2023-03-05""",
    kartlegging="""kartlegging_id prosjekt_id person_key dato norsk_niva
                   k1 A p3 2022-06-01 a2
                   k2 A p3 2022-12-01 b1
                   k3 A p1 2022-12-01 c1""",
    oppfolging="""oppfolging_id prosjekt_id person_key dato part
                  o1 A p1 2022-02-01 deltaker
                  o2 A p1 2022-05-01 deltaker
                  o3 A p1 2022-02-01 arbeidsgiver
                  o4 A p1 2022-08-01 arbeidsgiver""",
    etteroppfolging="""prosjekt_id person_key dato hovedaktivitet
                       A p1 2023-02-01 lonnsarbeid
                       A p1 2023-10-01 sosialhjelp
                       A p1 2023-12-20 hoyere_utdanning
                       A p2 2023-07-01 sosialhjelp""",
    mottak="""receipt_id avsender sha256 mottatt state rekkefolge n_error
              r1 4601   h1 2024-01-05T02:30:00+01:00 accepted_with_remarks 1 3
              r2 4601   h2 2024-02-05T02:30:00+01:00 accepted              2 0
              r3 030103 h3 2024-02-06T02:30:00+01:00 rejected              3 0
              r4 9999   h4 2023-02-06T02:30:00+01:00 accepted              4 0""",
)  # fmt: skip
UTFALL = """deltakelse_key person_key i_arbeid_12m varig_6m november_status samme_arbeidsgiver_12m ytelser_nok_foer \
            ytelser_nok_etter lonn_nok_foer lonn_nok_etter bosatt_12m
            d1 p1 true  true  sysselsatt            true  200000 50000 0 300000 bosatt
            d2 p2 false false annet_eller_ukjent    -     150000 90000 0 100000 bosatt
            d3 p3 true  false under_utdanning       false 100000 -     0 - dod
            d4 p4 -     -     -                     -     90000  -     0 - -"""
PERSON_MAANED = """deltakelse_key maaned person_key m_start m_slutt i_arbeid
                   d1 2023-12-01 p1 23 12 true
                   d1 2024-12-01 p1 35 24 false
                   d2 2023-07-01 p2 17 12 false"""


@pytest.fixture(scope="module")
def figures() -> pl.DataFrame:
    klargjort = build_klargjort(CASE).tables
    return nokkeltall(
        klargjort,
        table("person_maaned", PERSON_MAANED, "klargjort"),
        table("utfall", UTFALL, "statistikk"),
        CASE["etteroppfolging"],
        CASE["mottak"],
        TODAY,
    )


def test_a_scan_of_the_months_gives_the_same_figures(figures: pl.DataFrame, tmp_path: Path) -> None:
    warehouse = Warehouse(Home(tmp_path))
    warehouse.write("klargjort", "person_maaned", table("person_maaned", PERSON_MAANED, "klargjort"))
    scanned = nokkeltall(
        build_klargjort(CASE).tables,
        warehouse.scan("klargjort", "person_maaned"),
        table("utfall", UTFALL, "statistikk"),
        CASE["etteroppfolging"],
        CASE["mottak"],
        TODAY,
    )
    assert scanned.equals(figures)
    assert scanned.filter(kpi="i_arbeid_etter_slutt").height > 0


def row(figures: pl.DataFrame, address: str) -> tuple[float | None, float, float] | None:
    """The figures at ``kpi nivaa omraade periode dim dim_verdi nevnerregel``: teller, nevner, verdi."""
    keys = ["kpi", "nivaa", "omraade", "periode", "dim", "dim_verdi", "nevnerregel"]
    found = figures
    for key, value in zip(keys, address.split(), strict=True):
        found = found.filter(pl.col(key) == value)
    assert found.height <= 1
    return found.select("teller", "nevner", "verdi").row(0) if found.height else None


MONTH = 365.25 / 12


@pytest.mark.parametrize(
    ("address", "teller", "nevner", "verdi"),
    [
        ("overgang_direkte land 0 2022 alle alle alle_avsluttede", 1, 2, 0.5),
        ("overgang_direkte land 0 2022 alle alle uten_utfasede", 1, 1, 1.0),
        ("overgang_direkte land 0 2023 alle alle alle_avsluttede", 1, 2, 0.5),
        ("overgang_direkte kommune 4601 2023 alle alle alle_avsluttede", 1, 1, 1.0),
        ("overgang_direkte bydel 030103 2023 alle alle alle_avsluttede", 0, 1, 0.0),
        ("overgang_direkte fylke 46 2022 kjonn kvinne alle_avsluttede", 1, 1, 1.0),
        ("overgang_direkte prosjekt A 2022 malgruppe ungdom alle_avsluttede", 1, 2, 0.5),
        ("frafall land 0 2023 alle alle alle_avsluttede", 1, 2, 0.5),
        ("varighet_maaneder land 0 2022 alle alle uten_utfasede", 364 / MONTH, 1, 364 / MONTH),
        ("stillingsprosent land 0 2022 alle alle til_arbeid_kjent_stilling", 1, 1, 1.0),
        ("stillingsprosent land 0 2023 alle alle til_arbeid_kjent_stilling", 0, 1, 0.0),
        ("norskprogresjon land 0 2022 alle alle kjent_norsk", 2, 1, 2.0),
        ("norskprogresjon land 0 2023 alle alle kjent_norsk", 2, 1, 2.0),
        ("kombinasjonslop land 0 2022 alle alle alle_avsluttede", 1, 2, 0.5),
        ("kombinasjonslop land 0 2023 alle alle alle_avsluttede", 0, 2, 0.0),
        ("i_arbeid_12m land 0 2022 alle alle alle_avsluttede", 1, 2, 0.5),
        ("varig_6m land 0 2023 alle alle alle_avsluttede", 0, 1, 0.0),
        ("november_status land 0 2022 alle alle alle_avsluttede", 1, 2, 0.5),
        ("november_status land 0 2022 november_status annet_eller_ukjent alle_avsluttede", 1, 2, 0.5),
        ("november_status land 0 2022 november_status helt_ledig alle_avsluttede", 0, 2, 0.0),
        ("bosatt_12m land 0 2022 alle alle alle_avsluttede", 2, 2, 1.0),
        ("bosatt_12m land 0 2022 bosatt_12m dod alle_avsluttede", 0, 2, 0.0),
        ("bosatt_12m land 0 2023 bosatt_12m dod alle_avsluttede", 1, 1, 1.0),
        ("bosatt_12m land 0 2023 bosatt_12m utvandret alle_avsluttede", 0, 1, 0.0),
        ("i_arbeid_etter_slutt land 0 2022 maaneder_etter 24 alle_avsluttede", 0, 1, 0.0),
        ("praksis_til_jobb_samme_arbeidsgiver land 0 2022 alle alle avsluttede_med_praksis", 1, 1, 1.0),
        ("ytelser_nok land 0 2022 alle alle foer_og_etter_kjent", 140000, 2, 70000.0),
        ("ytelser_nok land 0 2022 tidspunkt foer foer_og_etter_kjent", 350000, 2, 175000.0),
        ("lonn_nok land 0 2022 tidspunkt etter foer_og_etter_kjent", 400000, 2, 200000.0),
        ("etteroppfolging_12m land 0 2022 alle alle fulgt_opp", 1, 2, 0.5),
        ("etteroppfolging_12m land 0 2023 alle alle alle_avsluttede", 0, 1, 0.0),
        ("ventetid_dager land 0 2022 alle alle kjent_soknad", None, 2, 20.0),
        ("uker_til_praksis land 0 2022 alle alle fikk_praksis", None, 2, 4.0),
        ("praksis_innen_2u land 0 2022 alle alle fulgt_lenge_nok", 0, 3, 0.0),
        ("praksis_innen_4u land 0 2022 alle alle fulgt_lenge_nok", 1, 3, 1 / 3),
        ("praksis_innen_13u land 0 2022 alle alle fulgt_lenge_nok", 2, 3, 2 / 3),
        ("oppfolging_per_maaned prosjekt A 2023 alle alle maaneder", 0, 31 / MONTH, 0.0),
        ("oppfolging_per_maaned prosjekt A 2022 part arbeidsgiver maaneder", 1, (76 + 306) / MONTH, MONTH / 382),
        ("deltakere_per_veileder prosjekt A 2022 alle alle veilederaarsverk", 29 / 12, 0.5, 29 / 6),
        ("tilskudd_per_deltaker_nok kommune 4601 2022 alle alle deltakere_i_aaret", 900000, 3, 300000.0),
        ("tilskudd_per_overgang_nok land 0 2022 alle alle overganger_i_aaret", 900000, 1, 900000.0),
        ("levering land 0 2024 alle alle forfalt", 0, 1, 0.0),
        ("levering land 0 2024 levering med_feil forfalt", 1, 1, 1.0),
    ],
)  # fmt: skip
def test_hand_reckoned(figures: pl.DataFrame, address: str, teller: float | None, nevner: float, verdi: float) -> None:
    found = row(figures, address)
    assert found is not None
    assert found == (
        None if teller is None else pytest.approx(teller, abs=1e-4),
        pytest.approx(nevner, abs=1e-4),
        pytest.approx(verdi, abs=1e-4),
    )


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("varig_12m land 0 2022 alle alle alle_avsluttede", id="no extract reaches"),
        pytest.param("i_arbeid_12m bydel 030103 2023 alle alle alle_avsluttede", id="nobody known in the area"),
        pytest.param("praksis_innen_2u land 0 2023 alle alle fulgt_lenge_nok", id="placement brought along"),
        pytest.param("praksis_innen_2u land 0 2024 alle alle fulgt_lenge_nok", id="not followed for two weeks"),
        pytest.param("ytelser_nok land 0 2023 alle alle foer_og_etter_kjent", id="after not known"),
        pytest.param("overgang_direkte bydel 030103 2024 alle alle alle_avsluttede", id="still enrolled"),
        pytest.param("overgang_direkte land 0 2021-2023 alle alle alle_avsluttede", id="pool longer than the data"),
    ],
)
def test_denominator_zero_gives_no_row(figures: pl.DataFrame, address: str) -> None:
    assert row(figures, address) is None


def test_pools_hold_three_years_and_the_target_of_the_last() -> None:
    case = inndata(
        deltaker="""deltakelse_key person_key start_dato slutt_dato avslutning
                    d1 p1 2020-01-01 2015-12-31 lonnsarbeid
                    d2 p2 2020-01-01 2016-12-31 avbrutt
                    d3 p3 2020-01-01 2017-12-31 lonnsarbeid
                    d4 p4 2020-01-01 2018-12-31 lonnsarbeid"""
    )
    empty = {name: table(name, "", state) for name, state in (("person_maaned", "klargjort"), ("utfall", "statistikk"))}
    out = nokkeltall(
        build_klargjort(case).tables, empty["person_maaned"], empty["utfall"], case["etteroppfolging"], case["mottak"], TODAY
    )
    pools = out.filter(
        pl.col("kpi") == "overgang_direkte", pl.col("nivaa") == "land", pl.col("dim") == "alle",
        pl.col("nevnerregel") == "alle_avsluttede", pl.col("periode").str.len_chars() == 9,
    )  # fmt: skip
    assert pools.select("periode", "teller", "nevner", "maaltall").rows() == [
        ("2015-2017", 2.0, 3.0, 0.7),
        ("2016-2018", 2.0, 3.0, 0.7),
    ]
    year = out.filter(
        pl.col("kpi") == "overgang_direkte", pl.col("periode") == "2016", pl.col("nivaa") == "land", pl.col("dim") == "alle"
    )
    assert year["maaltall"].unique().to_list() == [0.6]


def test_parts_add_up_to_the_country(figures: pl.DataFrame) -> None:
    counted = figures.filter(
        pl.col("dim") == "alle", pl.col("teller").is_not_null(), pl.col("nivaa").is_in(["land", "fylke", "kommune"])
    )
    sums = counted.group_by("kpi", "periode", "nevnerregel", "nivaa").agg(pl.col("teller", "nevner").sum())
    wide = sums.pivot("nivaa", index=["kpi", "periode", "nevnerregel"], values=["teller", "nevner"])
    for what in ("teller", "nevner"):
        for level in ("fylke", "kommune"):
            apart = (wide[f"{what}_land"] - wide[f"{what}_{level}"]).abs()
            assert apart.drop_nulls().len() > 20
            assert apart.max() < 0.01


def test_every_indicator_of_the_contract_is_defined_and_every_figure_has_a_definition(figures: pl.DataFrame) -> None:
    defined = codes.indicators()
    assert set(defined["kpi"]) >= CONTRACT
    assert defined.select("kpi", "nevnerregel").is_duplicated().sum() == 0
    assert defined.null_count().sum_horizontal().item() == 0
    pairs = set(figures.select("kpi", "nevnerregel").unique().rows())
    assert pairs <= set(defined.select("kpi", "nevnerregel").rows())
    assert {kpi for kpi, _ in pairs} >= CONTRACT - {"varig_12m", "selvforsorget"}


def test_table_is_as_described_with_unique_keys(figures: pl.DataFrame) -> None:
    described = STATISTIKK["nokkeltall"]
    assert figures.schema == described.schema
    assert not figures.select(described.key).is_duplicated().any()
    assert figures["nevner"].min() > 0
    assert figures.filter(pl.col("enhet") == "andel")["verdi"].is_between(0, 1).all()


def test_same_figures_whatever_the_order_of_rows(figures: pl.DataFrame) -> None:
    turned = {name: frame.reverse() for name, frame in CASE.items()}
    again = nokkeltall(
        build_klargjort(turned).tables,
        table("person_maaned", PERSON_MAANED, "klargjort").reverse(),
        table("utfall", UTFALL, "statistikk").reverse(),
        turned["etteroppfolging"],
        turned["mottak"],
        TODAY,
    )
    assert again.equals(figures)
