-- one row per participation and employer of one of its placements
SELECT DISTINCT tiltak.deltakelse_key, deltakelse.person_key, tiltak.arbeidsgiver_orgnr AS orgnr
FROM tiltak
JOIN deltakelse ON tiltak.deltakelse_key = deltakelse.deltakelse_key
WHERE tiltak.er_praksis AND tiltak.arbeidsgiver_orgnr IS NOT NULL
