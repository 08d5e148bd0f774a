"""The AOT cache: what a node loads at its start, as a node that has run once left it.

Never a reason not to start: without it a node takes a second longer.
"""

import datetime
import tempfile
import time
from pathlib import Path

from ..errors import BrokerRefused
from . import configuration, nodes
from .addresses import choose
from .jars import DRAFTS, Progress
from .listeners import Endpoint, Listener
from .plan import Certificate, NodePlan, Secrets, Voter, new_kafka_id
from .runtime import Installation

_CLIENTS = "training.properties"
_SECONDS = 180
_AGAIN_AFTER_SECONDS = 24 * 60 * 60


def make_aot_cache(installation: Installation, progress: Progress) -> None:
    """Run a node that has every listener and is its own client, and keep what it loaded."""
    failed = installation.aot_cache.with_suffix(".failed")
    if failed.exists() and time.time() - failed.stat().st_mtime < _AGAIN_AFTER_SECONDS:
        return
    progress("preparing Apache Kafka for quick starts; once, about fifteen seconds")
    with tempfile.TemporaryDirectory(prefix=DRAFTS, dir=installation.aot_cache.parent) as folder:
        draft = Path(folder) / "draft.aot"
        try:
            reason = _run(installation, Path(folder) / "node", draft)
        except BrokerRefused as refusal:
            reason = str(refusal)
        if reason is None:
            draft.replace(installation.aot_cache)
            failed.unlink(missing_ok=True)
        else:
            failed.write_text(reason)
            progress(f"brokers will start a second slower, without an AOT cache: {reason}")


def _run(installation: Installation, folder: Path, draft: Path) -> str | None:
    """Why there is no cache, or None when there is one."""
    kafka_id, secrets = new_kafka_id(), Secrets.new()
    (endpoint,) = choose(kafka_id, [1])
    plan = NodePlan(
        kafka_id=kafka_id,
        node=1,
        brokers=1,
        endpoint=endpoint,
        voters=(Voter(1, endpoint),),
        # CLIENT_IAM is opened and not used: who would be let in there, a gate decides.
        listeners=frozenset(listener for listener in Listener if not listener.is_internal),
        folder=folder,
    )
    nodes.prepare(plan, secrets, _certificate(endpoint))
    nodes.write(folder / _CLIENTS, configuration.training_clients(plan, secrets))
    command = installation.training_command(draft, *nodes.arguments(plan), _CLIENTS)
    node = nodes.launch(command, plan, lambda: None)
    try:
        # It ends by itself, and as it ends starts a JVM that writes the cache: several seconds.
        if not node.has_ended_within(_SECONDS):
            return f"a node did not end in {_SECONDS} s"
    finally:
        node.kill()
    return None if draft.exists() else node.reason()


def _certificate(endpoint: Endpoint) -> Certificate:
    # Imported here, as where the state's own authority signs.
    from .certificates import self_signed, signed_leaf

    now = datetime.datetime.now(datetime.UTC)
    authority, key = self_signed("Training", now)
    return Certificate(signed_leaf(authority, key, "b-1", [endpoint.address], now), authority)
