-- one row per person: the months any of her participations looks at
SELECT person_key,
       make_date(CAST(min(forste_nr) // 12 AS INTEGER), CAST(min(forste_nr) % 12 + 1 AS INTEGER), 1) AS fra,
       make_date(CAST(max(siste_nr) // 12 AS INTEGER), CAST(max(siste_nr) % 12 + 1 AS INTEGER), 1) AS til
FROM spenn
GROUP BY person_key
