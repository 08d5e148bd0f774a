"""A function that tries each way out of its sandbox and tells what it got."""

HOSTILE = """
import ctypes, errno, os, platform, signal, socket, subprocess

LIBC = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "mount": (165, 40), "umount2": (166, 39), "unshare": (272, 97), "setns": (308, 268),
    "ptrace": (101, 117), "keyctl": (250, 219), "add_key": (248, 217), "bpf": (321, 280),
    "io_uring_setup": (425, 425), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "chroot": (161, 51),
    "pivot_root": (155, 41), "process_vm_readv": (310, 270), "kexec_load": (246, 104),
    "init_module": (175, 105), "reboot": (169, 142), "swapon": (167, 224), "clone3": (435, 435),
    "memfd_create": (319, 279), "shmget": (29, 194), "fsopen": (430, 430), "syslog": (103, 116),
    "open_tree": (428, 428), "pidfd_getfd": (438, 438), "sethostname": (170, 161),
    "semget": (64, 190), "semop": (65, 193), "semtimedop": (220, 192), "semctl": (66, 191),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
}
NEW_USER = 0x10000000
COLUMN = 0 if platform.machine() == "x86_64" else 1


def handler(event, context):
    return {
        "read": [each for each in event["files"] if reads(each)],
        "written": [each for each in event["writable"] if writes(each)],
        "calls": [name for name in CALLS if call(name) not in (errno.EPERM, errno.ENOSYS)],
        "new namespaces by clone": clone_of_a_user_namespace(),
        "x32": COLUMN == 0 and LIBC.syscall(0x40000000 | 39) >= 0,
        "sockets": [each for each in (3, 17, 38, 40, 44) if opens_family(each)],
        "raw socket": opens_raw(),
        "connected": [each for each in event["addresses"] if connects(each)],
        "sent": [each for each in event["addresses"] if sends(each)],
        "killed": [pid for pid in event["pids"] if kills(pid)],
        "seen": sorted(foreign_processes()),
        "descriptors": sorted(foreign_descriptors()),
        "became": [each for each in ("setuid", "setgid", "setgroups") if becomes(each)],
        "devices": makes_device(),
        "typed into the terminal": types(),
        "took over": [port for port in (9001, 4566) if takes_over(port)],
        "rights": rights(),
        "set-uid": not os.statvfs("/usr").f_flag & os.ST_NOSUID,
        "devices allowed": [p for p in ("/usr", "/tmp", "/var/task") if not nodev(p)],
        "variables": [each for each in event["secrets"] if each in everything_readable()],
    }


def attempt(what):
    def tried(*arguments):
        try:
            return what(*arguments)
        except (OSError, ValueError):
            return False
    return tried


@attempt
def reads(path):
    if os.path.isdir(path):
        return bool(os.listdir(path))
    with open(path, "rb") as file:
        return bool(file.read(64))


@attempt
def writes(path):
    with open(path, "ab") as file:
        file.write(b"x")
    return True


def call(name):
    ctypes.set_errno(0)
    return 0 if LIBC.syscall(CALLS[name][COLUMN], 0, 0, 0, 0, 0) >= 0 else ctypes.get_errno()


def clone_of_a_user_namespace():
    got = LIBC.syscall(56 if COLUMN == 0 else 220, NEW_USER | signal.SIGCHLD, 0, 0, 0, 0)
    if got == 0:
        os._exit(0)
    return got > 0


@attempt
def opens_family(family):
    socket.socket(family, socket.SOCK_DGRAM).close()
    return True


@attempt
def opens_raw():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()
    return True


def family_of(address):
    return socket.AF_INET if isinstance(address, list) else socket.AF_UNIX


def address_of(address):
    return tuple(address) if isinstance(address, list) else address.replace("@", "\\0", 1)


@attempt
def connects(address):
    with socket.socket(family_of(address), socket.SOCK_STREAM) as one:
        one.settimeout(1)
        one.connect(address_of(address))
    return True


@attempt
def sends(address):
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as one:
        # A packet into our own, empty network is sent, and refused by nobody there.
        one.connect(address_of(address))
        one.send(b"x")
        one.send(b"x")
    return True


@attempt
def kills(pid):
    os.kill(pid, 0)
    return open("/proc/%d/comm" % pid).read().strip() not in OURS


OURS = ("bwrap", "python3.11", "prlimit")


def foreign_processes():
    for each in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/comm" % each) as file:
                name = file.read().strip()
        except OSError:
            name = "number " + each
        if name not in OURS:
            yield name


def foreign_descriptors():
    for each in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink("/proc/self/fd/" + each)
        except OSError:
            continue
        is_output = each in ("1", "2") and target.startswith("pipe:")
        if not is_output and not target.startswith(("/dev/null", "socket:", "/proc/")):
            yield each + " " + target


@attempt
def becomes(what):
    getattr(os, what)([0] if what == "setgroups" else 0)
    return True


@attempt
def makes_device():
    os.mknod("/tmp/device", 0o660 | 0o060000, os.makedev(8, 0))
    return True


@attempt
def types():
    import fcntl
    with open("/dev/tty", "w") as terminal:
        fcntl.ioctl(terminal, 0x5412, b"x")
    return True


@attempt
def takes_over(port):
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("0.0.0.0", port))
        one.listen()
    return True


def rights():
    wanted = {"CapEff": "0" * 16, "CapPrm": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}
    found = []
    for pid in ("self", "1"):
        if pid == "1" and not reads("/proc/1/status"):
            continue  # not even this is shown
        with open("/proc/%s/status" % pid) as file:
            told = dict(line.split(":", 1) for line in file.read().splitlines())
        found += [pid + " " + n for n, v in wanted.items() if told[n].strip() != v]
    return found


def nodev(path):
    if not os.path.exists(path):
        return True
    return os.statvfs(path).f_flag & os.ST_NODEV


def everything_readable():
    text = ""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("environ", "cmdline"):
            try:
                with open("/proc/%s/%s" % (pid, name), "rb") as file:
                    text += file.read().decode("utf-8", "replace")
            except OSError:
                pass
    return text
"""

# What it must answer.
NOTHING = {
    "read": [],
    "written": [],
    "calls": [],
    "new namespaces by clone": False,
    "x32": False,
    "sockets": [],
    "raw socket": False,
    "connected": [],
    "sent": [],
    "killed": [],
    "seen": [],
    "descriptors": [],
    "became": [],
    "devices": False,
    "typed into the terminal": False,
    "took over": [],
    "rights": [],
    "set-uid": False,
    "devices allowed": [],
    "variables": [],
}
