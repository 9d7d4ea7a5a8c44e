"""A small release in the form the gate hands on: suppressed rows, every grade, hostile names, planted numbers."""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl

from pipeline.released import ReleasedTables
from pipeline.tables.utdata import UTDATA

HOSTILE = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"
PLANTED = 73919
PLANTED_SHARE = 0.19773
STAMP = "2026-11-21T02:30:00+01:00"
_STAMPS = {"protokoll_hash": "p" * 12, "inndata_hash": "i" * 12, "kode_versjon": "0.1.0", "beregnet": STAMP}


def _frame(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    table = UTDATA[name]
    full = [{c: r.get(c) for c in table.names} for r in rows]
    return table.conform(pl.DataFrame(full, schema=table.schema, orient="row"))


def _key_figure(kpi: str, periode: str, rule: str, teller: int | None, nevner: int | None, **more: object) -> dict[str, object]:
    share = teller / nevner if teller is not None and nevner else None
    low, high = (share - 0.04, share + 0.04) if share is not None else (None, None)
    row = {
        "kpi": kpi, "nivaa": "land", "omraade": "0", "periode": periode, "dim": "alle", "dim_verdi": "alle", "nevnerregel": rule,
        "teller": teller, "nevner": nevner, "verdi": share, "ki_nedre": low, "ki_ovre": high, "enhet": "andel",
        "maaltall": 0.7 if kpi == "overgang_direkte" else None, "status": "",
    }  # fmt: skip
    return row | more


def _key_figures() -> list[dict[str, object]]:
    counts = {"2021": (365, 462), "2022": (361, 488), "2023": (372, 489), "2024": (345, 486)}
    rows = [_key_figure("overgang_direkte", y, "alle_avsluttede", k, n) for y, (k, n) in counts.items()]
    rows += [_key_figure("overgang_direkte", y, "uten_utfasede", k, n - 16) for y, (k, n) in counts.items()]
    rows.append(_key_figure("overgang_direkte", "2022-2024", "alle_avsluttede", 1078, 1463))
    rows.append(_key_figure("overgang_direkte", "2020", "alle_avsluttede", None, None, status=":"))
    rows.append(_key_figure("i_arbeid_12m", "2023", "alle_avsluttede", 289, 481))
    rows.append(_key_figure("uker_til_praksis", "2024", "fikk_praksis", None, 512, verdi=7.0, enhet="uker"))
    rows.append(_key_figure("ventetid_dager", "2024", "kjent_soknad", None, 480, verdi=31.5, enhet="dager"))
    rows.append(_key_figure("varig_12m", "2023", "alle_avsluttede", PLANTED, PLANTED + 4, verdi=PLANTED_SHARE, status=":"))
    rows.append(_key_figure("overgang_direkte", "2024", "alle_avsluttede", 40, 61, dim="malgruppe", dim_verdi=HOSTILE))
    return rows


def _effect(
    strategi: str, utfall: str, weeks: int, variant: str | None, grad: str, estimat: float | None, **more: object
) -> dict[str, object]:
    shown = grad in "AB"
    row = {
        "analyse": "praksis_tidspunkt", "strategi": strategi, "sammenligning": "ikke_innen_26u", "utfall": utfall, "horisont_uker": weeks,
        "variant": variant, "maal": "risikodifferanse", "undergruppe": "alle", "folsomhet": "hoved", "estimat": estimat,
        "ki_nedre": None if estimat is None else estimat - 0.041, "ki_ovre": None if estimat is None else estimat + 0.041,
        "n_personer": 1240, "n_klynger": 34, "ess": 210.0, "n_hendelser": 402, "metode": "klon-sensur-vekt", "grad": grad,
        "funn": ("positiv" if (estimat or 0) > 0.05 else "uavklart") if shown else None, "porter": json.dumps({"balanse": "gronn"}), "status": "",
        "kan_si": "Praksis innen fristen ser ut til å gi flere i arbeid." if shown else None,
        "kan_ikke_si": "At alle bør ut i praksis så tidlig." if shown else None,
    }  # fmt: skip
    return row | _STAMPS | more


def _effects() -> list[dict[str, object]]:
    grades = {"innen_2u": "C", "innen_4u": "B", "innen_8u": "A", "innen_13u": "A", "innen_26u": "D"}
    sizes = {"innen_4u": 0.062, "innen_8u": 0.081, "innen_13u": -0.012}
    rows = []
    for weeks in (52, 104):
        for utfall in ("arbeid", "arbeid_eller_utdanning"):
            for strategi, grad in grades.items():
                # Ungraded rows carry a number that must not come out, whatever went wrong upstream.
                rows.append(_effect(strategi, utfall, weeks, "jevn", grad, sizes.get(strategi, PLANTED_SHARE)))
            rows.append(_effect("innen_8u", utfall, weeks, "naturlig", "B", 0.075))
            rows.append(
                _effect(
                    "dobbelt_tempo",
                    utfall,
                    weeks,
                    None,
                    "B",
                    0.031,
                    analyse="praksis_tempo",
                    sammenligning="naturlig",
                    kan_si=HOSTILE,
                )
            )
    rows += [
        _effect(
            "bare_praksis",
            "arbeid",
            weeks,
            None,
            "D",
            None,
            analyse="kombinasjonslop",
            sammenligning="ingen_av_delene",
            n_personer=None,
        )
        for weeks in (52, 104)
    ]
    rows.append(_effect("innen_4u", "arbeid", 104, "naturlig", "A", PLANTED_SHARE, status=":", n_personer=PLANTED))
    return rows


def _curves() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for utfall in ("arbeid", "arbeid_eller_utdanning"):
        for place, strategi in enumerate(("innen_2u", "innen_4u", "innen_8u", "innen_13u", "innen_26u", "ikke_innen_26u")):
            grad = "C" if strategi == "innen_2u" else "A"
            variant = None if strategi == "ikke_innen_26u" else "jevn"
            for week in range(4, 105, 4):
                share = PLANTED_SHARE if grad == "C" else (week / 104) ** 1.4 * (0.72 - 0.012 * place)
                rows.append(
                    {"strategi": strategi, "variant": variant, "utfall": utfall, "uke": week, "risiko": share, "ki_nedre": share - 0.03,
                     "ki_ovre": share + 0.03, "n_hendelser": 30 + week, "n_under_risiko": 900 - week, "grad": grad, "status": ""}
                )  # fmt: skip
    return rows


def _links() -> list[dict[str, object]]:
    base = {"enhet": "andel", "beregnet": STAMP, "n": 1240, "status": "", "metode": "g-beregning"}
    return [
        base | {"fra": "innsats", "til": "norsk", "estimat": 0.4, "ki_nedre": 0.2, "ki_ovre": 0.6, "enhet": "nivaaer", "grad": "B"},
        base | {"fra": "innsats", "til": "praksis", "estimat": 0.11, "ki_nedre": 0.05, "ki_ovre": 0.17, "grad": "A", "funn": "positiv"},
        base | {"fra": "norsk", "til": "overgang", "estimat": PLANTED_SHARE, "ki_nedre": 0.1, "ki_ovre": 0.2, "grad": "C"},
        base | {"fra": "praksis", "til": "overgang", "estimat": 0.062, "ki_nedre": 0.021, "ki_ovre": 0.103, "grad": "A", "funn": "positiv"},
        base | {"fra": "innsats", "til": "overgang", "grad": None, "begrunnelse": HOSTILE},
        base | {"fra": "fadder", "til": "praksis", "grad": None, "begrunnelse": "Fadder er ikke registrert godt nok."},
    ]  # fmt: skip


def _municipalities() -> list[dict[str, object]]:
    numbers = ("0301", "1103", "1507", "3107", "3201", "3301", "4601", "5001", "5401", "5501")
    base = {"utfall": "overgang_direkte", "periode": "2022-2024", "status": ""}
    rows: list[dict[str, object]] = []
    for place, komm_nr in enumerate(numbers):
        n = 20 + 14 * place
        share = round(0.62 + 0.02 * place, 2) if komm_nr != "5501" else 0.93
        rows.append(
            base | {"komm_nr": komm_nr, "n": n, "observert": round(n * share), "forventet": n * 0.72,
             "andel": share, "krympet_andel": (share + 0.72) / 2, "ki_nedre": 0.6, "ki_ovre": 0.82, "utenfor_95": komm_nr == "5501",
             "utenfor_998": komm_nr == "5501"}
        )  # fmt: skip
    rows.append(base | {"komm_nr": "1804", "n": 12, "observert": 7, "andel": 0.58, "krympet_andel": 0.69,
                 "ki_nedre": 0.5, "ki_ovre": 0.84})  # fmt: skip
    rows.append(base | {"komm_nr": "4204", "n": PLANTED, "observert": PLANTED, "andel": PLANTED_SHARE,
                 "krympet_andel": PLANTED_SHARE, "status": ":"})  # fmt: skip
    rows.append(base | {"komm_nr": HOSTILE, "n": 30, "observert": 21, "andel": 0.7, "krympet_andel": 0.71,
                 "ki_nedre": 0.6, "ki_ovre": 0.8, "utenfor_998": False})  # fmt: skip
    return rows


def _naive() -> list[dict[str, object]]:
    return [
        {"strategi": s, "sammenligning": "etter_26u_eller_aldri", "utfall": u, "horisont_uker": w,
         "andel_strategi": 0.66, "andel_sammenligning": 0.36,
         "estimat": e, "ki_nedre": e - 0.05, "ki_ovre": e + 0.05, "n_strategi": 320, "n_sammenligning": 610, "beregnet": STAMP, "status": ""}
        for s, e in (("innen_2u", 0.322), ("innen_4u", 0.301), ("innen_8u", 0.277))
        for u in ("arbeid", "arbeid_eller_utdanning")
        for w in (52, 104)
    ]  # fmt: skip


def _link_losses() -> list[dict[str, object]]:
    """Two registers with groups; a hidden share that carries a number must not come out, whatever went wrong upstream."""
    base = {"dim": "alle", "dim_verdi": "alle", "status": ""}
    people = base | {"register": "folkeregister", "betydning": "ukjent_i_registeret"}
    benefits = base | {"register": "ytelse", "betydning": "ingen_hendelse"}
    return [
        people | {"andel_koblet": 0.98}, people | {"dim": "kjonn", "dim_verdi": "kvinne", "andel_koblet": 0.98},
        people | {"dim": "aldersgruppe", "dim_verdi": "25_34", "andel_koblet": PLANTED_SHARE, "status": ":"},
        people | {"dim": "malgruppe", "dim_verdi": HOSTILE, "andel_koblet": 0.9},
        benefits | {"andel_koblet": 0.83}, benefits | {"dim": "kjonn", "dim_verdi": "kvinne", "andel_koblet": PLANTED_SHARE, "status": ":"},
    ]  # fmt: skip


def small_release() -> ReleasedTables:
    makers: dict[str, Callable[[], list[dict[str, object]]]] = {
        "nokkeltall": _key_figures, "effekt": _effects, "effekt_naiv": _naive, "kurver": _curves, "aarsakskjede": _links, "kommune": _municipalities,
        "koblingstap": _link_losses,
    }  # fmt: skip
    manifest = {
        "release_id": "r0003", "beregnet": STAMP, "skjult": {"nokkeltall": 14, "kommune": 3},
        "parametere": {"terskel": 5, "profil": "exact"}, "revisjon": {"godkjent": True, "celler": 812}, "notat": HOSTILE,
    }  # fmt: skip
    return ReleasedTables("r0003", {name: _frame(name, make()) for name, make in makers.items()}, manifest)
