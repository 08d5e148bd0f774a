"""What runs first inside a Python sandbox: AWS's runtime interface client, ready before its time.

It is copied into the runtime's folder, runs under the function's own interpreter (3.9 or newer) and
knows nothing of this package. Everything slow is imported first. Then it waits on descriptor 3 for
one line that says which function this is: a sandbox started ahead waits there until it is needed,
one started for a function reads its line at once.
"""

import json
import os
import sys
import time

from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

_GO = 3


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
    bootstrap.run(told["handler"], client)


if __name__ == "__main__":
    main()
