"""Deployment packages from anybody: unpacked whole inside their folder, or refused whole."""

import io
import os
import stat
import struct
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import AwsError, Corrupted, Unavailable
from sluicegate.functions.packages import MOST_UNZIPPED_BYTES, Packages

UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."
TOO_LARGE = "Unzipped size must be smaller than 262144000 bytes"


class Shelf:
    """Packages in a folder of their own, and which of them versions name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "state" / "packages"
        self.folder.parent.mkdir()
        self.used: set[str] = set()
        self.free = 1 << 40, 1 << 30
        self.packages = Packages(
            self.folder, self.used.__contains__, durable=False, disk=lambda _: self.disk()
        )

    def disk(self) -> os.statvfs_result:
        """A large one, of which `free` are so many bytes and files; 0 files where it has no end."""
        (free, files), size = self.free, 1 << 40
        return os.statvfs_result((1, 1, size, free, free, files and 1 << 30, files, files, 0, 255))

    def put(self, zipped: bytes) -> str:
        """Unpack and have a version name it."""
        with self.packages.unpacked(zipped) as package:
            self.used.add(package.id)
        return package.id

    def refused(self, zipped: bytes) -> tuple[str, str]:
        """Code and message; nothing is left."""
        with pytest.raises(AwsError) as caught:
            self.put(zipped)
        assert self.inside() == {}
        return caught.value.code, caught.value.message

    def inside(self) -> dict[str, int]:
        """Every path under the state folder, and its mode."""
        found = (path for path in self.folder.rglob("*"))
        return {str(path.relative_to(self.folder)): path.lstat().st_mode for path in found}


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    before = set(tmp_path.parent.iterdir())
    yield Shelf(tmp_path)
    assert set(tmp_path.iterdir()) == {tmp_path / "state"}
    assert set((tmp_path / "state").iterdir()) <= {tmp_path / "state" / "packages"}
    assert set(tmp_path.parent.iterdir()) == before


def entry(name: str, mode: int = 0o644, *, system: int = 3) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    # As it stands: the constructor cuts names at NUL and turns separators.
    info.filename = info.orig_filename = name
    info.create_system = system
    info.external_attr = mode << 16
    return info


def zipped(*entries: tuple[zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that come twice
        for info, content in entries:
            archive.writestr(info, content, method)
    return packed.getvalue()


def files(*names: str) -> bytes:
    return zipped(*((entry(name), b"x") for name in names))


def test_files_are_there_with_modes_that_work_for_every_user(shelf: Shelf) -> None:
    content = zipped(
        (entry("a.py", 0o600), b"a"),
        (entry("bin/run", 0o4711), b"b"),
        (entry("./dots//c.txt", 0), b"c"),
        (entry("empty/", stat.S_IFDIR | 0o700), b""),
        (entry("dos.exe", 0o777, system=0), b"d"),
        (entry("é\n😀", 0o666), b"e"),
    )
    package = shelf.put(content)
    modes = {
        name.removeprefix(f"{package}/code/"): (stat.S_IFMT(mode), stat.S_IMODE(mode))
        for name, mode in shelf.inside().items()
        if "/code/" in name
    }
    assert modes == {
        "a.py": (stat.S_IFREG, 0o644),
        "bin": (stat.S_IFDIR, 0o755),
        "bin/run": (stat.S_IFREG, 0o755),
        "dots": (stat.S_IFDIR, 0o755),
        "dots/c.txt": (stat.S_IFREG, 0o644),
        "empty": (stat.S_IFDIR, 0o755),
        "dos.exe": (stat.S_IFREG, 0o644),
        "é\n😀": (stat.S_IFREG, 0o644),
    }
    assert shelf.packages.zipped(package) == content
    assert (shelf.packages.code(package) / "dots" / "c.txt").read_bytes() == b"c"


@pytest.mark.parametrize(
    "names",
    [
        ["../x"],
        ["a/../../x"],
        ["/etc/x"],
        ["a\\..\\x"],
        ["a\0.py"],
        ["x" * 256],
        ["/".join(["a"] * 65)],
        ["a/" * 60 + "é" * 200 + "/" + "b" * 255 + "/" + "c" * 255 + "/" + "d" * 255],
        ["a", "a"],
        ["a", "./a"],
        ["a", "a/b"],
        ["a/b", "a"],
        ["a", "a/"],
    ],
    ids=lambda names: names[0][:20].encode("unicode_escape").decode(),
)
def test_names_that_lead_elsewhere_or_nowhere(shelf: Shelf, names: list[str]) -> None:
    content = files("fine", *names)
    assert all(content.count(name.encode()) >= 2 for name in names)
    assert shelf.refused(content) == ("InvalidParameterValueException", UNREADABLE)


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFDIR]
)
def test_links_and_devices(shelf: Shelf, kind: int) -> None:
    content = zipped((entry("fine"), b"x"), (entry("odd", kind | 0o777), b"/etc/passwd"))
    assert shelf.refused(content) == ("InvalidParameterValueException", UNREADABLE)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_lambda_does_not_know(shelf: Shelf, method: int) -> None:
    content = zipped((entry("a"), b"x"), method=method)
    assert shelf.refused(content)[1] == UNREADABLE


def test_what_is_encrypted(shelf: Shelf) -> None:
    content = bytearray(files("a"))
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    assert shelf.refused(bytes(content))[1] == UNREADABLE


def test_what_is_empty(shelf: Shelf) -> None:
    assert shelf.refused(zipped())[1] == "Uploaded file must be a non-empty zip"
    only_folders = zipped((entry("a/", stat.S_IFDIR | 0o755), b""))
    assert shelf.refused(only_folders)[1] == "Uploaded file must be a non-empty zip"


def bomb(size: int) -> bytes:
    packed, zeros = io.BytesIO(), entry("zeros")
    zeros.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(packed, "w") as archive, archive.open(zeros, "w") as file:
        for _ in range(size // 2**20):
            file.write(bytes(2**20))
        file.write(bytes(size % 2**20))
    return packed.getvalue()


def test_a_bomb_is_refused_by_what_it_says_of_itself(shelf: Shelf) -> None:
    assert shelf.refused(bomb(MOST_UNZIPPED_BYTES)) == ("InvalidParameterValueException", TOO_LARGE)


def test_a_bomb_that_lies_about_its_size(shelf: Shelf) -> None:
    content = bytearray(bomb(5_000_000))
    at = content.index(b"PK\x01\x02")
    struct.pack_into("<L", content, at + 24, 10)
    assert shelf.refused(bytes(content))[1] == UNREADABLE


def test_many_small_files_are_a_bomb_too(shelf: Shelf) -> None:
    record = files("a")
    start, end = record.index(b"PK\x01\x02"), record.index(b"PK\x05\x06")
    directory = record[start:end] * 60_000
    tail = bytearray(record[end:])
    struct.pack_into("<HHLL", tail, 8, 0xFFFF, 0xFFFF, len(directory), start)
    content = record[:start] + directory + bytes(tail)
    assert shelf.refused(content)[1] == "The package has more than 50000 files."


def test_a_zip_that_is_too_large(shelf: Shelf) -> None:
    assert shelf.refused(bytes(52_428_800)) == (
        "RequestEntityTooLargeException",
        "Zipped size must be smaller than 52428800 bytes",
    )


def test_equal_zips_are_one_package(shelf: Shelf) -> None:
    assert shelf.put(files("a")) == shelf.put(files("a"))
    assert len(list(shelf.folder.iterdir())) == 1


def test_what_no_version_names_is_removed_but_not_while_it_is_held(shelf: Shelf) -> None:
    package = shelf.put(files("a"))
    elsewhere = Packages(shelf.folder, shelf.used.__contains__)
    holders = [shelf.packages.hold(package), elsewhere.hold(package)]
    shelf.used.clear()
    shelf.packages.remove_unused(package)
    for let_go in holders:
        assert (shelf.packages.code(package) / "a").exists()
        let_go()
    assert shelf.inside() == {}
    with pytest.raises(Corrupted, match="is missing"):
        shelf.packages.hold(package)


def test_who_lets_go_of_a_package_does_not_fail(shelf: Shelf) -> None:
    def unknown(_package: str) -> bool:
        raise Unavailable("the state is locked")

    package = shelf.put(files("a"))
    Packages(shelf.folder, unknown).hold(package)()
    assert shelf.inside() != {}


def test_a_package_whose_version_was_not_stored_is_removed(shelf: Shelf) -> None:
    with pytest.raises(RuntimeError), shelf.packages.unpacked(files("a")):
        raise RuntimeError
    assert shelf.inside() == {}


def test_a_sweep_removes_what_a_kill_left(shelf: Shelf) -> None:
    package = shelf.put(files("a"))
    draft = shelf.folder / ".draft-killed" / "code"
    draft.mkdir(parents=True)
    (draft / "half").write_text("x")
    (shelf.folder / ("0" * 64)).mkdir()
    shelf.packages.sweep()
    assert [path.name for path in shelf.folder.iterdir()] == [package]


def test_made_and_removed_at_once_from_many_threads(shelf: Shelf) -> None:
    def work(_number: int) -> None:
        for _ in range(20):
            with shelf.packages.unpacked(files("a")) as package:
                assert (package.code / "a").read_bytes() == b"x"
            shelf.packages.remove_unused(package.id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    shelf.packages.sweep()
    assert shelf.inside() == {}


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A zip with some bytes changed, cut out, doubled or cut off."""
    content = bytearray(draw(st.sampled_from(_WHOLE)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                content[at] = draw(st.integers(0, 255))
            case 1:
                del content[at : at + draw(st.integers(1, 40))]
            case 2:
                content[at:at] = content[at : at + draw(st.integers(1, 80))]
            case _:
                size = draw(st.sampled_from((2, 4, 8)))
                content[at : at + size] = draw(st.sampled_from(_NUMBERS))[:size]
        if not content:
            break
    return bytes(content)


_NUMBERS = (b"\xff" * 8, b"\0" * 8, b"\x01\0\0\0\0\0\0\x80", b"PK\x06\x06PK\x06\x07")


def _zip64() -> bytes:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w") as archive,
        archive.open(entry("big"), "w", force_zip64=True) as file,
    ):
        file.write(b"x" * 100)
    return packed.getvalue()


_WHOLE = (
    files("a.py", "b/c.py"),
    zipped((entry("a"), b"x" * 300), method=zipfile.ZIP_STORED),
    zipped((entry("d/", stat.S_IFDIR | 0o755), b""), (entry("d/e", 0o755), b"y" * 5000)),
    _zip64(),
)


@given(content=spoiled() | st.binary(max_size=200))
def test_whatever_the_bytes_nothing_is_outside_or_half_made(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    root = tmp_path_factory.mktemp("hostile")
    shelf, code = Shelf(root), ""
    try:
        shelf.put(content)
    except AwsError as refusal:
        code = refusal.code
    assert code in ("", "InvalidParameterValueException")
    assert set(_tops(shelf.inside())) == shelf.used and bool(shelf.used) is not bool(code)
    kinds = {stat.S_IFMT(mode) for mode in shelf.inside().values()}
    assert kinds <= {stat.S_IFREG, stat.S_IFDIR}
    assert os.listdir(root) == ["state"]


def _tops(paths: Iterable[str]) -> Iterator[str]:
    return (path.partition("/")[0] for path in paths)


FULL = ("CodeStorageExceededException", "Code storage limit exceeded.")


@pytest.mark.parametrize("free", [((1 << 30) + 2000, 1 << 30), (1 << 40, 100_002)])
def test_a_disk_that_is_nearly_full_is_kept_for_others(shelf: Shelf, free: tuple[int, int]) -> None:
    packed = files("a")
    shelf.free = free
    assert shelf.refused(packed) == FULL
    shelf.free = free[0] + (1 << 20), free[1] + 10
    shelf.put(packed)
    # What is there already takes no room.
    shelf.free = 0, 1
    shelf.put(packed)
