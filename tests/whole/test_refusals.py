"""What the night refuses before it writes anything."""

import pytest


@pytest.mark.parametrize(
    ("environment", "says"), [({"JOBBSJANSEN_MILJO": "prod"}, "key"), ({"JOBBSJANSEN_MILJO": "test"}, "JOBBSJANSEN_MILJO")]
)
def test_a_wrong_environment_or_no_key_is_refused(tmp_path, jobbsjansen, environment, says):
    home = tmp_path / "home"
    night = jobbsjansen("nightly", home=home, **environment)
    assert night.returncode == 2
    assert says.lower() in night.stderr.lower()
    assert not (home / "warehouse").exists()


def test_another_key_than_the_homes_is_refused_before_any_write(tmp_path, jobbsjansen):
    home, key = tmp_path / "home", tmp_path / "keys" / "master.json"
    key.parent.mkdir()
    assert jobbsjansen("keys", "new", str(key), home=home).returncode == 0
    assert jobbsjansen("nightly", home=home).returncode == 0
    before = sorted(p for p in home.rglob("*") if p.is_file())
    night = jobbsjansen("nightly", "--key-file", str(key), home=home)
    assert night.returncode == 2
    assert sorted(p for p in home.rglob("*") if p.is_file()) == before


def test_an_empty_home_completes_without_inventing_anything(tmp_path, jobbsjansen):
    home = tmp_path / "home"
    night = jobbsjansen("nightly", home=home)
    assert night.returncode == 0, night.stderr[-2000:]
    assert jobbsjansen("status", home=home).returncode == 0


@pytest.mark.parametrize("command", ["report"])
def test_what_is_left_out_refuses_clearly(tmp_path, jobbsjansen, command):
    done = jobbsjansen(command, home=tmp_path)
    assert done.returncode == 2
    assert "not in this version" in done.stderr


def test_wrong_usage_has_its_own_code(tmp_path, jobbsjansen):
    assert jobbsjansen("nightly", "--nonsense", home=tmp_path).returncode == 64


def test_two_questions_to_status_at_once_are_refused(tmp_path, jobbsjansen):
    done = jobbsjansen("status", "--senders", "--as-of", "2024-06-01", home=tmp_path)
    assert done.returncode == 2
    assert "one of them" in done.stderr
