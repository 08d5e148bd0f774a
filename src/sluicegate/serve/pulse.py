"""Ends a process whose interpreter stands still, so that another can take its place.

librdkafka can wait for itself when a consumer is closed in the middle of a rebalance, and its
Python door keeps the interpreter meanwhile: no thread of ours runs any more, and nothing would end.
"""

import faulthandler
import threading
import time

_BEATS = 4


def end_if_frozen(seconds: float) -> None:
    """From here on, end this process when no thread of Python's has run for so long.

    Where it stood is told on standard error.
    """

    def beat() -> None:
        while True:
            # Counted by a thread that needs no interpreter.
            faulthandler.dump_traceback_later(seconds, exit=True)
            time.sleep(seconds / _BEATS)

    threading.Thread(target=beat, name="pulse", daemon=True).start()
