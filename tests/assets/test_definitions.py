"""What the orchestration promises: an asset per table with its description, one job, triggers that sleep unless deployed."""

import dagster as dg
import pytest

from assets.definitions import build_defs
from pipeline.tables import STATES

STATED = [f"{state}_{table}" for state in ("inndata", "klargjort", "statistikk", "utdata") for table in STATES[state]]


@pytest.fixture(scope="module")
def specs():
    return {spec.key.to_user_string(): spec for spec in build_defs().resolve_all_asset_specs()}


def test_every_table_is_an_asset(specs):
    by_command = {"statistikk_etterproving"}  # `prove` makes it, never a night
    assert set(STATED) - by_command <= set(specs)


def test_every_asset_says_what_it_is_and_who_owns_it(specs):
    for key, spec in specs.items():
        assert spec.description, key
        assert list(spec.owners) == ["team:jobbsjansen"], key
        assert spec.kinds, key
        assert spec.group_name == key.split("_")[0], key


def test_no_asset_waits_for_one_that_does_not_exist(specs):
    for key, spec in specs.items():
        assert {dep.asset_key.to_user_string() for dep in spec.deps} <= set(specs), key


def test_data_flow_one_way(specs):
    order = {"kildedata": 0, "inndata": 1, "klargjort": 2, "statistikk": 3, "utdata": 4}
    for key, spec in specs.items():
        for dep in spec.deps:
            assert order[dep.asset_key.to_user_string().split("_")[0]] <= order[key.split("_")[0]]


def test_the_schedule_is_half_past_two_in_oslo_and_sleeps_unless_deployed():
    asleep, awake = build_defs(), build_defs(in_service=True)
    schedule = asleep.resolve_schedule_def("nightly_0230")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 2 * * *", "Europe/Oslo")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert asleep.resolve_sensor_def("inbox_changed").default_status == dg.DefaultSensorStatus.STOPPED
    assert awake.resolve_schedule_def("nightly_0230").default_status == dg.DefaultScheduleStatus.RUNNING
    assert awake.resolve_sensor_def("inbox_changed").default_status == dg.DefaultSensorStatus.RUNNING


def test_the_sensor_asks_once_for_what_it_has_seen(tmp_path, monkeypatch):
    monkeypatch.setenv("JOBBSJANSEN_HOME", str(tmp_path))
    sensor = build_defs().resolve_sensor_def("inbox_changed")
    with dg.DagsterInstance.ephemeral() as instance:
        empty = sensor(dg.build_sensor_context(instance=instance))
        assert isinstance(empty, dg.SkipReason)
        (tmp_path / "inbox" / "4601").mkdir(parents=True)
        (tmp_path / "inbox" / "4601" / "a.csv").write_text("x", encoding="utf-8")
        first = sensor(dg.build_sensor_context(instance=instance))
        assert len(first.run_requests) == 1
        assert first.run_requests[0].run_key is None
        assert isinstance(sensor(dg.build_sensor_context(instance=instance, cursor=first.cursor)), dg.SkipReason)


def test_the_rules_are_asset_checks():
    keys = {(key.asset_key.to_user_string(), key.name) for d in build_defs().assets for key in getattr(d, "check_keys", [])}
    assert ("inndata_mottak", "regler_deltaker") in keys
    assert ("inndata_register_arbeidsforhold", "uttrekk") in keys
    assert ("utdata_nokkeltall", "porten") in keys


def test_a_run_started_by_dagster_itself_holds_the_home(tmp_path, monkeypatch):
    from assets.definitions import night_from_environment
    from pipeline.errors import HomeBusy
    from pipeline.settings import Home
    from pipeline.store import home_lock

    monkeypatch.setenv("JOBBSJANSEN_HOME", str(tmp_path))
    with (
        home_lock(Home(tmp_path)),
        pytest.raises((HomeBusy, dg.DagsterResourceFunctionError)) as refused,
        dg.build_resources({"night": night_from_environment}),
    ):
        pass
    assert isinstance(refused.value, HomeBusy) or isinstance(refused.value.__cause__, HomeBusy)
