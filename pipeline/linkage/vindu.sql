-- one row per participation and calendar month: 12 months before start to 60 after exit, or to the extracts' end
-- Months are numbered (year * 12 + month - 1), so that months apart are a subtraction. The *_dekket columns say whether each
-- monthly register reaches the month.
WITH rekkevidde AS (
    SELECT max(fra) FILTER (WHERE register = 'arbeidsforhold') AS arbeid_fra,
           max(til) FILTER (WHERE register = 'arbeidsforhold') AS arbeid_til,
           max(fra) FILTER (WHERE register = 'selvstendig') AS selvstendig_fra,
           max(til) FILTER (WHERE register = 'selvstendig') AS selvstendig_til,
           max(fra) FILTER (WHERE register = 'utdanning') AS utdanning_fra,
           max(til) FILTER (WHERE register = 'utdanning') AS utdanning_til,
           max(fra) FILTER (WHERE register = 'ytelse') AS ytelse_fra,
           max(til) FILTER (WHERE register = 'ytelse') AS ytelse_til
    FROM dekning
),
steg AS (
    SELECT deltakelse_key, person_key, start_nr, slutt_nr, forste_nr,
           unnest(generate_series(0, siste_nr - forste_nr)) AS i
    FROM spenn
),
maaneder AS (
    SELECT deltakelse_key, person_key,
           forste_nr + i - start_nr AS m_start,
           forste_nr + i - slutt_nr AS m_slutt,
           make_date(CAST((forste_nr + i) // 12 AS INTEGER), CAST((forste_nr + i) % 12 + 1 AS INTEGER), 1) AS maaned
    FROM steg
)
SELECT deltakelse_key, person_key, maaned, m_start, m_slutt,
       coalesce(maaned BETWEEN arbeid_fra AND arbeid_til, false) AS arbeid_dekket,
       coalesce(maaned BETWEEN selvstendig_fra AND selvstendig_til, false) AS selvstendig_dekket,
       coalesce(maaned BETWEEN utdanning_fra AND utdanning_til, false) AS utdanning_dekket,
       coalesce(maaned BETWEEN ytelse_fra AND ytelse_til, false) AS ytelse_dekket
FROM maaneder CROSS JOIN rekkevidde
