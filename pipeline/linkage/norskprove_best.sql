-- one row per participation whose person has taken a part test: the level reached on all four parts, null when a part is missing
WITH nivaaer AS (SELECT ['under_a1', 'a1', 'a2', 'b1', 'b2', 'c1'] AS liste),
delprover AS (
    SELECT deltakelse.deltakelse_key, norskprove.delprove, liste,
           max(list_position(liste, niva)) FILTER (WHERE prove_dato < start_dato) AS foer,
           max(list_position(liste, niva)) FILTER (WHERE prove_dato <= slutt_dato + INTERVAL 12 MONTH) AS etter
    FROM deltakelse
    JOIN norskprove ON deltakelse.person_key = norskprove.person_key
    CROSS JOIN nivaaer
    WHERE norskprove.delprove IN ('lese', 'lytte', 'skrive', 'muntlig')
    GROUP BY deltakelse.deltakelse_key, norskprove.delprove, liste
)
SELECT deltakelse_key,
       CASE WHEN count(foer) = 4 THEN liste[min(foer)] END AS foer,
       CASE WHEN count(etter) = 4 THEN liste[min(etter)] END AS etter
FROM delprover
GROUP BY deltakelse_key, liste
