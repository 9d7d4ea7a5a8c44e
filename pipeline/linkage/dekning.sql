-- one row per register: first and last month the extract reaches, null when it holds nothing
-- The extract says itself what it speaks of (uttrekk_rekkevidde), also where no participant has a row; the rows may say more.
-- A spell that still runs may carry a planned end: only ended spells count with their last day.
WITH datoer AS (
    SELECT 'arbeidsforhold' AS register, min(maaned) AS fra, max(maaned) AS til FROM arbeidsforhold
    UNION ALL
    SELECT 'arbeidssoker', min(maaned), max(maaned) FROM arbeidssoker
    UNION ALL
    SELECT 'ytelse', min(maaned), max(maaned) FROM ytelse
    UNION ALL
    SELECT 'selvstendig', make_date(CAST(min(aar) AS INTEGER), 1, 1), make_date(CAST(max(aar) AS INTEGER), 12, 1) FROM selvstendig
    UNION ALL
    SELECT 'utdanning', min(start_dato),
           greatest(max(start_dato), max(slutt_dato) FILTER (WHERE status <> 'pagaende'))
    FROM utdanning
    UNION ALL
    SELECT 'norskprove', min(prove_dato), max(prove_dato) FROM norskprove
    UNION ALL
    SELECT 'folkeregister', min(gyldig_fra), greatest(max(gyldig_fra), max(gyldig_til)) FROM folkeregister
    UNION ALL
    SELECT register, fra, til FROM uttrekk_rekkevidde WHERE register <> 'virksomhet'
)
SELECT register,
       CAST(date_trunc('month', min(fra)) AS DATE) AS fra,
       CAST(date_trunc('month', max(til)) AS DATE) AS til
FROM datoer
GROUP BY register
