-- one row per participation and month with an ordinary job at an employer of one of its placements
SELECT DISTINCT praksisplass.deltakelse_key, arbeidsforhold.maaned
FROM arbeidsforhold
JOIN praksisplass
  ON arbeidsforhold.person_key = praksisplass.person_key
 AND arbeidsforhold.orgnr = praksisplass.orgnr
WHERE arbeidsforhold.type <> 'lonnstilskudd' AND arbeidsforhold.stillingsprosent > 0
