"""What runs first inside a Python sandbox: AWS's runtime interface client, ready before its time.

It is copied into the runtime's folder, runs under the function's own interpreter (3.9 or newer) and
knows nothing of this package. Everything slow is imported first. Then it waits on descriptor 3 for
one line that says which function this is: a sandbox started ahead waits there until it is needed,
one started for a function reads its line at once.

A trigger's events are decoded by msgspec, in a quarter of the time. The function sees none of it.
"""

from __future__ import annotations

import json
import os
import sys
import time

from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

# `typing` is slow to import, and nothing here needs it to run.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_GO = 3
_OURS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sluicegate")
_TRIGGER_EVENT, _JSON = "application/vnd.sluicegate.trigger+json", "application/json"


def decode_trigger_events(client: Any) -> None:
    """Have the client hand over a trigger's events decoded.

    Only those: msgspec refuses what a caller's event may hold (NaN) and the stock parser takes.
    """
    wait = client.wait_next_invocation
    decoders: list[Callable[[Any], Any]] = []

    def wait_next_invocation() -> Any:
        request = wait()
        if request.content_type == _TRIGGER_EVENT:
            # A function may have put a marshaller of its own in its place: that one gets JSON.
            if type(client.marshaller) is LambdaMarshaller:
                if not decoders:
                    decoders.append(_decoder())
                # Whose type is not JSON the stock marshaller leaves as it is.
                request.event_body = decoders[0](request.event_body)
            else:
                request.content_type = _JSON
        return request

    client.wait_next_invocation = wait_next_invocation


def _decoder() -> Callable[[Any], Any]:
    """msgspec's, or the standard library's where there is none for this version of Python.

    Imported when it is needed, and forgotten: a function's own msgspec is not ours.
    """
    decode: Callable[[Any], Any] = json.loads
    sys.path.insert(0, _OURS)
    before = set(sys.modules)
    try:
        from msgspec.json import decode
    except ImportError:
        pass
    finally:
        sys.path.remove(_OURS)
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "msgspec":
            del sys.modules[name]
    return decode


def main() -> None:
    """Become the function that is named, and serve it."""
    with os.fdopen(_GO, "rb") as go:
        line = go.readline()
    if not line:
        return
    told = json.loads(line)
    os.environ.clear()
    os.environ.update(told["environment"])
    time.tzset()
    # Anew: what is shown there now was not there when this process began.
    os.chdir(told["folder"])
    sys.path.insert(0, told["folder"])
    sys.argv[1:] = [told["handler"]]
    # Not in a thread, as the newer runtimes poll: it triples the time of a small invocation.
    client = LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"], False)
    decode_trigger_events(client)
    bootstrap.run(told["handler"], client)


if __name__ == "__main__":
    main()
