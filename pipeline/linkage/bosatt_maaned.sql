-- one row per person and month: residence on the last day of the month, by the latest spell that holds then
-- Of spells that begin on the same day death goes before emigration, and that before residence; a status outside the list says nothing.
WITH person_maaneder AS (SELECT DISTINCT person_key, maaned FROM vindu),
rekkefolge AS (
    SELECT *
    FROM (VALUES ('bosatt', 1), ('utvandret', 2), ('dod', 3)) AS liste (status, plass)
),
gjeldende AS (
    SELECT person_maaneder.person_key, person_maaneder.maaned, rekkefolge.status,
           row_number() OVER (
               PARTITION BY person_maaneder.person_key, person_maaneder.maaned
               ORDER BY folkeregister.gyldig_fra DESC, coalesce(rekkefolge.plass, 0) DESC
           ) AS nr
    FROM folkeregister
    JOIN person_maaneder
      ON folkeregister.person_key = person_maaneder.person_key
     AND folkeregister.gyldig_fra <= last_day(person_maaneder.maaned)
     AND (folkeregister.gyldig_til IS NULL OR folkeregister.gyldig_til > last_day(person_maaneder.maaned))
    LEFT JOIN rekkefolge ON folkeregister.status = rekkefolge.status
)
SELECT person_key, maaned, status FROM gjeldende WHERE nr = 1
