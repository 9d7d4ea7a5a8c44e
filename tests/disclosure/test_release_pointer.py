"""``releases/latest`` names the newest release, whatever happened."""

from pipeline.disclosure import point_to_newest
from pipeline.settings import Home


def test_a_run_killed_before_the_pointer_moved_is_made_good(tmp_path):
    home = Home(tmp_path)
    for name in ("r0001", "r0002"):
        (home.releases / name).mkdir(parents=True)
    (home.releases / "latest").symlink_to("r0001")
    point_to_newest(home)
    assert (home.releases / "latest").readlink().name == "r0002"
    (home.releases / "latest").unlink()
    point_to_newest(home)
    assert (home.releases / "latest").resolve() == (home.releases / "r0002").resolve()


def test_without_a_release_there_is_no_pointer(tmp_path):
    home = Home(tmp_path)
    point_to_newest(home)
    assert not (home.releases / "latest").exists()
