-- one row per register with participants: the last day that its extracts can know of (kjent_til)
-- The day the newest of them was received; where that is not told, the run's own day (kjoring).
SELECT liste.register, coalesce(max(uttrekk_rekkevidde.mottatt), max(kjoring.dag)) AS kjent_til
FROM (VALUES ('arbeidsforhold'), ('arbeidssoker'), ('ytelse'), ('selvstendig'), ('utdanning'), ('norskprove'), ('folkeregister'))
     AS liste (register)
CROSS JOIN kjoring
LEFT JOIN uttrekk_rekkevidde ON liste.register = uttrekk_rekkevidde.register
GROUP BY liste.register
