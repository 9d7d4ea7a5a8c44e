-- one row per person and month that has been with at least one employment
-- Work is any employment but a subsidised one, with a position above 0. Sums are whole numbers (øre, ten-thousandths): the
-- order of the rows must not show.
-- lonn_nok is all pay, subsidised jobs too; position and hours are those of work alone.
-- One job whose pay is not told leaves the month's pay unknown: what the others paid is only the least it can be, and read as the sum
-- it would be too low. That there was pay is known all the same where one of them paid.
SELECT arbeidsforhold.person_key, arbeidsforhold.maaned,
       coalesce(bool_or(type <> 'lonnstilskudd' AND stillingsprosent > 0), false) AS i_jobb,
       bool_or(type = 'lonnstilskudd') AS lonnstilskudd,
       CAST(sum(CAST(round(stillingsprosent * 10000) AS BIGINT)) FILTER (WHERE type <> 'lonnstilskudd') AS DOUBLE) / 10000 AS stillingsprosent,
       CAST(sum(CAST(round(timer_per_uke * 10000) AS BIGINT)) FILTER (WHERE type <> 'lonnstilskudd') AS DOUBLE) / 10000 AS timer_per_uke,
       CASE WHEN count(lonn_nok) = count(*)
            THEN CAST(sum(CAST(round(lonn_nok * 100) AS BIGINT)) AS DOUBLE) / 100 END AS lonn_nok,
       CASE WHEN bool_or(lonn_nok > 0) THEN true WHEN count(lonn_nok) = count(*) THEN false END AS har_lonn
FROM arbeidsforhold
JOIN person_vindu
  ON arbeidsforhold.person_key = person_vindu.person_key
 AND arbeidsforhold.maaned BETWEEN person_vindu.fra AND person_vindu.til
JOIN dekning ON dekning.register = 'arbeidsforhold' AND arbeidsforhold.maaned <= dekning.kjent_til
GROUP BY arbeidsforhold.person_key, arbeidsforhold.maaned
