"""Functions that records come to: what the trigger of `end_to_end` invokes.

It is all of the deployment package, so it needs nothing but the standard library.
"""

import base64
import json
import time
from typing import Any


def count(event: Any, _context: object) -> int:
    """Count records."""
    return sum(map(len, event["records"].values()))


def decode(event: Any, _context: object) -> int:
    """Decode the value of each record."""
    decoded = 0
    for records in event["records"].values():
        for record in records:
            decoded += "order" in json.loads(base64.b64decode(record["value"]))
    return decoded


def tell(event: Any, _context: object) -> None:
    """Say how long after it was produced a record came here, in nanoseconds.

    Its value is the moment, on the clock that all processes of a machine share.
    """
    entered = time.monotonic_ns()
    for records in event["records"].values():
        for record in records:
            print("took", entered - int(base64.b64decode(record["value"])))
