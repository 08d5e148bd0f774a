"""The filter, run as the kernel would run it."""

import errno
import struct
from collections.abc import Sequence

import pytest

from sluicegate.functions import seccomp

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOWED, KILLED, ERROR = 0x7FFF0000, 0x80000000, 0x00050000


def verdict(
    machine: str,
    number: int,
    *arguments: int,
    architecture: int = 0,
    is_fenced: bool = True,
) -> int:
    """What the filter says of a system call."""
    architecture = architecture or ARCHITECTURES[machine]
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("=IIQ6Q", number, architecture, 0, *padded)
    program = seccomp.program(machine, is_fenced=is_fenced)
    code = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    at, value = 0, 0
    while True:
        what, yes, no, constant = code[at]
        at += 1
        match what:
            case 0x20:
                (value,) = struct.unpack_from("=I", data, constant)
            case 0x15:
                at += yes if value == constant else no
            case 0x35:
                at += yes if value >= constant else no
            case 0x45:
                at += yes if value & constant else no
            case 0x06:
                return int(constant)
            case _:
                raise AssertionError(what)


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_ordinary_calls_are_allowed(machine: str) -> None:
    clone, socket, ioctl = {"x86_64": (56, 41, 16), "aarch64": (220, 198, 29)}[machine]
    assert verdict(machine, 0) == ALLOWED
    assert verdict(machine, clone, 0x1200011) == ALLOWED
    assert [verdict(machine, socket, family) for family in (1, 2, 10, 16)] == [ALLOWED] * 4
    assert verdict(machine, ioctl, 0, 0x5413) == ALLOWED


@pytest.mark.parametrize(
    ("machine", "number"),
    [("x86_64", 165), ("x86_64", 272), ("x86_64", 101), ("aarch64", 40), ("aarch64", 97)],
)
def test_ways_out_are_refused(machine: str, number: int) -> None:
    assert verdict(machine, number) == ERROR | errno.EPERM


@pytest.mark.parametrize(
    ("machine", "numbers"),
    [("x86_64", (29, 64, 65, 66, 68, 69, 70, 71, 220)), ("aarch64", range(186, 195))],
)
def test_memory_that_is_in_nobody_s_account_is_refused(
    machine: str, numbers: Sequence[int]
) -> None:
    assert [verdict(machine, each) for each in numbers] == [ERROR | errno.EPERM] * 9


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_arguments_decide_where_they_must(machine: str) -> None:
    clone, socket, ioctl, personality = {
        "x86_64": (56, 41, 16, 135),
        "aarch64": (220, 198, 29, 92),
    }[machine]
    for flag in (0x20000, 0x10000000, 0x40000000):
        assert verdict(machine, clone, flag | 17) == ERROR | errno.EPERM
    for family in (3, 17, 38, 40):
        assert verdict(machine, socket, family) == ERROR | errno.EAFNOSUPPORT
    # Only the lower half of a request number counts to the kernel.
    assert verdict(machine, ioctl, 0, 0x5412) == ERROR | errno.EPERM
    assert verdict(machine, ioctl, 0, 0xFF_0000_5412) == ERROR | errno.EPERM
    assert verdict(machine, personality, 0x40000) == ERROR | errno.EPERM
    assert verdict(machine, 435) == ERROR | errno.ENOSYS


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_without_namespaces_nobody_connects_by_a_path(machine: str) -> None:
    socket, pair = {"x86_64": (41, 53), "aarch64": (198, 199)}[machine]

    def refused(number: int, *arguments: int) -> bool:
        return verdict(machine, number, *arguments, is_fenced=False) != ALLOWED

    assert [family for family in (1, 2, 10, 16) if refused(socket, family, 1)] == [1]
    assert [kind for kind in (1, 2, 3, 5) if refused(pair, 1, kind | 0x80000)] == [2, 3]
    assert verdict(machine, pair, 1, 2) == ALLOWED


def test_other_architectures_calls_are_none() -> None:
    assert verdict("x86_64", 0, architecture=0x40000003) == KILLED
    assert verdict("x86_64", 0x40000000) == ERROR | errno.ENOSYS


def test_a_machine_without_numbers_has_no_filter() -> None:
    with pytest.raises(LookupError):
        seccomp.program("riscv64")
