-- one row per person and month registered at NAV; of several statuses the one that counts first in November's status
WITH statuser AS (SELECT ['helt_ledig', 'paa_tiltak', 'delvis_ledig', 'nedsatt_arbeidsevne'] AS liste)
SELECT arbeidssoker.person_key, arbeidssoker.maaned,
       any_value(liste)[min(list_position(liste, arbeidssoker.status))] AS status
FROM arbeidssoker
JOIN person_vindu
  ON arbeidssoker.person_key = person_vindu.person_key
 AND arbeidssoker.maaned BETWEEN person_vindu.fra AND person_vindu.til
CROSS JOIN statuser
GROUP BY arbeidssoker.person_key, arbeidssoker.maaned
