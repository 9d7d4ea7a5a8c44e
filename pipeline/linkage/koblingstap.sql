-- one row per register with an extract, group variable and group: how many participations the register knows and does not know
-- Groups are compared within a register: the share of the lost that belong to the group against the same share of the matched, over
-- the mean of both variances. Null where nobody is lost or nobody matched, and where all or none on both sides belong to the group.
-- Who was never asked about is neither matched nor lost, and not counted.
WITH ikke_spurt AS (SELECT DISTINCT register, person_key FROM utenfor_uttrekk),
grupper AS (
    SELECT person_key, 'alle' AS dim, 'alle' AS dim_verdi FROM deltakelse
    UNION ALL
    SELECT person_key, 'kjonn', coalesce(kjonn, 'ukjent') FROM deltakelse
    UNION ALL
    SELECT person_key, 'aldersgruppe',
           CASE WHEN alder_start < 25 THEN 'under_25'
                WHEN alder_start < 35 THEN '25_34'
                WHEN alder_start < 45 THEN '35_44'
                WHEN alder_start >= 45 THEN '45_og_over'
                ELSE 'ukjent' END
    FROM deltakelse
    UNION ALL
    SELECT person_key, 'landgruppe', coalesce(landgruppe, 'ukjent') FROM deltakelse
    UNION ALL
    SELECT person_key, 'malgruppe', coalesce(malgruppe, 'ukjent') FROM deltakelse
    UNION ALL
    SELECT person_key, 'startaar', coalesce(CAST(year(start_dato) AS VARCHAR), 'ukjent') FROM deltakelse
    UNION ALL
    SELECT person_key, 'fylke_nr', coalesce(fylke_nr, 'ukjent') FROM deltakelse
    UNION ALL
    SELECT person_key, 'avsender', coalesce(avsender, 'ukjent') FROM deltakelse
),
antall AS (
    SELECT dekning.register, grupper.dim, grupper.dim_verdi,
           count(*) AS n_deltakelser, count(registertreff.person_key) AS n_koblet
    FROM grupper
    CROSS JOIN dekning
    LEFT JOIN registertreff ON grupper.person_key = registertreff.person_key AND dekning.register = registertreff.register
    LEFT JOIN ikke_spurt ON grupper.person_key = ikke_spurt.person_key AND dekning.register = ikke_spurt.register
    WHERE dekning.til IS NOT NULL AND (registertreff.person_key IS NOT NULL OR ikke_spurt.person_key IS NULL)
    GROUP BY dekning.register, grupper.dim, grupper.dim_verdi
),
andeler AS (
    SELECT antall.register, antall.dim, antall.dim_verdi, antall.n_deltakelser, antall.n_koblet,
           antall.n_deltakelser - antall.n_koblet AS n_ikke_koblet,
           CASE WHEN alle.n_koblet > 0
                THEN CAST(antall.n_koblet AS DOUBLE) / CAST(alle.n_koblet AS DOUBLE) END AS andel_av_koblede,
           CASE WHEN alle.n_deltakelser > alle.n_koblet
                THEN CAST(antall.n_deltakelser - antall.n_koblet AS DOUBLE)
                     / CAST(alle.n_deltakelser - alle.n_koblet AS DOUBLE) END AS andel_av_tapte
    FROM antall
    JOIN antall AS alle ON antall.register = alle.register AND alle.dim = 'alle'
),
spredning AS (
    SELECT register, dim, dim_verdi, n_deltakelser, n_koblet, n_ikke_koblet, andel_av_koblede, andel_av_tapte,
           (andel_av_tapte * (1 - andel_av_tapte) + andel_av_koblede * (1 - andel_av_koblede)) / 2 AS varians
    FROM andeler
)
SELECT register,
       CASE WHEN register = 'folkeregister' THEN 'ukjent_i_registeret' ELSE 'ingen_hendelse' END AS betydning,
       dim, dim_verdi, n_deltakelser, n_koblet, n_ikke_koblet,
       CAST(n_koblet AS DOUBLE) / CAST(n_deltakelser AS DOUBLE) AS andel_koblet,
       andel_av_tapte, andel_av_koblede,
       CASE WHEN varians > 0 THEN (andel_av_tapte - andel_av_koblede) / sqrt(varians) END AS standardisert_differanse
FROM spredning
