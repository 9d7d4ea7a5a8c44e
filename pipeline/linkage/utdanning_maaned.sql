-- one row per person and month of which an education spell covers a day, with the highest level; a spell that is planned has not begun
WITH person_maaneder AS (SELECT DISTINCT person_key, maaned FROM vindu),
rekkefolge AS (
    SELECT *
    FROM (VALUES ('grunnskole', 1), ('videregaende', 2), ('fagskole', 3), ('hoyere', 4)) AS liste (niva, plass)
),
hoyeste AS (
    SELECT person_maaneder.person_key, person_maaneder.maaned, max(rekkefolge.plass) AS plass
    FROM utdanning
    JOIN person_maaneder
      ON utdanning.person_key = person_maaneder.person_key
     AND utdanning.start_dato <= last_day(person_maaneder.maaned)
     AND (utdanning.slutt_dato IS NULL OR utdanning.slutt_dato >= person_maaneder.maaned)
    JOIN dekning ON dekning.register = 'utdanning' AND utdanning.start_dato <= dekning.kjent_til
    LEFT JOIN rekkefolge ON utdanning.niva = rekkefolge.niva
    GROUP BY person_maaneder.person_key, person_maaneder.maaned
)
SELECT hoyeste.person_key, hoyeste.maaned, rekkefolge.niva
FROM hoyeste
LEFT JOIN rekkefolge ON hoyeste.plass = rekkefolge.plass
