-- one row per participation that has ended and whose November of the year after exit all three registers reach
-- First match counts. Emigrated and dead persons have no work, spell or registration and end as annet_eller_ukjent.
WITH rekkevidde AS (SELECT fra, til FROM dekning WHERE register = 'arbeidssoker')
SELECT deltakelse.deltakelse_key,
       CASE WHEN i_arbeid AND NOT under_utdanning THEN 'sysselsatt'
            WHEN i_arbeid AND under_utdanning THEN 'sysselsatt_og_under_utdanning'
            WHEN under_utdanning THEN 'under_utdanning'
            WHEN arbeidssoker_status = 'helt_ledig' THEN 'helt_ledig'
            WHEN arbeidssoker_status = 'paa_tiltak' THEN 'paa_tiltak'
            ELSE 'annet_eller_ukjent'
       END AS november_status
FROM deltakelse
JOIN person_maaned
  ON deltakelse.deltakelse_key = person_maaned.deltakelse_key
 AND person_maaned.maaned = make_date(CAST(year(deltakelse.slutt_dato) + 1 AS INTEGER), 11, 1)
CROSS JOIN rekkevidde
WHERE i_arbeid IS NOT NULL AND under_utdanning IS NOT NULL AND person_maaned.maaned BETWEEN fra AND til
