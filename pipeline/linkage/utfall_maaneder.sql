-- one row per participation with at least one month: what its months add up to
-- A figure over several months is null unless every one of them is reached: were "no" known before "yes", shares would be biased.
-- Sums are in whole øre: the order of the rows must not show.
SELECT person_maaned.deltakelse_key,
       bool_or(i_arbeid) FILTER (WHERE m_slutt = 12) AS i_arbeid_12m,
       CASE WHEN count(i_arbeid) FILTER (WHERE m_slutt BETWEEN 1 AND 6) = 6
            THEN bool_and(i_arbeid) FILTER (WHERE m_slutt BETWEEN 1 AND 6) END AS varig_6m,
       CASE WHEN count(i_arbeid) FILTER (WHERE m_slutt BETWEEN 1 AND 12) = 12
            THEN bool_and(i_arbeid) FILTER (WHERE m_slutt BETWEEN 1 AND 12) END AS varig_12m,
       max(stillingsprosent) FILTER (WHERE m_slutt = 12) AS stillingsprosent_12m,
       CASE WHEN count(samme_arbeidsgiver) FILTER (WHERE m_slutt BETWEEN 0 AND 12) = 13
            THEN bool_or(samme_arbeidsgiver) FILTER (WHERE m_slutt BETWEEN 0 AND 12) END AS samme_arbeidsgiver_12m,
       CASE WHEN count(selvforsorget) FILTER (WHERE m_start BETWEEN -12 AND -1) = 12
            THEN CAST(count(*) FILTER (WHERE selvforsorget AND m_start BETWEEN -12 AND -1) AS DOUBLE) / 12 END AS selvforsorget_foer,
       CASE WHEN count(selvforsorget) FILTER (WHERE m_slutt BETWEEN 1 AND 12) = 12
            THEN CAST(count(*) FILTER (WHERE selvforsorget AND m_slutt BETWEEN 1 AND 12) AS DOUBLE) / 12 END AS selvforsorget_etter,
       CASE WHEN count(ytelser_nok) FILTER (WHERE m_start BETWEEN -12 AND -1) = 12
            THEN CAST(sum(CAST(round(ytelser_nok * 100) AS BIGINT)) FILTER (WHERE m_start BETWEEN -12 AND -1) AS DOUBLE) / 100 END AS ytelser_nok_foer,
       CASE WHEN count(ytelser_nok) FILTER (WHERE m_slutt BETWEEN 1 AND 12) = 12
            THEN CAST(sum(CAST(round(ytelser_nok * 100) AS BIGINT)) FILTER (WHERE m_slutt BETWEEN 1 AND 12) AS DOUBLE) / 100 END AS ytelser_nok_etter,
       CASE WHEN count(lonn_nok) FILTER (WHERE m_start BETWEEN -12 AND -1) = 12
            THEN CAST(sum(CAST(round(lonn_nok * 100) AS BIGINT)) FILTER (WHERE m_start BETWEEN -12 AND -1) AS DOUBLE) / 100 END AS lonn_nok_foer,
       CASE WHEN count(lonn_nok) FILTER (WHERE m_slutt BETWEEN 1 AND 12) = 12
            THEN CAST(sum(CAST(round(lonn_nok * 100) AS BIGINT)) FILTER (WHERE m_slutt BETWEEN 1 AND 12) AS DOUBLE) / 100 END AS lonn_nok_etter,
       CASE WHEN count(i_arbeid) FILTER (WHERE m_start BETWEEN -12 AND -1) = 12
            THEN count(*) FILTER (WHERE i_arbeid AND m_start BETWEEN -12 AND -1) END AS maaneder_i_arbeid_foer
FROM person_maaned
GROUP BY person_maaned.deltakelse_key
