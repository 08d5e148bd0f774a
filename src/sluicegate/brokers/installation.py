"""Kafka as it is installed on this machine: once per lock, launcher, Java and flags.

In the cache folder, which may be thrown away at any time:

    brokers/jars/                  what the lock names, shared by all installations
    brokers/kafka-VERSION-DIGEST/  launcher.jar, compiled here, and kafka.aot, loaded classes as the
                                   JVM keeps them, which halves a node's start
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import BrokerRefused
from . import jars as locked_jars
from . import runtime, training
from .jars import DRAFTS, KAFKA_VERSION, Jar, Progress
from .runtime import Installation

_SOURCES = Path(__file__).with_name("java")
_COMPILE_SECONDS = 120
_UNUSED_DAYS = 30
_DAY_SECONDS = 24 * 60 * 60


def install(cache: Path, jars: Path | None, progress: Progress) -> Installation:
    """Kafka, ready to start; what is there already is not made again.

    `jars` is a folder to take them from instead of fetching them. Safe when several processes do it
    at once. `BrokerRefused` says what is in the way.
    """
    root = cache / "brokers"
    if os.pathsep in str(root):
        raise BrokerRefused(f"`{root}` cannot hold jars: a class path has no `{os.pathsep}` in it")
    java = runtime.java()
    _own(root)
    try:
        return _installed(root, java, jars, progress)
    except OSError as error:
        where = error.filename or root
        raise BrokerRefused(
            f"Apache Kafka cannot be installed: {error.strerror or error}: `{where}`; see that "
            "there is room and that it may be written to, or name another folder with "
            "XDG_CACHE_HOME"
        ) from error


def _installed(root: Path, java: Path, jars: Path | None, progress: Progress) -> Installation:
    with _locked(root / "lock", progress):
        lock = locked_jars.locked()
        home = root / f"kafka-{KAFKA_VERSION}-{_digest(java)}"
        installation = Installation(
            KAFKA_VERSION,
            java,
            (
                home / "launcher.jar",
                *(root / "jars" / jar.file_name for jar in lock if not jar.is_compiler),
            ),
            home / "kafka.aot",
        )
        _fill(installation, lock, jars, progress)
        _remove_unused(root, home)
    return installation


def _fill(
    installation: Installation, lock: tuple[Jar, ...], jars: Path | None, progress: Progress
) -> None:
    launcher, folder = installation.class_path[0], installation.class_path[1].parent
    locked_jars.bring(lock, folder, jars, progress)
    launcher.parent.mkdir(mode=0o700, exist_ok=True)
    if not launcher.exists():
        (compiler,) = (folder / jar.file_name for jar in lock if jar.is_compiler)
        _compile(installation, compiler, launcher)
    if not installation.aot_cache.exists():
        training.make_aot_cache(installation, progress)
    # When it was last of use, for `_remove_unused`.
    os.utime(launcher.parent)


def _own(folder: Path) -> None:
    """The folder, ours and nobody else's to write to: what lies there is run."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise BrokerRefused(f"`{folder}` cannot be made: {error.strerror}") from None
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    if not is_ours or status.st_mode & 0o022:
        raise BrokerRefused(f"`{folder}` must be a folder of yours that only you can write to")


@contextlib.contextmanager
def _locked(path: Path, progress: Progress) -> Iterator[None]:
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another process is installing Apache Kafka; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(java: Path) -> str:
    digest = hashlib.sha256()
    for part in (
        locked_jars.LOCK.read_bytes(),
        *(path.read_bytes() for path in _sources()),
        runtime.identity(java).encode(),
        " ".join(runtime.FLAGS).encode(),
    ):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


def _sources() -> list[Path]:
    return sorted(_SOURCES.rglob("*.java"))


def _compile(installation: Installation, compiler: Path, launcher: Path) -> None:
    """Our launcher, from its source: there is no JDK, and no binary of ours in the package."""
    with tempfile.TemporaryDirectory(prefix=DRAFTS, dir=launcher.parent) as folder:
        classes = Path(folder) / "classes"
        classes.mkdir()
        # Not `--release 17`, which wants files that only a JDK has.
        command = [str(installation.java), "-jar", str(compiler), "-17", "-proc:none", "-nowarn"]
        command += ["-cp", os.pathsep.join(map(str, installation.class_path[1:]))]
        try:
            ended = subprocess.run(  # noqa: S603 - our own command line
                [*command, "-d", str(classes), *map(str, _sources())],
                env=runtime.environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_COMPILE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BrokerRefused(
                f"the launcher does not compile within {_COMPILE_SECONDS} s"
            ) from None
        if ended.returncode != 0:
            raise BrokerRefused(f"the launcher does not compile: {ended.stderr.strip()}")
        draft = Path(folder) / launcher.name
        _archive(classes, draft)
        draft.replace(launcher)


def _archive(classes: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_entry("META-INF/MANIFEST.MF"), "Manifest-Version: 1.0\r\n\r\n")
        for file in sorted(classes.rglob("*.class")):
            name = file.relative_to(classes).as_posix()
            archive.writestr(_entry(name), file.read_bytes())


def _entry(name: str) -> zipfile.ZipInfo:
    # The same source makes the same bytes, whenever it is compiled.
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _remove_unused(root: Path, used: Path) -> None:
    """Installations of older locks or other Javas, 90 MB each, that nobody has used for a month
    (a node that runs on one keeps what it has open), and what killed installations left."""
    for draft in (*root.glob(f"{DRAFTS}*"), *used.glob(f"{DRAFTS}*")):
        shutil.rmtree(draft, ignore_errors=True)
    before = time.time() - _UNUSED_DAYS * _DAY_SECONDS
    for home in root.glob("kafka-*"):
        if home != used and home.stat().st_mtime < before:
            shutil.rmtree(home, ignore_errors=True)
