-- one row per person and month that has been, registered at NAV; of several statuses the one that counts first in November's status
WITH rekkefolge AS (
    SELECT *
    FROM (VALUES ('helt_ledig', 1), ('paa_tiltak', 2), ('delvis_ledig', 3), ('nedsatt_arbeidsevne', 4)) AS liste (status, plass)
),
forste AS (
    SELECT arbeidssoker.person_key, arbeidssoker.maaned, min(rekkefolge.plass) AS plass
    FROM arbeidssoker
    JOIN person_vindu
      ON arbeidssoker.person_key = person_vindu.person_key
     AND arbeidssoker.maaned BETWEEN person_vindu.fra AND person_vindu.til
    JOIN dekning ON dekning.register = 'arbeidssoker' AND arbeidssoker.maaned <= dekning.kjent_til
    LEFT JOIN rekkefolge ON arbeidssoker.status = rekkefolge.status
    GROUP BY arbeidssoker.person_key, arbeidssoker.maaned
)
SELECT forste.person_key, forste.maaned, rekkefolge.status
FROM forste
LEFT JOIN rekkefolge ON forste.plass = rekkefolge.plass
