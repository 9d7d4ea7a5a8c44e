-- one row per person and month with a benefit
-- An amount that is not reported is still a benefit received.
SELECT ytelse.person_key, ytelse.maaned,
       sum(CAST(belop_nok AS DECIMAL(18, 2))) AS ytelser_nok,
       sum(CAST(belop_nok AS DECIMAL(18, 2))) FILTER (WHERE ytelse = 'sosialhjelp') AS sosialhjelp_nok,
       bool_or(ytelse IN ('sosialhjelp', 'overgangsstonad', 'kvp') AND coalesce(belop_nok > 0, true)) AS paa_livsopphold
FROM ytelse
JOIN person_vindu
  ON ytelse.person_key = person_vindu.person_key
 AND ytelse.maaned BETWEEN person_vindu.fra AND person_vindu.til
GROUP BY ytelse.person_key, ytelse.maaned
