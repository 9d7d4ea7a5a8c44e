-- one row per participation and month for which some register was never asked about her, with the registers that were not
SELECT vindu.deltakelse_key, vindu.maaned,
       bool_or(utenfor_uttrekk.register = 'arbeidsforhold') AS arbeid,
       bool_or(utenfor_uttrekk.register = 'selvstendig') AS selvstendig,
       bool_or(utenfor_uttrekk.register = 'utdanning') AS utdanning,
       bool_or(utenfor_uttrekk.register = 'ytelse') AS ytelse
FROM vindu
JOIN utenfor_uttrekk
  ON vindu.person_key = utenfor_uttrekk.person_key
 AND (utenfor_uttrekk.fra IS NULL OR vindu.maaned BETWEEN utenfor_uttrekk.fra AND utenfor_uttrekk.til)
GROUP BY vindu.deltakelse_key, vindu.maaned
