from __future__ import annotations

import base64
import json
import os

import pytest

from pipeline.errors import RefusedStart, UserError
from pipeline.pseudonyms import DEMO_VERSION, KeyFile, check_home_key, load_keys, new_key_file, new_register_key_file


def test_demo_takes_the_published_key_and_a_file_when_given(settings, tmp_path):
    assert load_keys(settings).version == DEMO_VERSION
    made = new_key_file(tmp_path / "nokkel.json")
    loaded = load_keys(settings.with_(key_file=tmp_path / "nokkel.json"))
    assert (loaded.version, loaded.check_value) == ("K1", made.check_value)
    assert loaded.check_value != load_keys(settings).check_value


def test_production_needs_a_key_file_of_its_own(settings, tmp_path):
    with pytest.raises(RefusedStart, match="key file"):
        load_keys(settings.with_(environment="prod"))
    path = tmp_path / "demo.json"
    new_key_file(path)
    content = json.loads(path.read_text())
    content["key"] = base64.b64encode(load_keys(settings).secret).decode()
    path.write_text(json.dumps(content))
    with pytest.raises(RefusedStart, match="demo key"):
        load_keys(settings.with_(environment="prod", key_file=path))


def test_production_refuses_what_is_derived_from_the_demo_key(settings, keys, tmp_path):
    path = tmp_path / "eier.json"
    new_register_key_file(path, "ytelse", keys)
    path.write_text(path.read_text().replace("DEMO", "K1"))
    at_owner = settings.with_(key_file=path)
    assert load_keys(at_owner, "register/ytelse").version == "K1"
    with pytest.raises(RefusedStart, match="demo key"):
        load_keys(at_owner.with_(environment="prod"), "register/ytelse")
    new_key_file(tmp_path / "ekte.json")
    own = settings.with_(key_file=tmp_path / "ekte.json", environment="prod")
    new_register_key_file(tmp_path / "ekte_eier.json", "ytelse", load_keys(own))
    assert load_keys(own.with_(key_file=tmp_path / "ekte_eier.json"), "register/ytelse").scope == "register/ytelse"


@pytest.mark.parametrize("version", ["", "DEMO", "K 2", "../K", "K" * 17, "-K", "K\n"])
def test_a_version_is_a_plain_name(tmp_path, version):
    with pytest.raises(UserError, match=r"plain name|reserved"):
        new_key_file(tmp_path / "nokkel.json", version)
    assert list(tmp_path.iterdir()) == []


def test_the_secret_is_never_shown(settings):
    keys = load_keys(settings)
    assert keys.secret.hex() not in repr(keys)
    assert "secret" not in repr(keys)


def test_a_key_file_is_never_replaced(tmp_path):
    path = tmp_path / "nokkel.json"
    new_key_file(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="exists"):
        new_key_file(path)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_new_keys_differ(tmp_path):
    assert new_key_file(tmp_path / "a").check_value != new_key_file(tmp_path / "b").check_value


def test_each_purpose_has_its_own_key(keys):
    purposes = ["person", "row", "adviser", "log", "recipient/ssb", "recipient/imdi", "register/ytelse", "register/utdanning"]
    assert len({keys.derive(p) for p in purposes}) == len(purposes)
    assert keys.derive("person") == keys.derive("person")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o400, 0o660])
def test_a_readable_file_is_refused(settings, tmp_path, mode):
    path = tmp_path / "nokkel.json"
    new_key_file(path)
    path.chmod(mode)
    with pytest.raises(RefusedStart, match="0600"):
        load_keys(settings.with_(key_file=path))


def test_links_fifos_folders_and_missing_files_are_refused(settings, tmp_path):
    new_key_file(tmp_path / "ekte.json")
    (tmp_path / "lenke.json").symlink_to(tmp_path / "ekte.json")
    os.mkfifo(tmp_path / "roer", 0o600)
    for name in ("lenke.json", "roer", "mangler.json", "."):
        with pytest.raises(RefusedStart):
            load_keys(settings.with_(key_file=tmp_path / name))


def test_a_key_inside_home_or_repository_is_refused(settings, tmp_path):
    settings.home.root.mkdir()
    inside = settings.home.root / "nokkel.json"
    new_key_file(inside)
    with pytest.raises(RefusedStart, match="inside the home"):
        load_keys(settings.with_(key_file=inside))
    (tmp_path / "omvei").symlink_to(settings.home.root)
    with pytest.raises(RefusedStart, match="inside the home"):
        load_keys(settings.with_(key_file=tmp_path / "omvei" / "nokkel.json"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 4000,
        b'{"format": "jobbsjansen-key-1", "version": "K1", "key": "YWJj"}',
        b'{"format": "jobbsjansen-key-1", "version": "K1", "key": 5}',
        b'{"format": "jobbsjansen-key-1", "version": "", "key": "' + base64.b64encode(bytes(32)) + b'"}',
        b'{"format": "another", "version": "K1", "key": "' + base64.b64encode(bytes(32)) + b'"}',
        b'{"format": "jobbsjansen-key-1", "version": "K1", "key": "' + base64.b64encode(bytes(32)) + b'"}' + b" " * 4096,
    ],
)
def test_what_is_no_key_is_refused(settings, tmp_path, content):
    path = tmp_path / "nokkel.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(RefusedStart, match="32 bytes"):
        load_keys(settings.with_(key_file=path))


def test_a_home_keeps_its_key(settings, keys, tmp_path):
    check_home_key(settings.home, keys)
    check_home_key(settings.home, keys)
    other = new_key_file(tmp_path / "annen.json")
    before = sorted(p for p in settings.home.root.rglob("*"))
    with pytest.raises(RefusedStart, match="another key"):
        check_home_key(settings.home, other)
    assert sorted(p for p in settings.home.root.rglob("*")) == before
    (settings.home.identified / "key_check.json").write_text("{")
    with pytest.raises(RefusedStart):
        check_home_key(settings.home, keys)


def test_the_owners_key_serves_one_register_only(settings, keys, tmp_path):
    own = new_register_key_file(tmp_path / "ytelse.json", "ytelse", keys)
    assert own.derive("register/ytelse") == keys.derive("register/ytelse")
    for purpose in ("person", "row", "register/utdanning"):
        with pytest.raises(RefusedStart):
            own.derive(purpose)
    assert KeyFile(tmp_path / "ytelse.json").load().check_value == own.check_value
    at_home = settings.with_(key_file=tmp_path / "ytelse.json")
    assert load_keys(at_home, "register/ytelse").scope == "register/ytelse"
    for purpose in ("", "register/utdanning"):
        with pytest.raises(RefusedStart, match="register owner"):
            load_keys(at_home, purpose)
