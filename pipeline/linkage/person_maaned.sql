-- one row per participation and calendar month of vindu, never more, never fewer
-- Work is known where the employment register reaches; self-employment adds to it where its years reach. Were it null for
-- those without a job only, the share in work among the known would be biased upwards.
-- Who is gone (dead or emigrated the whole month, without a job) has nothing in these registers, and that is no "no": every column
-- about work, education and benefits is null. So it is where a register tells nothing of her (utenfor_maaned).
-- Own income is the year's, and no sign of a month; a spell of education may end late.
-- An amount is 0 where she has no row in a month that the register reaches. Where she has rows, and an amount is not told, the sum is
-- unknown (jobb_maaned, ytelse_maaned). Self-support is unknown where it hangs on such an amount, and only there: ordinary work, or pay
-- in another job, is income whatever the rest came to, and a basic benefit is one however large.
WITH maaneder AS (
    SELECT vindu.deltakelse_key, vindu.maaned, vindu.person_key, vindu.m_start, vindu.m_slutt,
           arbeid_dekket AND NOT coalesce(utenfor_maaned.arbeid, false) AS arbeid_dekket,
           selvstendig_dekket AND NOT coalesce(utenfor_maaned.selvstendig, false) AS selvstendig_dekket,
           utdanning_dekket AND NOT coalesce(utenfor_maaned.utdanning, false) AS utdanning_dekket,
           ytelse_dekket AND NOT coalesce(utenfor_maaned.ytelse, false) AS ytelse_dekket,
           i_jobb, jobb_maaned.stillingsprosent, jobb_maaned.timer_per_uke, jobb_maaned.lonnstilskudd,
           CASE WHEN jobb_maaned.person_key IS NULL THEN 0 ELSE jobb_maaned.lonn_nok END AS lonn_nok,
           CASE WHEN jobb_maaned.person_key IS NULL THEN false ELSE jobb_maaned.har_lonn END AS har_lonn,
           bosatt_maaned.status AS bosatt_status, bosatt_maaned.komm_nr AS bosted_komm_nr,
           bosatt_maaned.person_key IS NOT NULL AS i_folkeregisteret,
           coalesce(bosatt_maaned.borte, false) AND NOT coalesce(i_jobb, false) AS borte
    FROM vindu
    LEFT JOIN jobb_maaned ON vindu.person_key = jobb_maaned.person_key AND vindu.maaned = jobb_maaned.maaned
    LEFT JOIN bosatt_maaned ON vindu.person_key = bosatt_maaned.person_key AND vindu.maaned = bosatt_maaned.maaned
    LEFT JOIN utenfor_maaned ON vindu.deltakelse_key = utenfor_maaned.deltakelse_key AND vindu.maaned = utenfor_maaned.maaned
)
SELECT maaneder.deltakelse_key, maaneder.maaned, maaneder.person_key, maaneder.m_start, maaneder.m_slutt,
       CASE WHEN arbeid_dekket AND NOT borte THEN coalesce(i_jobb, false) OR coalesce(har_inntekt, false) END AS i_arbeid,
       CASE WHEN arbeid_dekket AND NOT borte THEN least(coalesce(maaneder.stillingsprosent, 0), 100) END AS stillingsprosent,
       CASE WHEN arbeid_dekket AND NOT borte THEN coalesce(maaneder.timer_per_uke, 0) END AS timer_per_uke,
       CASE WHEN arbeid_dekket AND NOT borte THEN maaneder.lonn_nok END AS lonn_nok,
       CASE WHEN arbeid_dekket AND NOT borte THEN coalesce(maaneder.lonnstilskudd, false) END AS lonnstilskudd,
       CASE WHEN selvstendig_dekket AND NOT borte THEN selvstendig_aar.person_key IS NOT NULL AND har_inntekt END AS selvstendig,
       CASE WHEN arbeid_dekket AND NOT borte THEN praksisplass_maaned.maaned IS NOT NULL END AS samme_arbeidsgiver,
       CASE WHEN utdanning_dekket AND NOT borte THEN utdanning_maaned.maaned IS NOT NULL END AS under_utdanning,
       CASE WHEN utdanning_dekket AND NOT borte THEN utdanning_maaned.niva END AS utdanning_niva,
       CASE WHEN NOT borte THEN arbeidssoker_maaned.status END AS arbeidssoker_status,
       CASE WHEN ytelse_dekket AND NOT borte AND ytelse_maaned.person_key IS NULL THEN 0
            WHEN ytelse_dekket AND NOT borte THEN ytelse_maaned.ytelser_nok END AS ytelser_nok,
       CASE WHEN ytelse_dekket AND NOT borte AND ytelse_maaned.person_key IS NULL THEN 0
            WHEN ytelse_dekket AND NOT borte THEN ytelse_maaned.sosialhjelp_nok END AS sosialhjelp_nok,
       CASE WHEN arbeid_dekket AND ytelse_dekket AND NOT borte
            THEN (coalesce(i_jobb, false) OR har_lonn OR (selvstendig_aar.person_key IS NOT NULL AND har_inntekt))
                 AND NOT coalesce(paa_livsopphold, false)
       END AS selvforsorget,
       bosatt_status,
       CASE WHEN i_folkeregisteret THEN borte END AS borte,
       bosted_komm_nr,
       CASE WHEN bosted_komm_nr IS NOT NULL THEN coalesce(kommune_ref.komm_nr_ref, '9999') END AS bosted_komm_nr_ref
FROM maaneder
LEFT JOIN selvstendig_aar ON maaneder.person_key = selvstendig_aar.person_key AND year(maaneder.maaned) = selvstendig_aar.aar
LEFT JOIN praksisplass_maaned
  ON maaneder.deltakelse_key = praksisplass_maaned.deltakelse_key AND maaneder.maaned = praksisplass_maaned.maaned
LEFT JOIN utdanning_maaned ON maaneder.person_key = utdanning_maaned.person_key AND maaneder.maaned = utdanning_maaned.maaned
LEFT JOIN arbeidssoker_maaned
  ON maaneder.person_key = arbeidssoker_maaned.person_key AND maaneder.maaned = arbeidssoker_maaned.maaned
LEFT JOIN ytelse_maaned ON maaneder.person_key = ytelse_maaned.person_key AND maaneder.maaned = ytelse_maaned.maaned
LEFT JOIN kommune_ref ON maaneder.bosted_komm_nr = kommune_ref.komm_nr
