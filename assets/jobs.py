"""The nightly job, its schedule and the sensor on the inbox. One executor everywhere: in process."""

import os
from pathlib import Path

import dagster as dg

from pipeline.settings import load_settings
from pipeline.store import digest

JOB_NAME = "nightly"

nightly_job = dg.define_asset_job(
    JOB_NAME,
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="Everything that is new, from the inbox to the dashboard. Nothing new: nothing is rewritten.",
)


def _status(in_service: bool, kind: type) -> object:
    return kind.RUNNING if in_service else kind.STOPPED


def nightly_schedule(in_service: bool) -> dg.ScheduleDefinition:
    """02:30 in Oslo; starts by itself only in a deployment."""
    return dg.ScheduleDefinition(
        name="nightly_0230",
        job_name=JOB_NAME,
        cron_schedule="30 2 * * *",
        execution_timezone="Europe/Oslo",
        default_status=_status(in_service, dg.DefaultScheduleStatus),
    )


def _inbox_listing(inbox: Path) -> str:
    """One hash of names, sizes and times: enough to wake up; what is new is decided by the ledger."""
    if not inbox.is_dir():
        return ""
    found = []
    for folder, _, names in sorted(os.walk(inbox)):
        for name in sorted(names):
            facts = (Path(folder) / name).lstat()
            found.append(f"{folder}/{name}:{facts.st_size}:{facts.st_mtime_ns}")
    return digest(found)


def inbox_sensor(in_service: bool) -> dg.SensorDefinition:
    """Asks for a run when the inbox looks different from last time; starts by itself only in a deployment."""

    @dg.sensor(
        name="inbox_changed",
        job_name=JOB_NAME,
        minimum_interval_seconds=300,
        default_status=_status(in_service, dg.DefaultSensorStatus),
    )
    def inbox_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        seen = _inbox_listing(load_settings().home.inbox)
        if seen in ("", context.cursor):
            return dg.SkipReason("Nothing has changed in the inbox.")
        return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=seen)

    return inbox_changed
