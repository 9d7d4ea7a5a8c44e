-- one row per participation that has ended and whose November of the year after exit all three registers reach
-- Known for nobody whom one of them was never asked about. First match counts. Who is gone then (person_maaned) has no work, spell or registration and ends as annet_eller_ukjent.
WITH rekkevidde AS (
    SELECT CASE WHEN count(til) = 3 THEN max(fra) END AS fra, min(til) AS til
    FROM dekning
    WHERE register IN ('arbeidsforhold', 'utdanning', 'arbeidssoker')
),
ikke_spurt AS (
    SELECT DISTINCT deltakelse.deltakelse_key
    FROM deltakelse
    JOIN utenfor_uttrekk
      ON deltakelse.person_key = utenfor_uttrekk.person_key
     AND utenfor_uttrekk.register IN ('arbeidsforhold', 'utdanning', 'arbeidssoker')
     AND (utenfor_uttrekk.fra IS NULL
          OR make_date(CAST(year(deltakelse.slutt_dato) + 1 AS INTEGER), 11, 1) BETWEEN utenfor_uttrekk.fra AND utenfor_uttrekk.til)
)
SELECT deltakelse.deltakelse_key,
       CASE WHEN i_arbeid AND under_utdanning THEN 'sysselsatt_og_under_utdanning'
            WHEN i_arbeid THEN 'sysselsatt'
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
LEFT JOIN ikke_spurt ON deltakelse.deltakelse_key = ikke_spurt.deltakelse_key
WHERE person_maaned.maaned BETWEEN fra AND til AND ikke_spurt.deltakelse_key IS NULL
