-- one row per participation, whatever the registers hold
WITH fra_start AS (
    SELECT deltakelse_key,
           bool_or(i_arbeid) FILTER (WHERE er_uke_104) AS i_arbeid_uke_104,
           CASE WHEN count(i_arbeid) FILTER (WHERE NOT er_uke_104) = 12
                THEN count(*) FILTER (WHERE i_arbeid AND NOT er_uke_104) >= 6 END AS varig_arbeid
    FROM arbeid_fra_start
    GROUP BY deltakelse_key
),
med_praksisplass AS (SELECT DISTINCT deltakelse_key FROM praksisplass),
norskprove_kjent AS (
    SELECT deltakelse.deltakelse_key
    FROM deltakelse
    JOIN dekning
      ON dekning.register = 'norskprove'
     AND CAST(date_trunc('month', deltakelse.slutt_dato + INTERVAL 12 MONTH) AS DATE) <= dekning.til
)
SELECT deltakelse.deltakelse_key, deltakelse.person_key, deltakelse.overgang AS direkte_overgang,
       november_status.november_status,
       i_arbeid_12m, varig_6m, varig_12m, stillingsprosent_12m,
       arbeidsgiver_12m.sektor AS sektor_12m, arbeidsgiver_12m.naering AS naering_12m,
       CASE WHEN med_praksisplass.deltakelse_key IS NOT NULL THEN samme_arbeidsgiver_12m END AS samme_arbeidsgiver_12m,
       fra_start.i_arbeid_uke_104, fra_start.varig_arbeid,
       selvforsorget_foer, selvforsorget_etter, ytelser_nok_foer, ytelser_nok_etter, lonn_nok_foer, lonn_nok_etter,
       maaneder_i_arbeid_foer,
       norskprove_best.foer AS norskprove_best_for,
       CASE WHEN norskprove_kjent.deltakelse_key IS NOT NULL THEN norskprove_best.etter END AS norskprove_best_etter,
       CASE WHEN norskprove_kjent.deltakelse_key IS NOT NULL THEN norskprove_best.trinn END AS norskprove_trinn,
       bosted_utfall.bosatt_12m, bosted_utfall.bosatt_november, bosted_utfall.flyttet_12m
FROM deltakelse
LEFT JOIN utfall_maaneder ON deltakelse.deltakelse_key = utfall_maaneder.deltakelse_key
LEFT JOIN november_status ON deltakelse.deltakelse_key = november_status.deltakelse_key
LEFT JOIN fra_start ON deltakelse.deltakelse_key = fra_start.deltakelse_key
LEFT JOIN med_praksisplass ON deltakelse.deltakelse_key = med_praksisplass.deltakelse_key
LEFT JOIN norskprove_best ON deltakelse.deltakelse_key = norskprove_best.deltakelse_key
LEFT JOIN norskprove_kjent ON deltakelse.deltakelse_key = norskprove_kjent.deltakelse_key
LEFT JOIN bosted_utfall ON deltakelse.deltakelse_key = bosted_utfall.deltakelse_key
LEFT JOIN arbeidsgiver_12m ON deltakelse.deltakelse_key = arbeidsgiver_12m.deltakelse_key
