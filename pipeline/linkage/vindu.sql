-- one row per participation and calendar month: 12 months before start to 60 after exit, or to the extracts' end
-- The *_dekket columns say whether each monthly register reaches the month.
WITH rekkevidde AS (
    SELECT max(til) FILTER (WHERE register IN ('arbeidsforhold', 'selvstendig', 'utdanning', 'arbeidssoker', 'ytelse')) AS siste,
           max(fra) FILTER (WHERE register = 'arbeidsforhold') AS arbeid_fra,
           max(til) FILTER (WHERE register = 'arbeidsforhold') AS arbeid_til,
           max(fra) FILTER (WHERE register = 'selvstendig') AS selvstendig_fra,
           max(til) FILTER (WHERE register = 'selvstendig') AS selvstendig_til,
           max(fra) FILTER (WHERE register = 'utdanning') AS utdanning_fra,
           max(til) FILTER (WHERE register = 'utdanning') AS utdanning_til,
           max(fra) FILTER (WHERE register = 'ytelse') AS ytelse_fra,
           max(til) FILTER (WHERE register = 'ytelse') AS ytelse_til
    FROM dekning
),
grenser AS (
    SELECT deltakelse_key, person_key,
           CAST(date_trunc('month', start_dato) AS DATE) AS start_maaned,
           CAST(date_trunc('month', slutt_dato) AS DATE) AS slutt_maaned
    FROM deltakelse
),
maaneder AS (
    SELECT grenser.*,
           CAST(unnest(generate_series(
               start_maaned - to_months($maaneder_foer),
               least(slutt_maaned + to_months($maaneder_etter), coalesce(siste, slutt_maaned, start_maaned)),
               INTERVAL 1 MONTH
           )) AS DATE) AS maaned
    FROM grenser CROSS JOIN rekkevidde
)
SELECT deltakelse_key, person_key, maaned,
       datediff('month', start_maaned, maaned) AS m_start,
       datediff('month', slutt_maaned, maaned) AS m_slutt,
       coalesce(maaned BETWEEN arbeid_fra AND arbeid_til, false) AS arbeid_dekket,
       coalesce(maaned BETWEEN selvstendig_fra AND selvstendig_til, false) AS selvstendig_dekket,
       coalesce(maaned BETWEEN utdanning_fra AND utdanning_til, false) AS utdanning_dekket,
       coalesce(maaned BETWEEN ytelse_fra AND ytelse_til, false) AS ytelse_dekket
FROM maaneder CROSS JOIN rekkevidde
