-- one row per participation with an ordinary job in month 12 after exit: the employer of the largest one, as virksomhet knows it
-- Jobs of the same size: the employer with the lowest number. Nobody where the month has not been.
WITH jobber AS (
    SELECT deltakelse.deltakelse_key, arbeidsforhold.orgnr,
           row_number() OVER (
               PARTITION BY deltakelse.deltakelse_key ORDER BY arbeidsforhold.stillingsprosent DESC, arbeidsforhold.orgnr ASC
           ) AS nr
    FROM deltakelse
    JOIN arbeidsforhold
      ON deltakelse.person_key = arbeidsforhold.person_key
     AND arbeidsforhold.maaned = CAST(date_trunc('month', deltakelse.slutt_dato + INTERVAL 12 MONTH) AS DATE)
    JOIN dekning ON dekning.register = 'arbeidsforhold' AND arbeidsforhold.maaned <= dekning.kjent_til
    WHERE arbeidsforhold.type <> 'lonnstilskudd' AND arbeidsforhold.stillingsprosent > 0
),
virksomheter AS (
    SELECT virksomhet.orgnr, min(virksomhet.sektor) AS sektor, min(virksomhet.naering) AS naering
    FROM virksomhet
    GROUP BY virksomhet.orgnr
)
SELECT jobber.deltakelse_key, virksomheter.sektor,
       CASE WHEN regexp_matches(virksomheter.naering, '^[0-9][0-9]') THEN substr(virksomheter.naering, 1, 2) END AS naering
FROM jobber
JOIN virksomheter ON jobber.orgnr = virksomheter.orgnr
WHERE jobber.nr = 1
