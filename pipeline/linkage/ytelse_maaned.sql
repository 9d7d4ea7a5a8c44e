-- one row per person and month that has been with a benefit
-- An amount that is not reported is still a benefit received, and leaves the month's sum unknown: what the others came to is only the
-- least it can be, and read as the sum it would be too low. Sums are in whole øre: the order of the rows must not show.
SELECT ytelse.person_key, ytelse.maaned,
       CASE WHEN count(belop_nok) = count(*)
            THEN CAST(sum(CAST(round(belop_nok * 100) AS BIGINT)) AS DOUBLE) / 100 END AS ytelser_nok,
       CASE WHEN count(belop_nok) FILTER (WHERE ytelse = 'sosialhjelp') = count(*) FILTER (WHERE ytelse = 'sosialhjelp')
            THEN coalesce(CAST(sum(CAST(round(belop_nok * 100) AS BIGINT)) FILTER (WHERE ytelse = 'sosialhjelp') AS DOUBLE) / 100, 0)
       END AS sosialhjelp_nok,
       bool_or(ytelse IN ('sosialhjelp', 'overgangsstonad', 'kvp') AND coalesce(belop_nok > 0, true)) AS paa_livsopphold
FROM ytelse
JOIN person_vindu
  ON ytelse.person_key = person_vindu.person_key
 AND ytelse.maaned BETWEEN person_vindu.fra AND person_vindu.til
JOIN dekning ON dekning.register = 'ytelse' AND ytelse.maaned <= dekning.kjent_til
GROUP BY ytelse.person_key, ytelse.maaned
