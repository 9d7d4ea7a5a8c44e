-- one row per register and owner of projects, and one per register for all of them
-- A register without any row has not been delivered: nothing is known about matches, so the count is null, not 0.
-- Who was never asked about is neither matched nor lost, and not counted.
WITH ikke_spurt AS (SELECT DISTINCT register, person_key FROM utenfor_uttrekk),
enkeltvis AS (
    SELECT dekning.register, dekning.til, deltakelse.avsender, registertreff.person_key IS NOT NULL AS koblet
    FROM deltakelse
    CROSS JOIN dekning
    LEFT JOIN registertreff
      ON deltakelse.person_key = registertreff.person_key AND dekning.register = registertreff.register
    LEFT JOIN ikke_spurt
      ON deltakelse.person_key = ikke_spurt.person_key AND dekning.register = ikke_spurt.register
    WHERE registertreff.person_key IS NOT NULL OR ikke_spurt.person_key IS NULL
),
begge AS (
    SELECT register, til, avsender, koblet FROM enkeltvis
    UNION ALL
    SELECT register, til, 'alle', koblet FROM enkeltvis
)
SELECT register, avsender, count(*) AS n_deltakelser,
       CASE WHEN til IS NOT NULL THEN count(*) FILTER (WHERE koblet) END AS n_koblet,
       til AS siste_maaned
FROM begge
GROUP BY register, avsender, til
