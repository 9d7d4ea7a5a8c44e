-- one row per participation and month of which some register tells nothing of her (utenfor), with the registers that do not
SELECT vindu.deltakelse_key, vindu.maaned,
       bool_or(utenfor.register = 'arbeidsforhold') AS arbeid,
       bool_or(utenfor.register = 'selvstendig') AS selvstendig,
       bool_or(utenfor.register = 'utdanning') AS utdanning,
       bool_or(utenfor.register = 'ytelse') AS ytelse
FROM vindu
JOIN utenfor
  ON vindu.person_key = utenfor.person_key
 AND (utenfor.fra IS NULL OR vindu.maaned BETWEEN utenfor.fra AND utenfor.til)
GROUP BY vindu.deltakelse_key, vindu.maaned
