-- one row per participation with a month to look at: the first and the last, 12 months before start to 60 after exit or the extracts' end
-- Months are numbered (year * 12 + month - 1), so that months apart are a subtraction.
WITH rekkevidde AS (
    SELECT max(year(til) * 12 + month(til) - 1) AS siste_nr
    FROM dekning
    WHERE register IN ('arbeidsforhold', 'selvstendig', 'utdanning', 'arbeidssoker', 'ytelse')
),
grenser AS (
    SELECT deltakelse_key, person_key,
           year(start_dato) * 12 + month(start_dato) - 1 AS start_nr,
           year(slutt_dato) * 12 + month(slutt_dato) - 1 AS slutt_nr
    FROM deltakelse
),
alle AS (
    SELECT deltakelse_key, person_key, start_nr, slutt_nr,
           start_nr - $maaneder_foer AS forste_nr,
           least(slutt_nr + $maaneder_etter, coalesce(siste_nr, slutt_nr, start_nr)) AS siste_nr
    FROM grenser CROSS JOIN rekkevidde
)
SELECT deltakelse_key, person_key, start_nr, slutt_nr, forste_nr, siste_nr
FROM alle
WHERE siste_nr >= forste_nr
