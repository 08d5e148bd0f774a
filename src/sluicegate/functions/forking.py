"""Children of the spawner and of its keepers: forked, in a control group where there is one."""

import os
import signal
from collections.abc import Callable

from .control_groups import ControlGroup


def fork(run: Callable[[], None], group: ControlGroup | None = None, told: int = 2) -> int:
    """A child that runs `run`, which does not come back, in the group; its number.

    What goes wrong in it is written to the descriptor `told`, and it ends with 1.
    """
    pid = os.fork() if group is None else group.fork()
    if pid:
        return pid
    try:
        if group is not None:
            group.join()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        run()
    except BaseException as error:  # noqa: BLE001 - the top of this process
        os.write(told, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(1)
