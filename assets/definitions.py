"""``build_defs``: every asset, job, schedule and sensor, with overridable resources."""

import os
from collections.abc import Iterator, Mapping

import dagster as dg

from assets import beskrivelse, inndata, klargjort, registre, statistikk, utdata
from assets.home import held
from assets.jobs import JOB_NAME, inbox_sensor, nightly_job, nightly_schedule
from assets.night import Night
from pipeline.settings import load_settings


@dg.resource(description="One run over the home that the environment names; holds it from first to last asset.")
def night_from_environment(_context) -> Iterator[Night]:
    """The night of a run that Dagster itself started (schedule, sensor, web page)."""
    with held(load_settings()) as night:
        yield night


ASSETS = [*inndata.ASSETS, *registre.ASSETS, *klargjort.ASSETS, *statistikk.ASSETS, *beskrivelse.ASSETS, *utdata.ASSETS]


def build_defs(overrides: Mapping[str, dg.ResourceDefinition] | None = None, *, in_service: bool = False) -> dg.Definitions:
    """All definitions.

    Args:
        overrides: resources to put in place of the ones read from the environment.
        in_service: only a deployment starts the schedule and the sensor by itself.
    """
    return dg.Definitions(
        assets=ASSETS,
        jobs=[nightly_job],
        schedules=[nightly_schedule(in_service)],
        sensors=[inbox_sensor(in_service)],
        resources={"night": night_from_environment, **(overrides or {})},
    )


def run_night(night: Night, *, kept: bool = True) -> None:
    """The whole graph once, in this process, over ``night``; errors are raised as they were.

    Args:
        night: what the run carries.
        kept: whether the run is written to the home's own instance, where ``make ui`` shows it.
    """
    folder = str(night.settings.home.dagster)
    defs = build_defs({"night": dg.ResourceDefinition.hardcoded_resource(night)})
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.DagsterInstance.from_config(folder) if kept else dg.DagsterInstance.ephemeral() as instance:
        defs.resolve_job_def(JOB_NAME).execute_in_process(instance=instance, run_config=quiet, raise_on_error=True)


@dg.definitions
def defs() -> dg.Definitions:
    """What the workspace loads; the deployment setting decides whether schedule and sensor run by themselves."""
    return build_defs(in_service=os.environ.get("JOBBSJANSEN_DRIFT") == "1")
