"""What befalls a night from outside: devices and links, a process that is killed, a disk that is full, files that change."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pytest

from pipeline.intake import current_rows, night, take_up
from pipeline.intake.discover import Moved, look_at, read_stable
from pipeline.intake.findings import Finding, Reading
from pipeline.intake.reading import sandbox
from pipeline.rules import limits
from pipeline.settings import Home
from tests.intake.intake_case import Inbox, codes, valid_tables, xlsx_of, zip_of

# The night in a process of its own, which dies by SIGKILL at its n-th rename, before or after it.
KILLED_NIGHT = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from pipeline.settings import Home, Settings
from tests.intake.intake_case import reference_validate
from pipeline.intake import run_intake

home, now, at, after = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "after"
rename, done = os.replace, []

def killed(*paths):
    done.append(1)
    if len(done) == at and not after:
        os.kill(os.getpid(), signal.SIGKILL)
    rename(*paths)
    if len(done) == at:
        os.kill(os.getpid(), signal.SIGKILL)

os.replace = killed
run_intake(Settings(Home(Path(home)), "demo", datetime.fromisoformat(now), min_age_seconds=0.0), reference_validate, lambda _: None)
"""
# The reading process on a disk that takes no more.
ON_A_FULL_DISK = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "


def tree(root: Path) -> dict[str, bytes]:
    """Every file that stays after a night, with its bytes."""
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@cache
def workbook() -> bytes:
    """A workbook; made once, since it holds the time at which it is made."""
    return xlsx_of(valid_tables(project="P2", komm_nr="5001"))


def with_three_deliveries(inbox: Inbox) -> Inbox:
    inbox.drop("4601", "a.zip", zip_of(valid_tables()))
    inbox.drop("4601", "b.zip", zip_of(valid_tables(4)))
    inbox.drop("5001", "c.xlsx", workbook())
    return inbox


@pytest.fixture
def undisturbed(inbox: Inbox, tmp_path: Path) -> dict[str, bytes]:
    """What a night that nothing befell leaves."""
    other = with_three_deliveries(Inbox(tmp_path / "b", replace(inbox.settings, home=Home(tmp_path / "b" / "home"))))
    assert other.run().n_new == 3
    return tree(other.settings.home.root)


@pytest.mark.parametrize(
    ("at", "after"), [(1, "before"), (3, "after"), (6, "before"), (9, "after"), (14, "before"), (20, "after")]
)
def test_night_that_is_killed_is_taken_up_again(at: int, after: str, inbox: Inbox, undisturbed: dict[str, bytes]) -> None:
    with_three_deliveries(inbox)
    home = inbox.settings.home
    arguments = [sys.executable, "-c", KILLED_NIGHT, str(home.root), inbox.settings.now.isoformat(), str(at), after]
    killed = subprocess.run(arguments, check=False, cwd=Path(__file__).parents[2], env=os.environ | {"PYTHONPATH": "."})
    assert killed.returncode == -signal.SIGKILL
    assert not (home.identified / "ledger.json").exists()
    (home.identified / "scratch" / "reading-left").mkdir(parents=True)
    assert inbox.run().n_new == 3
    left = {name: content for name, content in tree(home.root).items() if not name.endswith(".tmp")}
    assert left == undisturbed
    assert not list((home.identified / "scratch").iterdir())


