"""Broker nodes as processes: started, watched, stopped.

A node is a child of whoever starts it. Its standard input is its lifeline: the other end is ours
alone and nothing is written to it, so a node ends when we do, however that comes about. (A signal
on the parent's death would come when the thread ends that started the node.)
"""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from ..errors import BrokerRefused
from . import addresses, configuration, output, runtime
from .listeners import Listener
from .plan import Certificate, NodePlan, Secrets
from .runtime import Installation

_SERVER, _LOG4J = "server.properties", "log4j2.properties"
_CONNECT_SECONDS = 0.2
_LAST_WORDS_SECONDS = 1.0


class Node:
    """One running (or ended) node. Methods may be called from any thread."""

    def __init__(self, plan: NodePlan, process: "subprocess.Popen[bytes]", said: output.Output):
        self.plan = plan
        self._process = process
        self._said = said

    def __repr__(self) -> str:
        return f"Node({self.plan.node} of {self.plan.kafka_id}, pid {self.pid})"

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether its process is gone."""
        return self._process.poll() is not None

    def answers(self) -> bool:
        """Whether it accepts connections on its internal listener, as it does once it serves."""
        if self.has_ended:
            return False
        endpoint = self.plan.endpoint
        place = (endpoint.address, endpoint.port(Listener.REPLICATION))
        try:
            socket.create_connection(place, _CONNECT_SECONDS).close()
        except OSError:
            return False
        return True

    def reason(self) -> str:
        """Why it ended, in a sentence; empty while it runs."""
        if not self.has_ended:
            return ""
        lines = self._said.lines(_LAST_WORDS_SECONDS)
        return output.meaning(lines, self._process.returncode)

    def ask_to_stop(self) -> None:
        """SIGTERM: it hands over what it leads and ends, in a second when it has a quorum."""
        self._process.terminate()

    def kill(self) -> None:
        """SIGKILL, and its process reaped. Records it has acknowledged are kept."""
        self._process.kill()
        self._process.wait()
        self._let_go()

    def has_ended_within(self, seconds: float) -> bool:
        """Wait for its end, but no longer."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _let_go(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()


def start(
    installation: Installation,
    plan: NodePlan,
    secrets: Secrets,
    certificate: Certificate,
) -> Node:
    """Start a node and return at once; `answers` tells when it serves.

    All nodes of a cluster are given the same `secrets`. `BrokerRefused` when a port it needs is
    taken, or its folder cannot be written.
    """
    if (port := addresses.taken_port(plan.endpoint, plan.listening)) is not None:
        raise BrokerRefused(
            f"port {port} on {plan.endpoint.address} is taken by another program; "
            f"node {plan.node} starts once it is free"
        )
    prepare(plan, secrets, certificate)
    return launch(installation.command(*arguments(plan)), plan, installation.forget_aot_cache)


def arguments(plan: NodePlan) -> tuple[str, ...]:
    """What the launcher is told, in a folder that is prepared."""
    return _SERVER, configuration.DATA, plan.kafka_id, *_gate(plan)


def _gate(plan: NodePlan) -> tuple[str, ...]:
    """From the node's folder, in which it runs: a socket's path has 107 bytes at most, which the
    folder of somebody's state may use up alone."""
    if plan.gate is None:
        return ()
    # Resolved first: the parent of a folder behind a link is not the link's.
    start = os.path.realpath(plan.folder)
    return tuple(
        os.path.relpath(os.path.realpath(path), start)
        for path in (plan.gate.socket, plan.gate.changes)
    )


def launch(command: list[str], plan: NodePlan, forget_aot_cache: Callable[[], None]) -> Node:
    """The process of a node whose folder is prepared."""
    try:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            command,
            cwd=plan.folder,
            env=runtime.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for us, who stop nodes in order.
            start_new_session=True,
            umask=0o077,
        )
    except OSError as error:
        raise BrokerRefused(f"node {plan.node} cannot be started: {error.strerror}") from None
    assert process.stdout is not None
    said = output.Output(f"broker {plan.node}", process.stdout, plan.folder, forget_aot_cache)
    return Node(plan, process, said)


def prepare(plan: NodePlan, secrets: Secrets, certificate: Certificate) -> None:
    """The node's folder, with its files as this start wants them."""
    folder = plan.folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        # What a killed node unpacked, libraries of a few megabytes, is of no use to the next.
        shutil.rmtree(folder / "tmp", ignore_errors=True)
        (folder / "tmp").mkdir(mode=0o700)
        write(folder / _SERVER, configuration.server_properties(plan, secrets))
        write(folder / _LOG4J, configuration.log4j2_properties())
        write(folder / configuration.KEY_FILE, certificate.pem)
        write(folder / configuration.TRUSTED_FILE, certificate.trusted)
    except OSError as error:
        raise BrokerRefused(
            f"the folder of node {plan.node}, `{folder}`, cannot be written: {error.strerror}"
        ) from None


def write(path: Path, text: str) -> None:
    """A file that nobody else may read at any moment, whole or not at all, and no link."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
