-- one row per person: the months any of her participations looks at
SELECT person_key, min(maaned) AS fra, max(maaned) AS til
FROM vindu
GROUP BY person_key
