"""The only place for Dagster: which table is made from which, when, and by what trigger.

Belongs here: definitions, the wiring of stages, jobs, schedule, sensor, checks as events. Must not be here: any computation on rows
(``pipeline/``), any rule (``pipeline/rules``), any text for users.
"""
