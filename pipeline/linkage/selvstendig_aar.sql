-- one row per person and year with a tax return from own business
SELECT selvstendig.person_key, aar, sum(CAST(round(naeringsinntekt_nok * 100) AS BIGINT)) > 0 AS har_inntekt
FROM selvstendig
JOIN person_vindu ON selvstendig.person_key = person_vindu.person_key
GROUP BY selvstendig.person_key, aar
