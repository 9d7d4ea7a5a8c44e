"""From municipal deliveries to released figures, as plain functions from table to table.

Belongs here: parsing, rules, pseudonyms, linkage, cohort, estimators, disclosure control, export, pages.
Must not be here: Dagster (``assets/``), Great Expectations (``expectations/``), the command line (``jobbsjansen/``).
"""

__version__ = "0.1.0"
