"""Where control groups may stand, read off what Linux tells a process of its own."""

from pathlib import Path

import pytest

from sluicegate.functions.control_groups import ControlGroups, Hierarchy, find, processes

UNIFIED = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
HYBRID = (
    "31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    "32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)
TOP = Path("/sys/fs/cgroup")


def test_version_two_does_both_in_one_hierarchy() -> None:
    own = TOP / "system.slice/sluicegate.service/main"
    found = find("0::/system.slice/sluicegate.service/main\n", UNIFIED)
    assert found == [Hierarchy(TOP, own)]
    # Beside us first: a group with processes of its own shares nothing out.
    assert found[0].candidates() == [own.parent, own]


def test_where_version_one_shares_the_processor_version_two_ends_groups() -> None:
    groups = "3:memory:/user\n2:cpu,cpuacct:/user\n1:name=systemd:/user\n0::/\n"
    cpu, unified = find(groups, HYBRID)
    assert cpu == Hierarchy(TOP / "cpu,cpuacct", TOP / "cpu,cpuacct/user")
    assert unified.candidates() == [TOP / "unified"]


@pytest.mark.parametrize(
    ("root", "path", "own"),
    [
        ("/docker/1", "/docker/1", TOP),
        ("/docker/1", "/docker/1/inner", TOP / "inner"),
        # It is in a group that it is not shown.
        ("/docker/1", "/elsewhere", TOP),
    ],
)
def test_a_container_is_shown_a_part(root: str, path: str, own: Path) -> None:
    mounts = UNIFIED.replace(" / /sys", f" {root} /sys")
    assert find(f"0::{path}\n", mounts) == [Hierarchy(TOP, own)]


@pytest.mark.parametrize(
    ("groups", "mounts"),
    [("2:cpu:/\n", HYBRID), ("0::/\n", HYBRID.splitlines(keepends=True)[1]), ("", "")],
)
def test_without_version_two_nothing_ends_a_group(groups: str, mounts: str) -> None:
    with pytest.raises(OSError, match="those of version 2 are not mounted"):
        find(groups, mounts)


def test_where_none_can_be_made_it_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    nowhere = Hierarchy(tmp_path / "top", tmp_path / "top/a/b")
    with pytest.raises(OSError, match=r"none can be made in .*/a: No such file or directory; none"):
        ControlGroups([nowhere])
    (tmp_path / "top").mkdir()
    # A folder, but nothing that Linux would give a weight.
    with pytest.raises(
        OSError, match=r"none in .* shares the processor: there is no weight to set"
    ):
        ControlGroups([Hierarchy(tmp_path / "top", tmp_path / "top")])
    assert not [each for each in (tmp_path / "top").iterdir() if each.is_dir()]


def test_fewer_processes_where_nothing_holds_them_together() -> None:
    assert (processes(has_group=True), processes(has_group=False)) == (1024, 512)
