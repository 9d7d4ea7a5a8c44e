-- one row per participation and month from that of start + 104 weeks to 12 months later: work as an outcome of the programme
-- Seen from the start death is one of the ways to leave, and competes with work: the dead are not in work. Of the emigrated nothing is
-- known, as of those whom a register does not reach.
WITH rekkevidde AS (SELECT fra, til FROM dekning WHERE register = 'arbeidsforhold'),
siktet AS (
    SELECT deltakelse_key, CAST(date_trunc('month', start_dato + INTERVAL 728 DAY) AS DATE) AS uke_104
    FROM deltakelse
)
SELECT siktet.deltakelse_key, person_maaned.maaned, person_maaned.maaned = siktet.uke_104 AS er_uke_104,
       CASE WHEN i_arbeid IS NOT NULL THEN i_arbeid
            WHEN bosatt_status = 'dod' AND person_maaned.maaned BETWEEN fra AND til THEN false
       END AS i_arbeid
FROM siktet
JOIN person_maaned
  ON siktet.deltakelse_key = person_maaned.deltakelse_key
 AND person_maaned.maaned >= siktet.uke_104
 AND person_maaned.maaned <= siktet.uke_104 + INTERVAL 12 MONTH
CROSS JOIN rekkevidde
