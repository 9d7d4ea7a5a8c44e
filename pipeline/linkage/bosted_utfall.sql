-- one row per participation that has ended and whose person folkeregister reaches and knows on a day that is asked for
-- Many move in the days after they leave: the municipality of month 12 is compared with that of the last day in the programme.
-- Numbers that no longer exist are compared as what they have become; a number that never existed is no municipality.
WITH rekkevidde AS (SELECT fra, til FROM dekning WHERE register = 'folkeregister'),
rekkefolge AS (
    SELECT *
    FROM (VALUES ('bosatt', 1), ('utvandret', 2), ('dod', 3)) AS liste (status, plass)
),
spenn_ved_slutt AS (
    SELECT deltakelse.deltakelse_key, folkeregister.status, folkeregister.komm_nr,
           row_number() OVER (
               PARTITION BY deltakelse.deltakelse_key
               ORDER BY folkeregister.gyldig_fra DESC, coalesce(rekkefolge.plass, 0) DESC, coalesce(folkeregister.komm_nr, '') DESC
           ) AS nr
    FROM deltakelse
    JOIN folkeregister
      ON deltakelse.person_key = folkeregister.person_key
     AND folkeregister.gyldig_fra <= deltakelse.slutt_dato
     AND (folkeregister.gyldig_til IS NULL OR folkeregister.gyldig_til > deltakelse.slutt_dato)
    LEFT JOIN rekkefolge ON folkeregister.status = rekkefolge.status
),
ved_slutt AS (
    SELECT spenn_ved_slutt.deltakelse_key, kommune_ref.komm_nr_ref AS kommune
    FROM spenn_ved_slutt
    JOIN kommune_ref ON spenn_ved_slutt.komm_nr = kommune_ref.komm_nr
    WHERE spenn_ved_slutt.nr = 1 AND spenn_ved_slutt.status = 'bosatt' AND kommune_ref.komm_nr_ref <> '9999'
),
etterpaa AS (
    SELECT deltakelse.deltakelse_key,
           max(person_maaned.bosatt_status) FILTER (WHERE person_maaned.m_slutt = 12) AS bosatt_12m,
           max(person_maaned.bosatt_status)
               FILTER (WHERE person_maaned.maaned = make_date(CAST(year(deltakelse.slutt_dato) + 1 AS INTEGER), 11, 1)) AS bosatt_november,
           nullif(max(person_maaned.bosted_komm_nr_ref) FILTER (WHERE person_maaned.m_slutt = 12), '9999') AS kommune
    FROM deltakelse
    JOIN person_maaned ON deltakelse.deltakelse_key = person_maaned.deltakelse_key
    CROSS JOIN rekkevidde
    WHERE deltakelse.slutt_dato IS NOT NULL AND person_maaned.maaned BETWEEN fra AND til
    GROUP BY deltakelse.deltakelse_key
)
SELECT etterpaa.deltakelse_key, bosatt_12m, bosatt_november, etterpaa.kommune <> ved_slutt.kommune AS flyttet_12m
FROM etterpaa
LEFT JOIN ved_slutt ON etterpaa.deltakelse_key = ved_slutt.deltakelse_key
