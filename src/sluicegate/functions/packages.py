"""Deployment packages: zips from anybody, unpacked into folders of their own.

    STATE/packages/<sha256>/package.zip     as it was uploaded
    STATE/packages/<sha256>/code/           what function code finds under /var/task

A package is named by what is in it, so equal zips are one folder. It is made beside and renamed:
there is a whole folder or none. Whoever uses one holds it (a shared lock on the folder, in any
process): environments, as long as they live. Only what nobody holds and no version names is
removed, by whoever says so or lets go last.

Modes are 0755 for folders and for files the zip marks executable, 0644 for the rest. AWS keeps
what the zip says; here who runs the function depends on the host, and one zip must not work for
the user who starts `serve` and fail for another.
"""

import base64
import errno
import fcntl
import hashlib
import io
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import AwsError, Corrupted, SluicegateError, Unavailable
from .room import Disk, Room

MOST_UNZIPPED_BYTES = 262_144_000
MOST_ZIPPED_BYTES = 52_428_800

# AWS names no number. Each costs a file here, and half a kilobyte of memory while it is read.
_MOST_FILES = 50_000
_LONGEST_NAME_BYTES = 255
_LONGEST_PATH_BYTES = 1024
_DEEPEST = 64
_ENTRY_SIGNATURE = b"PK\x01\x02"
_CHUNK_BYTES = 1 << 20
_IS_ENCRYPTED = 0x41
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNIX = 3

_ZIP, _CODE = "package.zip", "code"
_DRAFT = ".draft-"

_UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."

# What `zipfile` was seen to raise for bytes that are no zip, or not the zip they say they are.
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Package:
    """An unpacked package. `id` is its sha256 in hexadecimal, `size` that of the zip."""

    id: str
    size: int
    code: Path


def sha256_of(package_id: str) -> str:
    """The sha256 as `CodeSha256` shows it."""
    return base64.b64encode(bytes.fromhex(package_id)).decode()


