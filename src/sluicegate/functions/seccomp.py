"""The system calls function code does without, as a BPF program the kernel runs before each one.

Namespaces keep a function from seeing the host; the filter keeps it from the parts of the kernel
where most ways out were found. Everything else is allowed: what AWS runs must run here.
"""

import errno
import platform
import struct

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_AT_NUMBER, _AT_ARCHITECTURE, _AT_ARGUMENTS = 0, 4, 16
_X32_BIT = 0x40000000

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# name: number on x86_64, number on aarch64 (-1: not there).
_REFUSED = {
    "_sysctl": (156, -1),
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "create_module": (174, -1),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "get_kernel_syms": (177, -1),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, -1),
    "iopl": (172, -1),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "mbind": (237, 235),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, -1),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "name_to_handle_at": (303, 264),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "query_module": (178, -1),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "set_mempolicy": (238, 237),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    # Memory no process has mapped is in nobody's account; see `memory`. Without namespaces it would
    # outlive its makers as well.
    "msgctl": (71, 187),
    "msgget": (68, 186),
    "msgrcv": (70, 188),
    "msgsnd": (69, 189),
    "semctl": (66, 191),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "shmget": (29, 194),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, -1),
    "userfaultfd": (323, 282),
    "ustat": (136, -1),
    "vhangup": (153, 58),
}
# Answered as by a kernel without them: libraries then go another way. clone3 takes its flags
# through a pointer no filter can follow. A memfd nobody maps is memory in nobody's account.
_UNKNOWN = {"clone3": (435, 435), "memfd_create": (319, 279)}
_CLONE = (56, 220)
_SOCKET = (41, 198)
_SOCKET_PAIR = (53, 199)
_IOCTL = (16, 29)
_PERSONALITY = (135, 92)

_NEW_NAMESPACES = 0x7E020000
_UNIX, _FAMILIES = 1, (2, 10, 16)  # INET, INET6, NETLINK
# Kinds of sockets, STREAM and SEQPACKET, with and without their flags (CLOEXEC, NONBLOCK): made in
# pairs, they are connected for good. A datagram's is not.
_PAIRED = tuple(kind | flags for kind in (1, 5) for flags in (0, 0x80000, 0x800, 0x80800))
_TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_PERSONALITIES = (0, 0xFFFFFFFF)


def program(machine: str = "", *, is_fenced: bool = True) -> bytes:
    """The filter for `machine`, this one when it is left out; `LookupError` where none is known.

    `is_fenced`: there are namespaces. Without them the sockets of the host's services are in reach
    by their paths, of a user's session bus too, and Landlock does not stop who connects to them.
    """
    machine = machine or platform.machine()
    audit = _AUDIT[machine]
    column = list(_AUDIT).index(machine)
    code = [_load(_AT_ARCHITECTURE), _unless_equal(audit, _returns(_KILL)), _load(_AT_NUMBER)]
    if machine == "x86_64":
        refused = _returns(_ERRNO | errno.ENOSYS)
        code.append(_instruction(_JUMP_AT_LEAST, _X32_BIT, 0, len(refused) // 8) + refused)
    for numbers, error in (*_each(_UNKNOWN, errno.ENOSYS), *_each(_REFUSED, errno.EPERM)):
        if numbers[column] >= 0:
            code.append(_if_equal(numbers[column], _returns(_ERRNO | error)))
    code.append(_if_equal(_CLONE[column], _unless_namespaces()))
    families = (_UNIX, *_FAMILIES) if is_fenced else _FAMILIES
    code.append(_if_equal(_SOCKET[column], _only(0, families, errno.EAFNOSUPPORT)))
    if not is_fenced:
        code.append(_if_equal(_SOCKET_PAIR[column], _only(1, _PAIRED, errno.EAFNOSUPPORT)))
    code.append(_if_equal(_IOCTL[column], _never(1, _TERMINAL_INPUT)))
    code.append(_if_equal(_PERSONALITY[column], _only(0, _PERSONALITIES, errno.EPERM)))
    code.append(_returns(_ALLOW))
    return b"".join(code)


def _each(table: dict[str, tuple[int, int]], error: int) -> list[tuple[tuple[int, int], int]]:
    return [(numbers, error) for numbers in table.values()]


def _instruction(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def _load(offset: int) -> bytes:
    return _instruction(_LOAD, offset)


def _returns(verdict: int) -> bytes:
    return _instruction(_RETURN, verdict)


def _if_equal(value: int, block: bytes) -> bytes:
    return _instruction(_JUMP_EQUAL, value, 0, len(block) // 8) + block


def _unless_equal(value: int, block: bytes) -> bytes:
    return _instruction(_JUMP_EQUAL, value, len(block) // 8, 0) + block


def _argument(index: int) -> bytes:
    # The low half, on a little-endian machine: these arguments are ints to the kernel.
    return _load(_AT_ARGUMENTS + 8 * index)


def _unless_namespaces() -> bytes:
    refused = _returns(_ERRNO | errno.EPERM)
    jump = _instruction(_JUMP_ANY_BIT, _NEW_NAMESPACES, 0, len(refused) // 8)
    return _argument(0) + jump + refused + _returns(_ALLOW)


def _only(index: int, values: tuple[int, ...], error: int) -> bytes:
    allowed = b"".join(_if_equal(value, _returns(_ALLOW)) for value in values)
    return _argument(index) + allowed + _returns(_ERRNO | error)


def _never(index: int, values: tuple[int, ...]) -> bytes:
    refused = b"".join(_if_equal(value, _returns(_ERRNO | errno.EPERM)) for value in values)
    return _argument(index) + refused + _returns(_ALLOW)
