"""What identification and decision add to an API call, and what the whole call costs.

    python -m benchmarks.front_door

In one process, without sockets: iam:GetUser by a user whose policies allow it. `identify` reads
and verifies the signature and asks the database for the permissions epoch; `authorize` decides
and records. Figures are medians of one run; the goal is 300 µs for the two together.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sluicegate.access import Ask
from sluicegate.access.authorize import Authority
from sluicegate.access.identify import Identity, Touch, record_touches
from sluicegate.access.memory import EpochMemory
from sluicegate.access.record import Occasion
from sluicegate.store.batching import BatchingWriter
from sluicegate.store.decisions import DecisionLog
from sluicegate.testing import Endpoint
from sluicegate.wire.client import in_process_client
from sluicegate.wire.message import Request, Response

CALLS = 3000
GOAL_MICROSECONDS = 300
POLICY = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def main() -> None:
    """Print medians in microseconds, and their share of the call."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Endpoint(Path(folder) / "state") as endpoint,
    ):
        alice = endpoint.user("alice", policy=POLICY)
        kept: list[Request] = []

        def keep(request: Request) -> Response:
            kept.append(request)
            return endpoint.answer(request)

        signer = alice.credentials
        client = in_process_client(
            "iam",
            keep,
            region="us-east-1",
            access_key=signer.access_key,
            secret_key=signer.secret_key,
        )
        client.get_user(UserName="alice")
        request = kept[0]

        memory, database = EpochMemory(), endpoint.databases.state
        touches = BatchingWriter[Touch]("last used", database, record_touches)
        decisions = DecisionLog(endpoint.databases.decisions)
        identity = Identity(
            database, endpoint.vault, endpoint.clock, endpoint.root, memory, touches
        )
        authority = Authority(database, memory, decisions)
        caller = identity.identify(request).caller
        occasion = Occasion("us-east-1", "request", endpoint.clock.now_ms(), {})
        ask = Ask("iam:GetUser", alice.arn)

        identify = microseconds(lambda: identity.identify(request))
        authorize = microseconds(lambda: authority.authorize(caller, [ask], occasion))
        whole = microseconds(lambda: endpoint.answer(request))
        touches.close()
        decisions.close()
    added = identify + authorize
    for name, figure in (
        ("identify", identify),
        ("authorize, recorded", authorize),
        ("both", added),
        ("whole iam:GetUser", whole),
    ):
        print(f"{name:<22}{figure:>8.0f} µs {figure / whole:>7.2f} of the call")
    print(f"{'goal for both':<22}{GOAL_MICROSECONDS:>8} µs")


def microseconds(call: Callable[[], object]) -> float:
    """The median time of one call."""
    times = []
    for _ in range(CALLS):
        since = time.perf_counter()
        call()
        times.append(time.perf_counter() - since)
    return statistics.median(times) * 1e6


if __name__ == "__main__":
    main()
