-- one row per person and month: residence on the last day of the month, by the latest spell that holds then
WITH person_maaneder AS (SELECT DISTINCT person_key, maaned FROM vindu),
statuser AS (SELECT ['bosatt', 'utvandret', 'dod'] AS liste),
gjeldende AS (
    SELECT person_maaneder.person_key, person_maaneder.maaned, liste,
           max(struct_pack(fra := gyldig_fra, rang := coalesce(list_position(liste, status), 0))) AS siste
    FROM folkeregister
    JOIN person_maaneder
      ON folkeregister.person_key = person_maaneder.person_key
     AND folkeregister.gyldig_fra <= last_day(person_maaneder.maaned)
     AND (folkeregister.gyldig_til IS NULL OR folkeregister.gyldig_til > last_day(person_maaneder.maaned))
    CROSS JOIN statuser
    GROUP BY person_maaneder.person_key, person_maaneder.maaned, liste
)
SELECT person_key, maaned, liste[siste.rang] AS status FROM gjeldende
