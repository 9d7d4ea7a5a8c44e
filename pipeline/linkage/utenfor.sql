-- one row per register, person and run of months of which the register tells nothing of her; always where no month is named
-- Who was never asked about (utenfor_uttrekk), and who is not recognised: folkeregister, which should have everybody, was asked and
-- does not know her, and no other register has a row of hers. Elsewhere no row is as a rule no event, and one row anywhere is enough.
WITH omfang AS (SELECT count(person_key) AS n_rader FROM folkeregister),
kjente AS (SELECT DISTINCT person_key FROM registertreff),
ikke_spurt AS (SELECT DISTINCT person_key FROM utenfor_uttrekk WHERE register = 'folkeregister'),
ikke_gjenkjent AS (
    SELECT DISTINCT deltakelse.person_key
    FROM deltakelse
    CROSS JOIN omfang
    LEFT JOIN kjente ON deltakelse.person_key = kjente.person_key
    LEFT JOIN ikke_spurt ON deltakelse.person_key = ikke_spurt.person_key
    WHERE omfang.n_rader > 0 AND kjente.person_key IS NULL AND ikke_spurt.person_key IS NULL
)
SELECT register, person_key, fra, til FROM utenfor_uttrekk
UNION ALL
SELECT dekning.register, ikke_gjenkjent.person_key, CAST(NULL AS DATE), CAST(NULL AS DATE)
FROM ikke_gjenkjent
CROSS JOIN dekning
