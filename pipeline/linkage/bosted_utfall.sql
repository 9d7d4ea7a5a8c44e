-- one row per participation that has ended and whose person folkeregister reaches and knows in a month that is asked for
-- Numbers that no longer exist are compared as what they have become; a number that never existed (9999) is no municipality.
WITH rekkevidde AS (SELECT fra, til FROM dekning WHERE register = 'folkeregister'),
maaneder AS (
    SELECT deltakelse.deltakelse_key, person_maaned.m_slutt, person_maaned.bosatt_status,
           nullif(person_maaned.bosted_komm_nr_ref, '9999') AS kommune,
           person_maaned.maaned = make_date(CAST(year(deltakelse.slutt_dato) + 1 AS INTEGER), 11, 1) AS er_november
    FROM deltakelse
    JOIN person_maaned ON deltakelse.deltakelse_key = person_maaned.deltakelse_key
    CROSS JOIN rekkevidde
    WHERE deltakelse.slutt_dato IS NOT NULL AND person_maaned.maaned BETWEEN fra AND til
)
SELECT deltakelse_key,
       max(bosatt_status) FILTER (WHERE m_slutt = 12) AS bosatt_12m,
       max(bosatt_status) FILTER (WHERE er_november) AS bosatt_november,
       max(kommune) FILTER (WHERE m_slutt = 12) <> max(kommune) FILTER (WHERE m_slutt = 0) AS flyttet_12m
FROM maaneder
GROUP BY deltakelse_key
