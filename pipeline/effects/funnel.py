"""Municipalities beside what their mix of participants lets one expect: shrunken shares and funnel limits, never a ranking.

Expected: small case-mix logistic over all leavers. Limits: exact beta-binomial (binomial when τ² = 0), mid-p, with the spread τ²
between municipalities by the method of moments from standardised residuals winsorised at 10 % in each tail (Spiegelhalter 2005,
Stat Med 24:1185), so that those who stand out do not widen the limits that they are judged by. Shrunken shares: see ``shares``.
Must not be here: any word about why a municipality differs.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from scipy import stats
from scipy.special import expit

from pipeline.effects.person_weeks import Floats
from pipeline.effects.pooled_logistic import Rows, pooled_logistic
from pipeline.effects.protocol import declaration
from pipeline.effects.shares import Counts, shrink
from pipeline.effects.start_model import design
from pipeline.tables import STATISTIKK
from pipeline.tables.deliveries import LANGUAGE, LIMITS

OUTCOME = "direkte_overgang"
# Leavers whose municipality is not known belong to no municipality that could be compared.
_UNKNOWN = "9999"
_DECLARED, PROTOCOL_HASH = declaration("kommune")
_MIX = ("kjonn", "norsk_start", "utdanning_start", "inntektskilde_start", "helse_start", "malgruppe", "arbeidserfaring_norge")


def window(deltakelse: pl.DataFrame, today: date) -> tuple[int, int]:
    """(first, last) calendar year of the three-year window: it ends with the last whole year, or the last year with exits."""
    known = deltakelse.filter(pl.col("slutt_dato") <= pl.min_horizontal("statusdato", pl.lit(today)))
    latest = known["slutt_dato"].dt.year().max()
    last = min(today.year - 1, int(str(latest))) if latest is not None else today.year - 1
    return last - int(_DECLARED["utvalg"]["aar"]) + 1, last


def _case_mix(leavers: pl.DataFrame) -> Floats:
    """(n, q) indicators of the mix, missing as its own category, and age."""
    columns = [np.asarray(leavers["alder_start"].cast(pl.Float64).fill_null(strategy="mean").fill_null(0.0).to_numpy())]
    for name in _MIX:
        values = leavers[name].fill_null("mangler")
        order = {c: i for i, c in enumerate((*LANGUAGE, *LIMITS))}
        codes = sorted(values.unique().to_list(), key=lambda c: (order.get(c, 99), c))
        columns += [np.asarray((values == c).cast(pl.Float64).to_numpy()) for c in codes[1:]]
    return np.column_stack(columns)


def expected_shares(people: pl.DataFrame, reached: pl.Series) -> Floats:
    """(n,) modelled probability that ``reached`` is true from the mix of ``people`` alone; the common share when all are alike."""
    y = reached.cast(pl.Float64).to_numpy()
    if y.min() == y.max():
        return np.asarray(y)
    mix = Rows(design(_case_mix(people)))
    return np.asarray(expit(mix.times(pooled_logistic(mix, y, ridge=1.0))))


def kept_of_square(tail: float) -> float:
    """E clip(Z, ±q)² of a standard normal Z clipped at its quantiles ``tail`` and 1 - ``tail``: 1 - 2t - 2 q φ(q) + 2 t q²."""
    q = float(stats.norm.isf(tail))
    return 1 - 2 * tail - 2 * q * float(stats.norm.pdf(q)) + 2 * tail * q**2


def between_variance(counts: Counts) -> float:
    """τ² of the true shares between municipalities; 0 when the spread is no wider than chance.

    Residuals z are winsorised; φ = mean(z²) / c, with c what winsorising leaves of the square of a normal residual;
    τ² = (J φ - (J - 1)) / (Σw - Σw² / Σw) with w = 1 / s², s² = e (1 - e) / n.
    """
    n, observed, expected = counts.n, counts.observed, counts.expected
    s2 = expected / n * (1 - expected / n) / n
    use = s2 > 0
    if use.sum() < 2:
        return 0.0
    w = 1 / s2[use]
    z = ((observed - expected)[use] / n[use]) * np.sqrt(w)
    tail = _DECLARED["estimator"]["winsorisering"]
    low, high = np.quantile(z, [tail, 1 - tail])
    excess = float((np.clip(z, low, high) ** 2).sum()) / kept_of_square(tail) - (len(z) - 1)
    scale = float(w.sum() - (w**2).sum() / w.sum())
    return max(excess / scale, 0.0) if scale > 0 else 0.0


def _precision(share: Floats, tau2: float) -> Floats:
    """(J,) M of the beta distribution Beta(M e, M (1 - e)) with variance τ²: M = e (1 - e) / τ² - 1, at least 1."""
    return np.maximum(share * (1 - share) / tau2 - 1, 1.0)


def mid_p(counts: Counts, tau2: float) -> Floats:
    """(J,) two-sided mid-p of the observed count when only the mix and the ordinary spread τ² are at work."""
    e, o = counts.share, counts.observed
    if tau2 > 0:
        m = _precision(e, tau2)
        law = stats.betabinom(counts.n, m * e, m * (1 - e))
    else:
        law = stats.binom(counts.n, e)
    point = law.pmf(o)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(law.cdf(o) - point / 2, law.sf(o) + point / 2)))


def _empty() -> pl.DataFrame:
    return STATISTIKK["kommune"].empty()


def municipality_table(deltakelse: pl.DataFrame, today: date) -> pl.DataFrame:
    """Observed and expected direct transition per municipality.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        today: the run's day; decides the three-year window of exits.

    Returns:
        ``STATISTIKK["kommune"]``, one row per known municipality with leavers in the window; ``utenfor_95`` and ``utenfor_998``
        are null unless n >= 20 and at least 5 successes and 5 failures are expected.
    """
    first, last = window(deltakelse, today)
    left = (pl.col("slutt_dato") <= pl.min_horizontal("statusdato", pl.lit(today))) & pl.col("overgang").is_not_null()
    left &= pl.col("komm_nr_ref") != _UNKNOWN
    leavers = deltakelse.filter(left & pl.col("slutt_dato").dt.year().is_between(first, last)).sort("deltakelse_key")
    if leavers.is_empty():
        return _empty()
    by_area = (
        leavers.with_columns(ventet=pl.Series(expected_shares(leavers, leavers["overgang"])), o=pl.col("overgang").cast(pl.Float64))
        .group_by("komm_nr_ref").agg(n=pl.len(), observert=pl.col("o").sum(), forventet=pl.col("ventet").sum()).sort("komm_nr_ref")
    )  # fmt: skip
    counts = Counts(*(by_area[c].cast(pl.Float64).to_numpy() for c in ("n", "observert", "forventet")))
    shares = shrink(counts)
    p = mid_p(counts, between_variance(counts))
    limits = _DECLARED["porter"]
    expected = pl.min_horizontal("forventet", pl.col("n") - pl.col("forventet"))
    sayable = (pl.col("n") >= limits["minste_antall"]) & (expected >= limits["minste_forventet"])
    columns = by_area.with_columns(
        komm_nr=pl.col("komm_nr_ref"), utfall=pl.lit(OUTCOME), periode=pl.lit(f"{first}-{last}"), andel=pl.col("observert") / pl.col("n"),
        krympet_andel=pl.Series(shares.estimate), ki_nedre=pl.Series(shares.low), ki_ovre=pl.Series(shares.high),
        utenfor_95=pl.when(sayable).then(pl.Series(p < limits["indre_grense"])),
        utenfor_998=pl.when(sayable).then(pl.Series(p < limits["ytre_grense"])), protokoll_hash=pl.lit(PROTOCOL_HASH),
    )  # fmt: skip
    return STATISTIKK["kommune"].conform(columns)
