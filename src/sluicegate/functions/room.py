"""Room on the disk that packages are kept on: they may not take what all else there needs."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import AwsError

# So much is left free, or a twentieth of the disk where that is less.
_LEAST_FREE_BYTES, _LEAST_FREE_FILES, _LEAST_SHARE = 1 << 30, 100_000, 20
_BLOCK_BYTES = 4096

_log = logging.getLogger("sluicegate.functions")

Disk = Callable[[Path], os.statvfs_result]
"""What is free where a folder is."""


class Room:
    """Counts what is written just now beside what is free already."""

    def __init__(self, disk: Disk = os.statvfs) -> None:
        self._disk = disk
        self._lock = threading.Lock()
        self._bytes, self._files = 0, 0

    @contextmanager
    def taken(self, folder: Path, size: int, files: int) -> Iterator[None]:
        """While so many bytes in so many files and folders are written; `AwsError` in AWS's words
        when that is too much."""
        size += files * _BLOCK_BYTES
        with self._lock:
            disk = self._disk(folder)
            free_bytes, free_files = disk.f_bavail * disk.f_frsize, disk.f_favail
            least_bytes = min(_LEAST_FREE_BYTES, disk.f_blocks * disk.f_frsize // _LEAST_SHARE)
            least_files = min(_LEAST_FREE_FILES, disk.f_files // _LEAST_SHARE)
            is_full = free_bytes - self._bytes - size < least_bytes
            # A disk that tells no number of files has no end of them.
            is_full |= bool(disk.f_files) and free_files - self._files - files < least_files
            if is_full:
                _log.warning("no room for code bytes=%d files=%d", free_bytes, free_files)
                raise AwsError("CodeStorageExceededException", "Code storage limit exceeded.")
            self._bytes += size
            self._files += files
        try:
            yield
        finally:
            with self._lock:
                self._bytes -= size
                self._files -= files
