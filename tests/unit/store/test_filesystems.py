"""Which folders are refused for SQLite, by the kernel's table of mounts."""

from pathlib import Path

import pytest

from sluicegate.store.filesystems import mounts, network_file_system

TABLE = r"""
/dev/vda / ext4 rw,relatime 0 0
tmpfs /run tmpfs rw 0 0
server:/export /srv nfs4 rw,vers=4.2 0 0
/dev/vdb /srv/local xfs rw 0 0
//nas/share /mnt/with\040space cifs rw 0 0
me@host: /mnt/ssh fuse.sshfs rw 0 0
/dev/fuse /mnt/zip fuse.archivemount rw 0 0
/dev/vdc /mnt/twice ext4 rw 0 0
server:/x /mnt/twice nfs rw 0 0
""".strip()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/sluicegate", None),
        ("/srv", "nfs4"),
        ("/srv/sluicegate/state.db", "nfs4"),
        ("/srv/local/state.db", None),
        ("/srvx", None),
        ("/mnt/with space/state.db", "cifs"),
        ("/mnt/ssh/state.db", "fuse.sshfs"),
        ("/mnt/zip/state.db", None),
        ("/mnt/twice/state.db", "nfs"),
    ],
)
def test_a_folder_is_refused_when_its_innermost_mount_is_a_network(
    folder: str, kind: str | None
) -> None:
    assert network_file_system(Path(folder), TABLE) == kind


def test_a_link_counts_where_it_leads(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "far")
    table = f"/dev/vda / ext4 rw 0 0\nserver:/x {tmp_path}/far nfs rw 0 0"
    assert network_file_system(link / "state.db", table) == "nfs"


def test_this_machines_table_is_understood(tmp_path: Path) -> None:
    assert network_file_system(tmp_path, mounts()) is None
    assert network_file_system(tmp_path, "") is None
