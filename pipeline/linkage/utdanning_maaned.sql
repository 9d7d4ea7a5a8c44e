-- one row per person and month of which an education spell covers a day, with the highest level
WITH person_maaneder AS (SELECT DISTINCT person_key, maaned FROM vindu),
nivaaer AS (SELECT ['grunnskole', 'videregaende', 'fagskole', 'hoyere'] AS liste)
SELECT person_maaneder.person_key, person_maaneder.maaned,
       any_value(liste)[max(list_position(liste, utdanning.niva))] AS niva
FROM utdanning
JOIN person_maaneder
  ON utdanning.person_key = person_maaneder.person_key
 AND utdanning.start_dato <= last_day(person_maaneder.maaned)
 AND (utdanning.slutt_dato IS NULL OR utdanning.slutt_dato >= person_maaneder.maaned)
CROSS JOIN nivaaer
GROUP BY person_maaneder.person_key, person_maaneder.maaned