@pytest.mark.parametrize("at", [1, 4, 8, 15])
def test_night_on_a_full_disk_decides_nothing(
    at: int, inbox: Inbox, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_three_deliveries(inbox)
    real, done = os.fsync, []

    def full(descriptor: int) -> None:
        done.append(1)
        if len(done) >= at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            inbox.run()
    assert not (inbox.settings.home.identified / "ledger.json").exists()
    assert not list(inbox.settings.home.root.rglob("*.tmp"))
    inbox.run()
    assert tree(inbox.settings.home.root) == undisturbed


def test_reader_on_a_full_disk_lays_no_blame_on_the_file(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop("4601", "a.zip", zip_of(valid_tables()))
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "_START", ON_A_FULL_DISK + sandbox._START)
        with pytest.raises(OSError, match="could not be written"):
            inbox.run()
    assert inbox.receipts() == []
    assert inbox.run().n_new == 1
    assert inbox.receipts()[0]["state"] == "accepted"


@pytest.mark.parametrize("kind", ["device", "socket", "linked folder"])
def test_what_is_no_file_is_not_opened(kind: str, inbox: Inbox, tmp_path: Path) -> None:
    folder = inbox.settings.home.inbox / "4601"
    folder.mkdir(parents=True)
    place = folder / "deltaker.csv"
    if kind == "device":
        try:
            os.mknod(place, stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero: reading it never ends
        except PermissionError:
            pytest.skip("only an administrator makes devices")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(folder):  # the path of a socket has at most 107 bytes
            listening.bind(place.name)
    else:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "deltaker.csv").write_bytes(b"x")
        folder.rmdir()
        folder.symlink_to(tmp_path / "elsewhere")
    assert inbox.run().n_new == 1
    receipt = inbox.receipts()[0]
    assert (receipt["state"], codes(receipt)) == ("quarantined", {"JS002"})
    assert receipt["avsender"] == ("ukjent" if kind == "linked folder" else "4601")


@pytest.mark.parametrize("change", ["grown", "swapped for a link", "swapped for a file", "gone"])
def test_file_that_changes_after_it_was_found_is_not_read(change: str, tmp_path: Path) -> None:
    path = tmp_path / "deltaker.csv"
    path.write_bytes(b"fnr;dato\n")
    found = look_at(path, "4601")
    assert read_stable(found) == b"fnr;dato\n"
    if change == "grown":
        path.write_bytes(b"fnr;dato\nx;y\n")
    else:
        path.unlink()
        if change == "swapped for a link":
            (tmp_path / "secret").write_bytes(b"fnr;dato\n")
            path.symlink_to(tmp_path / "secret")
        elif change == "swapped for a file":
            path.write_bytes(b"fnr;dato\n")
    with pytest.raises(Moved):
        read_stable(found)


def test_file_that_cannot_be_opened_tonight_is_read_the_next_night(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop("4601", "a.zip", zip_of(valid_tables()))

    def moved(_: object) -> bytes:
        raise Moved

    with monkeypatch.context() as patch:
        patch.setattr(take_up, "read_stable", moved)
        assert inbox.run().n_new == 1
    assert (inbox.receipts()[0]["state"], codes(inbox.receipts()[0])) == ("quarantined", {"JS014"})
    assert inbox.run().n_new == 1
    assert inbox.receipts()[1]["state"] == "accepted"


def test_reader_that_is_killed_from_outside_is_its_limits_finding(tmp_path: Path) -> None:
    path = tmp_path / "delivery"
    path.write_bytes(zip_of(valid_tables()))
    with sandbox.Sandbox(tmp_path / "scratch") as reader:
        assert reader.read(path, None).tables
        assert reader._child is not None
        os.kill(reader._child.pid, signal.SIGKILL)
        reader._child.wait()
        assert reader.read(path, None).findings == []  # a dead reader is replaced before the next file
        os.kill(reader._child.pid, signal.SIGSTOP)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sandbox, "limits", lambda: {"parse_seconds": 0.2})
            assert reader.read(path, None).findings == [Finding("JS012")]
        assert reader.read(path, None).findings == []


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A night takes two files of a sender, and stops after one that was too much for the reading process."""
    narrow = dict(limits()) | {"deliveries_a_night": 2, "too_much_a_night": 1}
    monkeypatch.setattr(take_up, "limits", lambda: narrow)


@pytest.mark.usefixtures("few")
def test_one_senders_many_files_wait_and_nobody_elses(inbox: Inbox) -> None:
    for number in range(3):
        inbox.drop("4601", f"{number}.zip", zip_of(valid_tables(project=f"P{number}")))
    inbox.drop("5001", "a.zip", zip_of(valid_tables(project="Q", komm_nr="5001")))
    first = inbox.run()
    assert (first.n_new, first.n_waiting) == (3, 1)
    second = inbox.run()
    assert (second.n_new, second.n_waiting) == (1, 0)
    assert [r["avsender"] for r in inbox.receipts()] == ["4601", "4601", "5001", "4601"]
    assert set(current_rows(inbox.settings)["prosjekt"]["prosjekt_id"]) == {"P0", "P1", "P2", "Q"}
    assert inbox.run().n_new == 0


@pytest.mark.usefixtures("few")
def test_after_a_file_that_is_too_much_the_senders_others_wait(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = zip_of(valid_tables(project="BAD"))
    reads = sandbox.Sandbox.read

    def killed_by_one(self: sandbox.Sandbox, source: Path, table: str | None) -> Reading:
        return Reading([Finding("JS012")]) if source.read_bytes() == bad else reads(self, source, table)

    monkeypatch.setattr(sandbox.Sandbox, "read", killed_by_one)
    monkeypatch.setattr(night, "Readers", lambda folder: sandbox.Readers(folder, 1))
    inbox.drop("4601", "a.zip", bad)
    inbox.drop("4601", "b.zip", zip_of(valid_tables()))
    inbox.drop("5001", "c.zip", zip_of(valid_tables(project="Q", komm_nr="5001")))
    first = inbox.run()
    assert (first.n_new, first.n_waiting) == (2, 1)
    assert inbox.run().n_new == 1  # the one that waited; the other is judged again and nothing is said twice
    assert [(r["avsender"], r["state"]) for r in inbox.receipts()] == [
        ("4601", "quarantined"),
        ("5001", "accepted"),
        ("4601", "accepted"),
    ]


def test_readers_answer_in_order_whichever_is_done_first(tmp_path: Path) -> None:
    def slow_first(at: int, _: sandbox.Sandbox) -> int:
        time.sleep(0.2 if at == 0 else 0.0)
        return at

    with sandbox.Readers(tmp_path / "scratch", 2) as readers:
        assert readers.all(partial(slow_first, at) for at in range(5)) == [0, 1, 2, 3, 4]
