-- one row per compared field, none without an extract: what the project delivered against what folkeregister says at the start
-- The spell that holds on the first day is compared. The day of immigration is delivered as years before the start (days / 365.25).
WITH gjeldende AS (
    SELECT deltakelse.deltakelse_key, folkeregister.kjonn, folkeregister.fodselsaar, folkeregister.landbakgrunn,
           folkeregister.innvandret_dato,
           row_number() OVER (
               PARTITION BY deltakelse.deltakelse_key
               ORDER BY folkeregister.gyldig_fra DESC, coalesce(folkeregister.kjonn, '') DESC, coalesce(folkeregister.fodselsaar, 0) DESC,
                        coalesce(folkeregister.landbakgrunn, '') DESC, coalesce(folkeregister.innvandret_dato, make_date(1, 1, 1)) DESC
           ) AS nr
    FROM deltakelse
    JOIN folkeregister
      ON deltakelse.person_key = folkeregister.person_key
     AND folkeregister.gyldig_fra <= deltakelse.start_dato
     AND (folkeregister.gyldig_til IS NULL OR folkeregister.gyldig_til > deltakelse.start_dato)
),
kjente AS (SELECT DISTINCT person_key FROM folkeregister),
par AS (
    SELECT deltakelse.deltakelse_key,
           deltakelse.kjonn = gjeldende.kjonn AS lik_kjonn,
           deltakelse.fodselsaar = gjeldende.fodselsaar AS lik_fodselsaar,
           deltakelse.landbakgrunn = gjeldende.landbakgrunn AS lik_landbakgrunn,
           abs(deltakelse.botid_aar * 365.25 - date_diff('day', gjeldende.innvandret_dato, deltakelse.start_dato)) < 0.5 AS lik_innvandret
    FROM deltakelse
    JOIN kjente ON deltakelse.person_key = kjente.person_key
    LEFT JOIN gjeldende ON deltakelse.deltakelse_key = gjeldende.deltakelse_key AND gjeldende.nr = 1
),
felter AS (
    SELECT 'kjonn' AS felt, lik_kjonn AS lik FROM par
    UNION ALL
    SELECT 'fodselsaar', lik_fodselsaar FROM par
    UNION ALL
    SELECT 'landbakgrunn', lik_landbakgrunn FROM par
    UNION ALL
    SELECT 'innvandret_dato', lik_innvandret FROM par
)
SELECT felt, count(*) AS n_koblet, count(lik) AS n_sammenlignet, count(*) FILTER (WHERE lik) AS n_like,
       CASE WHEN count(lik) > 0 THEN CAST(count(*) FILTER (WHERE lik) AS DOUBLE) / CAST(count(lik) AS DOUBLE) END AS andel_like
FROM felter
GROUP BY felt
