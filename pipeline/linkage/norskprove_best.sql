-- one row per participation whose person has taken a part test: the level reached on all four parts, null when a part is missing
-- A level once reached is kept: what is best after is never below what was best before. A test that is booked has not been taken.
WITH rekkefolge AS (
    SELECT *
    FROM (VALUES ('under_a1', 1), ('a1', 2), ('a2', 3), ('b1', 4), ('b2', 5), ('c1', 6)) AS liste (niva, plass)
),
delprover AS (
    SELECT deltakelse.deltakelse_key, norskprove.delprove,
           max(plass) FILTER (WHERE prove_dato < start_dato) AS foer,
           max(plass) FILTER (WHERE prove_dato <= slutt_dato + INTERVAL 12 MONTH) AS etter
    FROM deltakelse
    JOIN norskprove ON deltakelse.person_key = norskprove.person_key
    JOIN dekning ON dekning.register = 'norskprove' AND norskprove.prove_dato <= dekning.kjent_til
    LEFT JOIN rekkefolge ON norskprove.niva = rekkefolge.niva
    WHERE norskprove.delprove IN ('lese', 'lytte', 'skrive', 'muntlig')
    GROUP BY deltakelse.deltakelse_key, norskprove.delprove
),
samlet AS (
    SELECT deltakelse_key,
           CASE WHEN count(foer) = 4 THEN min(foer) END AS foer,
           CASE WHEN count(etter) = 4 THEN min(etter) END AS etter
    FROM delprover
    GROUP BY deltakelse_key
)
SELECT samlet.deltakelse_key, niva_foer.niva AS foer, niva_etter.niva AS etter, samlet.etter - samlet.foer AS trinn
FROM samlet
LEFT JOIN rekkefolge AS niva_foer ON samlet.foer = niva_foer.plass
LEFT JOIN rekkefolge AS niva_etter ON samlet.etter = niva_etter.plass