class Packages:
    """The folder of packages. `is_used` says whether any version's code is a package's.

    One that is not `durable` need not survive a power loss: a test's. `disk` tells what is free.
    """

    def __init__(
        self,
        folder: Path,
        is_used: Callable[[str], bool],
        *,
        durable: bool = True,
        disk: Disk = os.statvfs,
    ) -> None:
        self._folder = folder
        self._is_used = is_used
        self._durable = durable
        self._room = Room(disk)

    @contextmanager
    def unpacked(self, zipped: bytes) -> Iterator[Package]:
        """Unpack a zip (once for all that are equal), and hold it while a version is stored.

        `AwsError` in AWS's words for what is no package or has no room; nothing of it is left then.
        """
        if len(zipped) >= MOST_ZIPPED_BYTES:
            raise AwsError(
                "RequestEntityTooLargeException",
                f"Zipped size must be smaller than {MOST_ZIPPED_BYTES} bytes",
                status=413,
            )
        package_id = hashlib.sha256(zipped).hexdigest()
        while (held := self._hold(package_id)) is None:
            self._make(package_id, zipped)
        try:
            yield Package(package_id, len(zipped), self.code(package_id))
        finally:
            os.close(held)
            self.remove_unused(package_id)

    def code(self, package_id: str) -> Path:
        """The folder of a package's code; it may go any time while nobody holds it."""
        return self._path(package_id) / _CODE

    def hold(self, package_id: str) -> Callable[[], None]:
        """Have a package stay until what comes back is called, once, from any thread.

        `Corrupted` when there is no such package (any more).
        """
        held = self._hold(package_id)
        if held is None:
            raise Corrupted(f"package {package_id} is missing from the state folder")

        def let_go() -> None:
            os.close(held)
            # Whoever lets go must not fail; the next start removes what is left.
            with suppress(SluicegateError):
                self.remove_unused(package_id)

        return let_go

    def zipped(self, package_id: str) -> bytes | None:
        """The zip as it was uploaded, None when the package is gone."""
        try:
            return (self._path(package_id) / _ZIP).read_bytes()
        except FileNotFoundError:
            return None

    def remove_unused(self, package_id: str) -> None:
        """Remove a package unless a version names it, or somebody holds it: he removes it then."""
        path = self._path(package_id)
        try:
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._is_used(package_id) or not _is_same(folder, path):
                return
            gone = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self._folder)) / "gone"
            path.rename(gone)
        except BlockingIOError:
            return
        finally:
            os.close(folder)
        shutil.rmtree(gone.parent, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a kill left half made, and packages no version names; at the start."""
        if not self._folder.exists():
            return
        for path in self._folder.iterdir():
            if path.name.startswith(_DRAFT):
                shutil.rmtree(path, ignore_errors=True)
            else:
                self.remove_unused(path.name)

    def _path(self, package_id: str) -> Path:
        return self._folder / package_id

    def _hold(self, package_id: str) -> int | None:
        """A descriptor that holds the package, None when there is no such package."""
        path = self._path(package_id)
        while True:
            try:
                folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            fcntl.flock(folder, fcntl.LOCK_SH)
            # It may have been removed, and another made, while this one was waited for.
            if _is_same(folder, path):
                return folder
            os.close(folder)

    def _make(self, package_id: str, zipped: bytes) -> None:
        entries = _entries(zipped)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with self._room.taken(self._folder, *_size(entries, zipped)):
                self._write(package_id, entries, zipped)
        except OSError as error:
            # Not the zip's fault: names and sizes were judged before anything was written.
            raise Unavailable(f"The package cannot be stored: {error.strerror}.") from error

    def _write(self, package_id: str, entries: list["_Entry"], zipped: bytes) -> None:
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self._folder))
        try:
            _unpack(entries, draft / _CODE)
            _write(draft / _ZIP, io.BytesIO(zipped), 0o600)
            if self._durable:
                _sync(draft)
            _rename(draft, self._path(package_id))
            if self._durable:
                _sync_one(self._folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file or folder of a zip that may be written, its path in steps."""

    steps: tuple[str, ...]
    info: zipfile.ZipInfo
    archive: zipfile.ZipFile

    @property
    def mode(self) -> int:
        """0755 or 0644, see above."""
        unix = self.info.external_attr >> 16 if self.info.create_system == _UNIX else 0
        return 0o755 if self.info.is_dir() or unix & 0o111 else 0o644


def _entries(zipped: bytes) -> list[_Entry]:
    """What a zip holds, judged before anything is written."""
    # Each entry has it; so what is refused here is never read into a list.
    if zipped.count(_ENTRY_SIGNATURE) > _MOST_FILES:
        raise _refused(f"The package has more than {_MOST_FILES} files.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(zipped))
        entries = [_Entry(_steps(info), info, archive) for info in archive.infolist()]
    except _BROKEN:
        raise _refused(_UNREADABLE) from None
    if not any(not entry.info.is_dir() for entry in entries):
        raise _refused("Uploaded file must be a non-empty zip")
    if sum(entry.info.file_size for entry in entries) >= MOST_UNZIPPED_BYTES:
        raise _too_large()
    _refuse_collisions(entries)
    return entries


def _steps(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """The path of an entry; `ValueError` for what no package has, or must not have."""
    name = info.orig_filename
    if "\0" in name or "\\" in name or name.startswith("/"):
        raise ValueError("a name that means different paths to different programs")
    steps = tuple(step for step in name.split("/") if step not in ("", "."))
    sizes = [len(step.encode()) for step in steps]
    if ".." in steps or max(sizes, default=0) > _LONGEST_NAME_BYTES:
        raise ValueError("a name that leads out of the folder, or cannot be written")
    if sum(sizes) + len(sizes) > _LONGEST_PATH_BYTES or len(steps) > _DEEPEST:
        raise ValueError("a path that is too long")
    if info.flag_bits & _IS_ENCRYPTED or info.compress_type not in _METHODS:
        raise ValueError("encrypted, or packed in a way Lambda does not know")
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
    if kind not in (0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG):
        raise ValueError("a link, a device, or a folder that is a file")
    if info.is_dir() and info.file_size:
        raise ValueError("a folder with content")
    if not steps and not info.is_dir():
        raise ValueError("a file without a name")
    return steps


def _refuse_collisions(entries: list[_Entry]) -> None:
    """No path twice, and no file where another's folder is: what comes last must not decide."""
    files = [entry.steps for entry in entries if not entry.info.is_dir()]
    folders = {entry.steps for entry in entries if entry.info.is_dir()}
    for steps in files:
        folders.update(steps[:depth] for depth in range(1, len(steps)))
    if len(set(files)) != len(files) or not folders.isdisjoint(files):
        raise _refused(_UNREADABLE)


def _size(entries: list[_Entry], zipped: bytes) -> tuple[int, int]:
    """Bytes, and files and folders, that are written for a package."""
    paths = {entry.steps[:depth] for entry in entries for depth in range(1, len(entry.steps) + 1)}
    return len(zipped) + sum(entry.info.file_size for entry in entries), len(paths) + 3


def _unpack(entries: list[_Entry], folder: Path) -> None:
    """Write the entries under `folder`, which is new; the sizes they state are not believed."""
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    left = MOST_UNZIPPED_BYTES
    made = {folder}
    for entry in entries:
        path = folder.joinpath(*entry.steps)
        _make_folders(path if entry.info.is_dir() else path.parent, made)
        if entry.info.is_dir():
            continue
        try:
            with entry.archive.open(entry.info) as content:
                left -= _write(path, content, entry.mode, left)
        except (FileExistsError, *_BROKEN):
            # A file system that does not tell letter cases apart, or a zip that lied.
            raise _refused(_UNREADABLE) from None


def _make_folders(path: Path, made: set[Path]) -> None:
    missing = []
    while path not in made:
        missing.append(path)
        path = path.parent
    for each in reversed(missing):
        with suppress(FileExistsError):
            each.mkdir()
        each.chmod(0o755)
        made.add(each)


def _write(path: Path, content: IO[bytes], mode: int, most: int = MOST_UNZIPPED_BYTES) -> int:
    """Write a new file of fewer than `most` bytes; how many it has."""
    size = 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        while chunk := content.read(_CHUNK_BYTES):
            size += len(chunk)
            if size >= most:
                raise _too_large()
            file.write(chunk)
        os.fchmod(file.fileno(), mode)
    return size


def _rename(draft: Path, path: Path) -> None:
    try:
        draft.rename(path)
    except OSError as error:
        # Somebody else was faster: theirs is as good.
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def _sync(folder: Path) -> None:
    """Have a folder and all in it on the disk: the row that names it will be."""
    for path, _, files in os.walk(folder):
        for name in files:
            _sync_one(Path(path, name))
        _sync_one(Path(path))


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_same(descriptor: int, path: Path) -> bool:
    """Whether `path` still is the folder that was opened."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _refused(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


def _too_large() -> AwsError:
    return _refused(f"Unzipped size must be smaller than {MOST_UNZIPPED_BYTES} bytes")
