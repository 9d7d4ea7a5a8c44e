-- one row per register and person with at least one row in it
SELECT DISTINCT 'arbeidsforhold' AS register, person_key FROM arbeidsforhold
UNION ALL SELECT DISTINCT 'arbeidssoker', person_key FROM arbeidssoker
UNION ALL SELECT DISTINCT 'folkeregister', person_key FROM folkeregister
UNION ALL SELECT DISTINCT 'norskprove', person_key FROM norskprove
UNION ALL SELECT DISTINCT 'selvstendig', person_key FROM selvstendig
UNION ALL SELECT DISTINCT 'utdanning', person_key FROM utdanning
UNION ALL SELECT DISTINCT 'ytelse', person_key FROM ytelse
