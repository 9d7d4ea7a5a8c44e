-- one row per register: first and last month the extract reaches, null when it holds nothing; and the last day it can know of (kjent_til)
-- The extract says itself what it speaks of (uttrekk_rekkevidde), also where no participant has a row; the rows may say more: a spell's end.
-- What is dated after the extract was received is planned or mistyped. It has not happened, and were it counted one such row would
-- stretch the reach for everybody.
-- A spell that still runs may carry a planned end: only ended spells count with their last day. A year that is not over is reached to that day.
WITH datoer AS (
    SELECT 'arbeidsforhold' AS register, min(maaned) AS fra, max(maaned) AS til
    FROM arbeidsforhold JOIN kjent ON kjent.register = 'arbeidsforhold' AND maaned <= kjent_til
    UNION ALL
    SELECT 'arbeidssoker', min(maaned), max(maaned)
    FROM arbeidssoker JOIN kjent ON kjent.register = 'arbeidssoker' AND maaned <= kjent_til
    UNION ALL
    SELECT 'ytelse', min(maaned), max(maaned)
    FROM ytelse JOIN kjent ON kjent.register = 'ytelse' AND maaned <= kjent_til
    UNION ALL
    SELECT 'selvstendig', make_date(CAST(min(aar) AS INTEGER), 1, 1), least(make_date(CAST(max(aar) AS INTEGER), 12, 1), max(kjent_til))
    FROM selvstendig JOIN kjent ON kjent.register = 'selvstendig' AND aar <= year(kjent_til)
    UNION ALL
    SELECT 'utdanning', min(start_dato) FILTER (WHERE start_dato <= kjent_til),
           greatest(max(start_dato) FILTER (WHERE start_dato <= kjent_til),
                    max(slutt_dato) FILTER (WHERE status <> 'pagaende' AND slutt_dato <= kjent_til))
    FROM utdanning JOIN kjent ON kjent.register = 'utdanning'
    UNION ALL
    SELECT 'norskprove', min(prove_dato), max(prove_dato)
    FROM norskprove JOIN kjent ON kjent.register = 'norskprove' AND prove_dato <= kjent_til
    UNION ALL
    SELECT 'folkeregister', min(gyldig_fra) FILTER (WHERE gyldig_fra <= kjent_til),
           greatest(max(gyldig_fra) FILTER (WHERE gyldig_fra <= kjent_til), max(gyldig_til) FILTER (WHERE gyldig_til <= kjent_til))
    FROM folkeregister JOIN kjent ON kjent.register = 'folkeregister'
    UNION ALL
    SELECT uttrekk_rekkevidde.register, fra, least(til, kjent_til)
    FROM uttrekk_rekkevidde JOIN kjent ON uttrekk_rekkevidde.register = kjent.register
)
SELECT kjent.register,
       CAST(date_trunc('month', min(fra)) AS DATE) AS fra,
       CAST(date_trunc('month', max(til)) AS DATE) AS til,
       max(kjent_til) AS kjent_til
FROM kjent JOIN datoer ON kjent.register = datoer.register
GROUP BY kjent.register
