-- one row per ended placement; unknown where its employer is, and where the employment register tells nothing of her in one of the months (utenfor)
-- As for the months after exit: known only when the employment extract reaches every month, were "no" known before "yes" the share would be biased.
WITH avsluttet AS (
    SELECT tiltak.tiltak_id, tiltak.prosjekt_id, tiltak.deltakelse_key, deltakelse.person_key,
           tiltak.arbeidsgiver_orgnr AS orgnr,
           CAST(date_trunc('month', least(coalesce(tiltak.slutt_dato, deltakelse.slutt_dato),
                                          coalesce(deltakelse.slutt_dato, tiltak.slutt_dato))) AS DATE) AS slutt_maaned
    FROM tiltak
    JOIN deltakelse ON tiltak.deltakelse_key = deltakelse.deltakelse_key
    WHERE tiltak.er_praksis
      AND coalesce(tiltak.slutt_dato, deltakelse.slutt_dato) IS NOT NULL
      AND least(coalesce(tiltak.slutt_dato, deltakelse.slutt_dato), coalesce(deltakelse.slutt_dato, tiltak.slutt_dato)) <= deltakelse.statusdato
),
ansatt AS (
    SELECT DISTINCT avsluttet.prosjekt_id, avsluttet.tiltak_id
    FROM avsluttet
    JOIN arbeidsforhold
      ON avsluttet.person_key = arbeidsforhold.person_key
     AND avsluttet.orgnr = arbeidsforhold.orgnr
     AND arbeidsforhold.maaned BETWEEN slutt_maaned AND slutt_maaned + INTERVAL 12 MONTH
    WHERE arbeidsforhold.type <> 'lonnstilskudd' AND arbeidsforhold.stillingsprosent > 0
),
ukjent AS (
    SELECT DISTINCT avsluttet.prosjekt_id, avsluttet.tiltak_id
    FROM avsluttet
    JOIN utenfor
      ON avsluttet.person_key = utenfor.person_key
     AND utenfor.register = 'arbeidsforhold'
     AND (utenfor.fra IS NULL OR utenfor.fra <= slutt_maaned + INTERVAL 12 MONTH AND utenfor.til >= slutt_maaned)
),
rekkevidde AS (SELECT fra, til FROM dekning WHERE register = 'arbeidsforhold')
SELECT avsluttet.tiltak_id, avsluttet.prosjekt_id, avsluttet.deltakelse_key,
       CASE WHEN orgnr IS NOT NULL AND ukjent.tiltak_id IS NULL
             AND slutt_maaned >= rekkevidde.fra AND slutt_maaned + INTERVAL 12 MONTH <= rekkevidde.til
            THEN ansatt.tiltak_id IS NOT NULL END AS ansatt_hos_praksisgiver
FROM avsluttet
CROSS JOIN rekkevidde
LEFT JOIN ansatt ON avsluttet.prosjekt_id = ansatt.prosjekt_id AND avsluttet.tiltak_id = ansatt.tiltak_id
LEFT JOIN ukjent ON avsluttet.prosjekt_id = ukjent.prosjekt_id AND avsluttet.tiltak_id = ukjent.tiltak_id
