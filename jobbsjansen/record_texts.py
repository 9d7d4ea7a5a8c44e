"""The written parts of the record of processing, in bokmål: what no table description can say.

Belongs here: words. Must not be here: anything that is counted or looked up (``processing_record.py``).
"""

HEAD = """# Behandlingsprotokoll

Utkast etter personvernforordningen artikkel 30. Laget av `make docs` fra `pipeline/tables/` og `pipeline/tables/formaal.toml`; ikke
rediger for hånd. `make check` stopper når protokollen er foreldet, og når en kolonne mangler formål, grunnlag eller lagringstid.

Programmet kan ikke avgjøre rettsspørsmål. Det som ikke er avklart, er merket «forslag, må avklares av behandlingsansvarlig».
Vurderingen av personvernkonsekvenser står i `docs/dpia.md`, betydningen av hver kolonne i `docs/data-dictionary.md`."""

CONTROLLER = """
| | |
|---|---|
| Behandlingsansvarlig | [fylles ut: virksomhet, organisasjonsnummer, adresse] |
| Kontakt | [fylles ut] |
| Personvernombud | [fylles ut: navn, e-post, telefon] |
| Felles behandlingsansvarlige | [avklares: kommuner og bydeler er selv ansvarlige for sine egne registre] |
| Databehandlere | [fylles ut: drift, sikkerhetskopi, eventuelle skytjenester; avtale etter art. 28] |
| Protokollen er godkjent | [dato, av hvem] |
"""

RECIPIENTS = """
- **Avsenderne** (kommuner, bydeler, IMDi) får kvittering for egen leveranse og egne tall: radnummer og antall, aldri verdier. Én avsender
  ser ikke hva en annen har levert.
- **Registereiere** får en liste over deltakernes nummer, så uttrekket kan begrenses til dem (`jobbsjansen roster`): bare nummeret, kryptert
  til eierens egen nøkkel og ført i en logg.
- **Statistisk sentralbyrå** får minimert mikrodata; vedlegget viser hvilke kolonner. Pseudonymene er SSBs egne og kan ikke kobles til andre
  mottakeres.
- **Analytikere med tilgang** får de pseudonymiserte tabellene (`home/snapshot/jobbsjansen.duckdb`): ingen fødselsnummer, navn, adresse
  eller fritekst. Opplysningene er fortsatt personopplysninger.
- **Offentligheten** får utgivelser og nettsider: bare tall som har gått gjennom kontrollen mot avsløring."""

TRANSFERS = """
Programmet sender ingenting ut av maskinen det kjører på. Hentes data til en skytjeneste eller et kluster, må behandlingsansvarlig selv
avklare overføringen (kapittel V)."""

RETENTION = """
Programmet sletter ikke etter alder. En person slettes med `jobbsjansen erase`: den identifiserte sonen straks, alt som er avledet, ved
neste nattkjøring, og hver mottaker får en sletteliste. Fristene under er forslag, og behandlingsansvarlig må bestemme dem og sørge for
at de blir fulgt. Sikkerhetskopier følger driftens egne frister og må regnes med."""

MEASURES = """
- **Soner.** Identifisert, pseudonymisert og utgitt sone er skilt i koden: senere ledd kan ikke importere tidligere, og testene stopper den
  som prøver. Identifisert sone er bare lesbar for eieren (0700).
- **Nøkler.** Pseudonymene lages med HMAC-SHA256 og en hemmelig nøkkel som ligger utenfor hjemmet (0600 eller nøkkeltjeneste). Hver mottaker
  og hver registereier har sitt eget nøkkelledd, så to mottakere ikke kan koble filene sine. Feil nøkkel stopper kjøringen før noe skrives.
- **Fritekst.** Navn, kontakt og svar med egne ord blir i identifisert sone; fødselsnummer i fritekst blir funnet og meldt med radnummer.
- **Feilmeldinger og logger.** Ingen melding, logg eller kvittering inneholder verdier eller pseudonymer; en test planter kjente nummer og
  leter etter dem i hver fil som blir skrevet.
- **Minimering.** Registeruttrekk begrenses til deltakere. Helbefolkningsuttrekk krever at grunnlaget er registrert.
- **Kontroll mot avsløring.** Én port for alt som vises: terskel, sekundær undertrykking, en uavhengig revisjon, og vern mot at to
  utgivelser trekkes fra hverandre. Utgivelser er nummererte og endres ikke.
- **Kvitteringer og bokføring.** Hver leveranse har en kvittering og en linje i hovedboken; hver sletting og deltakerliste er ført.
- **Sletting.** Slettede personer holdes ute ved en nøklet referanse som ikke leder tilbake uten nøkkelen.
"""
