"""What the documents promise is there: commands, make targets, files; and no word of a workplace in any file."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMAND = Path(sys.executable).with_name("jobbsjansen")
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "CHANGELOG.md"])
TEXTS = {path: path.read_text(encoding="utf-8") for path in DOCUMENTS}


def _help(*arguments: str) -> str:
    return subprocess.run([COMMAND, *arguments, "--help"], capture_output=True, text=True, check=True).stdout


def test_every_command_the_documents_name_exists():
    commands = set(re.findall(r"^  ([a-z]+) ", _help(), flags=re.M))
    named = {word for text in TEXTS.values() for word in re.findall(r"`jobbsjansen ([a-z]+)", text)}
    named |= set(
        re.findall(r"(?:jobbsjansen |\| )([a-z]+)(?= |$)", TEXTS[ROOT / "README.md"].split("## Commands")[1].split("```")[1])
    )
    assert len(named) > 10
    assert named <= commands


@pytest.mark.parametrize("option", ["--home", "--now", "--json", "--quiet"])
def test_options_are_everywhere(option):
    for command in (
        "nightly",
        "check",
        "synth",
        "release",
        "disclose",
        "pseudonymise",
        "status",
        "doctor",
        "rule",
        "template",
        "site",
        "notebook",
    ):
        assert option in _help(command)
    assert option in _help("export", "ssb")
    assert option in _help("keys", "show")


def test_every_make_target_the_documents_name_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    named = {word for text in TEXTS.values() for word in re.findall(r"`make ([a-z]+)`", text)}
    assert {"nightly", "test"} <= targets
    assert named <= targets


def test_every_file_the_documents_name_exists():
    named = {
        name
        for path, text in TEXTS.items()
        for name in re.findall(
            r"`((?:pipeline|assets|expectations|jobbsjansen|docs|notebooks|data|deploy|benchmarks)/[\w./-]+)`", text
        )
    }
    assert len(named) > 5
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_no_index_address_and_no_workplace_in_any_file():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    words = re.compile("py" + r"pi\.org|python" + r"hosted|registry\.np" + r"mjs|deb\.deb" + r"ian|\.\./sha" + "red|/wo" + "rk/")
    bad = []
    for name in filter(None, listed):
        path = ROOT / name
        if (
            path.is_file()
            and path.suffix not in (".parquet", ".xlsx", ".zip")
            and "vendor" not in name
            and words.search(path.read_text("utf-8", "ignore"))
        ):
            bad.append(name)
    assert bad == []


def test_the_top_level_is_as_agreed():
    wanted = {
        "pipeline",
        "assets",
        "expectations",
        "notebooks",
        "data",
        "tests",
        "pyproject.toml",
        "workspace.yaml",
        "jobbsjansen",
        "docs",
        "deploy",
    }
    wanted |= {"benchmarks", "Makefile", "CHANGELOG.md", "README.md", "requirements.lock"}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {name.split("/")[0] for name in listed if not name.startswith(".")} == wanted
