-- one row per person and month of which a spell holds the last day: residence then, and whether she was gone the whole month
-- Of spells that hold on a day the latest counts; of those that begin on the same day death goes before emigration, and that before
-- residence; a status outside the list says nothing. A planned move has not been made.
-- Gone: dead or emigrated on the first day of the month and on the last.
WITH person_maaneder AS (SELECT DISTINCT person_key, maaned FROM vindu),
rekkefolge AS (
    SELECT *
    FROM (VALUES ('bosatt', 1), ('utvandret', 2), ('dod', 3)) AS liste (status, plass)
),
spenn AS (
    SELECT person_maaneder.person_key, person_maaneder.maaned, rekkefolge.status, rekkefolge.plass,
           folkeregister.gyldig_fra, folkeregister.komm_nr,
           coalesce(folkeregister.gyldig_til > last_day(person_maaneder.maaned), true) AS siste_dag,
           folkeregister.gyldig_fra <= person_maaneder.maaned AS forste_dag
    FROM folkeregister
    JOIN person_maaneder
      ON folkeregister.person_key = person_maaneder.person_key
     AND folkeregister.gyldig_fra <= last_day(person_maaneder.maaned)
     AND (folkeregister.gyldig_til IS NULL OR folkeregister.gyldig_til > person_maaneder.maaned)
    JOIN dekning ON dekning.register = 'folkeregister' AND folkeregister.gyldig_fra <= dekning.kjent_til
    LEFT JOIN rekkefolge ON folkeregister.status = rekkefolge.status
),
ved_utgangen AS (
    SELECT person_key, maaned, status, komm_nr,
           row_number() OVER (
               PARTITION BY person_key, maaned ORDER BY gyldig_fra DESC, coalesce(plass, 0) DESC, coalesce(komm_nr, '') DESC
           ) AS nr
    FROM spenn
    WHERE siste_dag
),
ved_inngangen AS (
    SELECT person_key, maaned, status,
           row_number() OVER (PARTITION BY person_key, maaned ORDER BY gyldig_fra DESC, coalesce(plass, 0) DESC) AS nr
    FROM spenn
    WHERE forste_dag
)
SELECT ved_utgangen.person_key, ved_utgangen.maaned, ved_utgangen.status,
       CASE WHEN ved_utgangen.status = 'bosatt' THEN ved_utgangen.komm_nr END AS komm_nr,
       coalesce(ved_utgangen.status IN ('utvandret', 'dod') AND ved_inngangen.status IN ('utvandret', 'dod'), false) AS borte
FROM ved_utgangen
LEFT JOIN ved_inngangen
  ON ved_utgangen.person_key = ved_inngangen.person_key
 AND ved_utgangen.maaned = ved_inngangen.maaned
 AND ved_inngangen.nr = 1
WHERE ved_utgangen.nr = 1
