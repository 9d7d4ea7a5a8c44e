# Hvem deltar i Jobbsjansen, og hvor mange går videre til arbeid eller utdanning?
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# Et første blikk på analysefilen (`snapshot/jobbsjansen.duckdb`). `tabell()` teller deltakelser og skjuler små tall, og skriver
# ut hva som ble skjult. Det som vises her, kan leses høyt. Det som er skjult, skal ikke regnes ut på andre måter.

# %%
import polars as pl

from jobbsjansen.analyst import figur, open_snapshot, tabell

pl.Config.set_tbl_rows(40)
pl.Config.set_tbl_hide_dataframe_shape(True)
con = open_snapshot()

# %% [markdown]
# ## Hvilke tabeller finnes?

# %%
print(con.sql("SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL").pl())

# %% [markdown]
# ## Hvor mange begynte hvert år, og i hvilke målgrupper?

# %%
startet = tabell(con, "klargjort.deltakelse", by="start_dato")
print(startet)
figur(startet, x="start_dato", tittel="Deltakelser etter startår")

# %%
print(tabell(con, "klargjort.deltakelse", by=["malgruppe", "kjonn"]))

# %% [markdown]
# ## Hvor mange gikk direkte til arbeid eller utdanning?
# De som fortsatt deltar, er utelatt. `utfaset` = «I alt» er alle avsluttede, også dem med ukjent årsak. `utfaset` = «false» er
# uten dem som ble faset ut sammen med prosjektet. Begge nevnere hentes i én tabell, for da beskyttes de sammen: to tabeller som
# bare skiller noen få personer, kan avsløre dem.

# %%
overgang = tabell(con, "klargjort.deltakelse", by=["slutt_dato", "utfaset"], utfall="overgang")
print(overgang)
figur(overgang, x="slutt_dato", y="andel", tittel="Direkte overgang etter sluttår, alle avsluttede")

# %%
print(tabell(con, "klargjort.deltakelse", by="malgruppe", utfall="overgang"))

# %% [markdown]
# ## Hva du kan si

# %%
i_alt = overgang.filter(pl.col("slutt_dato") == "I alt", pl.col("utfaset") == "I alt").row(0, named=True)
if i_alt["andel"] is not None:
    prosent = f"{100 * i_alt['andel']:.3g}".replace(".", ",")
    print(f"Du kan si: {prosent} prosent av {i_alt['n']} avsluttede deltakelser gikk direkte til arbeid eller utdanning.")
print("Du kan si hvilken nevner tallet har: alle avsluttede, eller bare dem som ikke ble faset ut.")
print("Du kan ikke si at programmet er årsaken: tallene har ingen sammenligningsgruppe.")
print("Du kan ikke rangere kommuner eller målgrupper etter disse tallene: gruppene er små og ulike fra start.")
con.close()
