-- one row per participation and calendar month of vindu, never more, never fewer
-- Work is known where the employment register reaches; self-employment adds to it where its years reach. Were it null for
-- those without a job only, the share in work among the known would be biased upwards.
SELECT vindu.deltakelse_key, vindu.maaned, vindu.person_key, vindu.m_start, vindu.m_slutt,
       CASE WHEN arbeid_dekket THEN coalesce(i_jobb, false) OR coalesce(har_inntekt, false) END AS i_arbeid,
       CASE WHEN arbeid_dekket THEN least(coalesce(jobb_maaned.stillingsprosent, 0), 100) END AS stillingsprosent,
       CASE WHEN arbeid_dekket THEN coalesce(jobb_maaned.timer_per_uke, 0) END AS timer_per_uke,
       CASE WHEN arbeid_dekket THEN coalesce(jobb_maaned.lonn_nok, 0) END AS lonn_nok,
       CASE WHEN arbeid_dekket THEN coalesce(jobb_maaned.lonnstilskudd, false) END AS lonnstilskudd,
       CASE WHEN selvstendig_dekket THEN coalesce(har_inntekt, false) END AS selvstendig,
       CASE WHEN arbeid_dekket THEN praksisplass_maaned.maaned IS NOT NULL END AS samme_arbeidsgiver,
       CASE WHEN utdanning_dekket THEN utdanning_maaned.maaned IS NOT NULL END AS under_utdanning,
       CASE WHEN utdanning_dekket THEN utdanning_maaned.niva END AS utdanning_niva,
       arbeidssoker_maaned.status AS arbeidssoker_status,
       CASE WHEN ytelse_dekket THEN coalesce(ytelse_maaned.ytelser_nok, 0) END AS ytelser_nok,
       CASE WHEN ytelse_dekket THEN coalesce(ytelse_maaned.sosialhjelp_nok, 0) END AS sosialhjelp_nok,
       CASE WHEN arbeid_dekket AND ytelse_dekket
            THEN (coalesce(i_jobb, false) OR coalesce(har_inntekt, false) OR coalesce(jobb_maaned.lonn_nok > 0, false))
                 AND NOT coalesce(paa_livsopphold, false)
       END AS selvforsorget,
       bosatt_maaned.status AS bosatt_status
FROM vindu
LEFT JOIN jobb_maaned ON vindu.person_key = jobb_maaned.person_key AND vindu.maaned = jobb_maaned.maaned
LEFT JOIN selvstendig_aar ON vindu.person_key = selvstendig_aar.person_key AND year(vindu.maaned) = selvstendig_aar.aar
LEFT JOIN praksisplass_maaned
  ON vindu.deltakelse_key = praksisplass_maaned.deltakelse_key AND vindu.maaned = praksisplass_maaned.maaned
LEFT JOIN utdanning_maaned ON vindu.person_key = utdanning_maaned.person_key AND vindu.maaned = utdanning_maaned.maaned
LEFT JOIN arbeidssoker_maaned ON vindu.person_key = arbeidssoker_maaned.person_key AND vindu.maaned = arbeidssoker_maaned.maaned
LEFT JOIN ytelse_maaned ON vindu.person_key = ytelse_maaned.person_key AND vindu.maaned = ytelse_maaned.maaned
LEFT JOIN bosatt_maaned ON vindu.person_key = bosatt_maaned.person_key AND vindu.maaned = bosatt_maaned.maaned
