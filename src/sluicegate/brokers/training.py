"""The AOT cache: what a node loads at its start, as a node that has run once left it.

Never a reason not to start: without it a node takes a second longer.
"""

import datetime
import socket
import ssl
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from .addresses import choose
from .jars import DRAFTS, Progress
from .listeners import Listener
from .nodes import start
from .plan import Certificate, NodePlan, Secrets, Voter, new_kafka_id
from .runtime import Installation

_ANSWER_SECONDS = 60
_WRITE_SECONDS = 120
_POLL_SECONDS = 0.02
_AGAIN_AFTER_SECONDS = 24 * 60 * 60


def make_aot_cache(installation: Installation, progress: Progress) -> None:
    """Run a node once, on listeners of every kind, and keep what it loaded."""
    failed = installation.aot_cache.with_suffix(".failed")
    if failed.exists() and time.time() - failed.stat().st_mtime < _AGAIN_AFTER_SECONDS:
        return
    progress("preparing Apache Kafka for quick starts; once, about ten seconds")
    with tempfile.TemporaryDirectory(prefix=DRAFTS, dir=installation.aot_cache.parent) as folder:
        draft = Path(folder) / "draft.aot"
        reason = _run(installation, Path(folder) / "node", draft)
        if reason is None:
            draft.replace(installation.aot_cache)
            failed.unlink(missing_ok=True)
        else:
            failed.write_text(reason)
            progress(f"brokers will start a second slower: no AOT cache, because {reason}")


def _run(installation: Installation, folder: Path, draft: Path) -> str | None:
    """Why there is no cache, or None when there is one."""
    kafka_id = new_kafka_id()
    (endpoint,) = choose(kafka_id, [1])
    plan = NodePlan(
        kafka_id=kafka_id,
        node=1,
        brokers=1,
        endpoint=endpoint,
        voters=(Voter(1, endpoint),),
        listeners=frozenset({Listener.CLIENT, Listener.CLIENT_SECURE, Listener.CLIENT_SASL_SCRAM}),
        folder=folder,
    )
    node = start(installation, plan, Secrets.new(), _certificate(), aot_output=draft)
    try:
        if not _until(lambda: node.answers() or node.has_ended, _ANSWER_SECONDS):
            return "a node did not answer"
        if node.has_ended:
            return f"a node ended: {node.reason()}"
        _greet(plan)
        node.ask_to_stop()
        # As it ends it starts a JVM that writes the cache: several seconds.
        _until(lambda: node.has_ended, _WRITE_SECONDS)
    finally:
        node.kill()
    return None if draft.exists() else "the JVM wrote none"


def _greet(plan: NodePlan) -> None:
    """Handshakes, so that what TLS needs is loaded too."""
    # Nothing is told and nothing believed: any certificate will do.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for listener in (Listener.CLIENT_SECURE, Listener.CLIENT_SASL_SCRAM):
        place = (plan.endpoint.address, plan.endpoint.port(listener))
        try:
            with socket.create_connection(place, 5) as plain, context.wrap_socket(plain):
                pass
        except OSError:
            continue


def _certificate() -> Certificate:
    # Imported here, as where the state's own authority signs.
    from .certificates import self_signed, signed_leaf

    now = datetime.datetime.now(datetime.UTC)
    authority, key = self_signed("Training", now)
    return Certificate(signed_leaf(authority, key, "b-1", ["localhost"], now), authority)


def _until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
