"""Room for packages, beside others that are being written, on disks of any size."""

import os
from pathlib import Path

from sluicegate.errors import AwsError
from sluicegate.functions.room import Room

MEBIBYTE, GIBIBYTE = 1 << 20, 1 << 30


def room(*, size: int, free: int, files: int = 0, free_files: int = 0) -> Room:
    """Room on such a disk; 0 files where it tells no number of them."""
    told = os.statvfs_result((1, 1, size, free, free, files, free_files, free_files, 0, 255))
    return Room(lambda _: told)


def fits(room: Room, size: int, files: int = 1) -> bool:
    """Whether so much may be written."""
    try:
        with room.taken(Path("."), size, files):
            return True
    except AwsError:
        return False


def test_what_is_written_meanwhile_counts() -> None:
    disk = room(size=100 * GIBIBYTE, free=GIBIBYTE + 100 * MEBIBYTE)
    with disk.taken(Path("."), 60 * MEBIBYTE, 1):
        assert fits(disk, 30 * MEBIBYTE)
        assert not fits(disk, 60 * MEBIBYTE)
    assert fits(disk, 60 * MEBIBYTE)


def test_a_small_disk_keeps_a_twentieth() -> None:
    disk = room(size=100 * MEBIBYTE, free=10 * MEBIBYTE)
    assert fits(disk, 4 * MEBIBYTE)
    assert not fits(disk, 6 * MEBIBYTE)


def test_files_count_where_a_disk_has_a_number_of_them() -> None:
    disk = room(size=100 * GIBIBYTE, free=50 * GIBIBYTE, files=10_000_000, free_files=100_100)
    assert fits(disk, 1, 100)
    assert not fits(disk, 1, 101)
    # Small files take a block each.
    assert not fits(room(size=100 * GIBIBYTE, free=GIBIBYTE + MEBIBYTE), 1, 1000)
