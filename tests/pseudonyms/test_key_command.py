"""A key from a key service, through a real program."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from pipeline.errors import RefusedStart
from pipeline.pseudonyms import KeyCommand, load_any_key, load_keys, new_key_file, new_register_key_file
from pipeline.settings import load_settings

SECRET = "hemmelig-token-4711"


def script(folder: Path, body: str) -> tuple[str, ...]:
    path = folder / "hent_nokkel.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return (str(path), SECRET)


@pytest.fixture
def key_file(tmp_path):
    new_key_file(tmp_path / "nokkel.json", "K7")
    return tmp_path / "nokkel.json"


def test_the_same_document_gives_the_same_key(settings, tmp_path, key_file):
    from_file = load_keys(settings.with_(key_file=key_file, environment="prod"))
    at_service = settings.with_(key_command=script(tmp_path, f'test "$1" = {SECRET} && cat {key_file}'), environment="prod")
    fetched = load_keys(at_service)
    assert (fetched.version, fetched.check_value, fetched.secret) == ("K7", from_file.check_value, from_file.secret)


def test_an_owners_key_may_come_from_a_service_too(settings, tmp_path, keys):
    new_register_key_file(tmp_path / "eier.json", "ytelse", keys)
    at_owner = settings.with_(key_command=script(tmp_path, f"cat {tmp_path / 'eier.json'}"))
    assert load_keys(at_owner, "register/ytelse").check_value == keys.of_register("ytelse").check_value
    assert load_any_key(at_owner).scope == "register/ytelse"
    with pytest.raises(RefusedStart, match="register owner"):
        load_keys(at_owner)
    with pytest.raises(RefusedStart, match="published demo key"):
        load_keys(at_owner.with_(environment="prod"), "register/ytelse")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("cat KEY; exit 3", "failed"),
        ("cat KEY; kill -9 $$", "failed"),
        ("exit 0", "32 bytes"),
        (f'echo \'{{"key": "{SECRET}"}}\'', "32 bytes"),
        ("cat KEY KEY", "32 bytes"),
        ("head -c 100000 /dev/zero", "more than 4096 bytes"),
        ("cat KEY; yes", "more than 4096 bytes"),
    ],
)
def test_what_goes_wrong_is_told_without_output_or_arguments(settings, tmp_path, key_file, body, says, capfd):
    noisy = f"echo {SECRET} >&2\n{body.replace('KEY', str(key_file))}"
    with pytest.raises(RefusedStart, match=says) as refused:
        load_keys(settings.with_(key_command=script(tmp_path, noisy)))
    assert refused.value.__context__ is None
    assert SECRET not in str(refused.value) + repr(refused.value) + "".join(capfd.readouterr())


@pytest.mark.parametrize("body", ["sleep 60", "cat KEY; sleep 60", "cat KEY; exec >&-; sleep 60", "sleep 60 & sleep 60"])
def test_a_command_that_hangs_is_ended_with_all_it_started(tmp_path, key_file, body):
    words = script(tmp_path, f"echo $$ > {tmp_path / 'pid'}\n{body.replace('KEY', str(key_file))}")
    started = time.monotonic()
    with pytest.raises(RefusedStart, match="within 1 seconds"):
        KeyCommand(words, seconds=1.0).load()
    assert time.monotonic() - started < 10
    group = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if not _alive(group):
            return
        time.sleep(0.05)
    raise AssertionError("the command lives on")


def _alive(group: int) -> bool:
    """Whether a process of the group still runs; what has ended and waits to be collected does not."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, its_group = stat.read_text().rsplit(")", 1)[1].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state not in "ZX":
            return True
    return False


def test_no_shell_reads_the_command(settings, tmp_path, key_file):
    words = (sys.executable, "-c", f"print(open({str(key_file)!r}).read())", f"; touch {tmp_path / 'laget'}")
    assert load_keys(settings.with_(key_command=words)).version == "K7"
    assert not (tmp_path / "laget").exists()
    for wrong in (("finnes-ikke-noe-sted",), (str(tmp_path),), (str(key_file),), ("a\0b",)):
        with pytest.raises(RefusedStart, match="cannot be run") as refused:
            load_keys(settings.with_(key_command=wrong))
        assert refused.value.__context__ is None


def test_file_and_command_together_are_refused(settings, tmp_path, key_file):
    with pytest.raises(RefusedStart, match="Both a key file and a key command"):
        load_keys(settings.with_(key_file=key_file, key_command=script(tmp_path, f"cat {key_file}")))


def test_the_setting_is_split_into_words_and_not_shown(tmp_path):
    given = {"JOBBSJANSEN_KEY_COMMAND": f"/usr/bin/hent --navn 'to ord' {SECRET}"}
    loaded = load_settings(tmp_path, environ=given)
    assert loaded.key_command == ("/usr/bin/hent", "--navn", "to ord", SECRET)
    assert SECRET not in repr(loaded)
    assert load_settings(tmp_path, environ={}).key_command == ()
    with pytest.raises(RefusedStart, match="quotation mark") as refused:
        load_settings(tmp_path, environ={"JOBBSJANSEN_KEY_COMMAND": f"'{SECRET}"})
    assert SECRET not in str(refused.value)


def test_the_process_leaves_no_open_file(settings, tmp_path, key_file):
    command = KeyCommand(script(tmp_path, f"cat {key_file}"))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        command.load()
    assert len(os.listdir("/proc/self/fd")) == before
