-- one row per person and year that has begun with a tax return from own business
-- har_inntekt is null where an income of the year is not told: it may be a loss.
SELECT selvstendig.person_key, aar,
       CASE WHEN count(naeringsinntekt_nok) = count(*) THEN sum(CAST(round(naeringsinntekt_nok * 100) AS BIGINT)) > 0 END AS har_inntekt
FROM selvstendig
JOIN person_vindu ON selvstendig.person_key = person_vindu.person_key
JOIN dekning ON dekning.register = 'selvstendig' AND selvstendig.aar <= year(dekning.kjent_til)
GROUP BY selvstendig.person_key, aar
