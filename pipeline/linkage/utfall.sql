-- one row per participation, whatever the registers hold
WITH uke_104 AS (
    SELECT deltakelse.deltakelse_key, i_arbeid
    FROM deltakelse
    JOIN person_maaned
      ON deltakelse.deltakelse_key = person_maaned.deltakelse_key
     AND person_maaned.maaned = CAST(date_trunc('month', deltakelse.start_dato + INTERVAL 728 DAY) AS DATE)
),
aaret_etter AS (
    SELECT deltakelse.deltakelse_key,
           CASE WHEN count(i_arbeid) = 12 THEN count(*) FILTER (WHERE i_arbeid) >= 6 END AS varig_arbeid
    FROM deltakelse
    JOIN person_maaned
      ON deltakelse.deltakelse_key = person_maaned.deltakelse_key
     AND person_maaned.maaned > CAST(date_trunc('month', deltakelse.start_dato + INTERVAL 728 DAY) AS DATE)
     AND person_maaned.maaned <= CAST(date_trunc('month', deltakelse.start_dato + INTERVAL 728 DAY) AS DATE) + INTERVAL 12 MONTH
    GROUP BY deltakelse.deltakelse_key
),
med_praksisplass AS (SELECT DISTINCT deltakelse_key FROM praksisplass),
norskprove_rekkevidde AS (SELECT til FROM dekning WHERE register = 'norskprove')
SELECT deltakelse.deltakelse_key, deltakelse.person_key, deltakelse.overgang AS direkte_overgang,
       november_status.november_status,
       i_arbeid_12m, varig_6m, varig_12m, stillingsprosent_12m,
       CASE WHEN med_praksisplass.deltakelse_key IS NOT NULL THEN samme_arbeidsgiver_12m END AS samme_arbeidsgiver_12m,
       uke_104.i_arbeid AS i_arbeid_uke_104,
       aaret_etter.varig_arbeid,
       selvforsorget_foer, selvforsorget_etter, ytelser_nok_foer, ytelser_nok_etter, lonn_nok_foer, lonn_nok_etter,
       maaneder_i_arbeid_foer,
       norskprove_best.foer AS norskprove_best_for,
       CASE WHEN CAST(date_trunc('month', deltakelse.slutt_dato + INTERVAL 12 MONTH) AS DATE) <= norskprove_rekkevidde.til
            THEN norskprove_best.etter END AS norskprove_best_etter
FROM deltakelse
CROSS JOIN norskprove_rekkevidde
LEFT JOIN utfall_maaneder ON deltakelse.deltakelse_key = utfall_maaneder.deltakelse_key
LEFT JOIN november_status ON deltakelse.deltakelse_key = november_status.deltakelse_key
LEFT JOIN uke_104 ON deltakelse.deltakelse_key = uke_104.deltakelse_key
LEFT JOIN aaret_etter ON deltakelse.deltakelse_key = aaret_etter.deltakelse_key
LEFT JOIN med_praksisplass ON deltakelse.deltakelse_key = med_praksisplass.deltakelse_key
LEFT JOIN norskprove_best ON deltakelse.deltakelse_key = norskprove_best.deltakelse_key
