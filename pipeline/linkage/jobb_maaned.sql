-- one row per person and month with at least one employment
-- Work is any employment but a subsidised one, with a position above 0. Sums are decimal: their order must not show.
-- lonn_nok is all pay, subsidised jobs too; position and hours are those of work alone.
SELECT arbeidsforhold.person_key, arbeidsforhold.maaned,
       coalesce(bool_or(type <> 'lonnstilskudd' AND stillingsprosent > 0), false) AS i_jobb,
       bool_or(type = 'lonnstilskudd') AS lonnstilskudd,
       sum(CAST(stillingsprosent AS DECIMAL(18, 4))) FILTER (WHERE type <> 'lonnstilskudd') AS stillingsprosent,
       sum(CAST(timer_per_uke AS DECIMAL(18, 4))) FILTER (WHERE type <> 'lonnstilskudd') AS timer_per_uke,
       sum(CAST(lonn_nok AS DECIMAL(18, 2))) AS lonn_nok
FROM arbeidsforhold
JOIN person_vindu
  ON arbeidsforhold.person_key = person_vindu.person_key
 AND arbeidsforhold.maaned BETWEEN person_vindu.fra AND person_vindu.til
GROUP BY arbeidsforhold.person_key, arbeidsforhold.maaned
