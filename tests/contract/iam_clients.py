"""Clients of a node's IAM listener: of librdkafka, and by hand for what that does not speak."""

import socket
import ssl
import struct
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from tests.contract.gate import NEVER_MS
from tests.contract.kafka_cluster import KafkaCluster

from sluicegate.brokers.listeners import Endpoint, Listener

TOKEN = "aHR0cHM6Ly9rYWZrYS4_QWN0aW9u"


def as_role(cluster: KafkaCluster, token: str = TOKEN) -> dict[str, Any]:
    """A client with a token that only the gate can read."""
    return {
        "bootstrap.servers": cluster.bootstrap(Listener.CLIENT_IAM),
        "log_level": 0,
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(cluster.ca),
        "sasl.mechanism": "OAUTHBEARER",
        "oauth_cb": lambda _: (token, NEVER_MS / 1000),
    }


def logged_in(cluster: KafkaCluster) -> Producer:
    """A producer that will not have to log in any more."""
    producer = Producer({**as_role(cluster), "delivery.timeout.ms": 20_000})
    assert producer.list_topics(timeout=20).brokers
    return producer


def send(producer: Producer, topic: str) -> str:
    """Why a record is not taken; empty when it is."""
    told: list[KafkaError | None] = []
    try:
        producer.produce(topic, b"a record", on_delivery=lambda error, _: told.append(error))
    except KafkaException as refused:
        return str(refused)
    assert producer.flush(30) == 0
    (error,) = told
    return "" if error is None else str(error)


def authenticate(
    endpoint: Endpoint, authority: Path, mechanism: str, message: bytes
) -> tuple[int, str, bytes, int]:
    """At the IAM listener: error code and text, the server's message, session lifetime."""
    trusting = ssl.create_default_context(cafile=str(authority))
    place = (endpoint.address, endpoint.port(Listener.CLIENT_IAM))
    with (
        socket.create_connection(place, 20) as plain,
        trusting.wrap_socket(plain, server_hostname=endpoint.address) as connection,
    ):
        # SaslHandshake 1, then SaslAuthenticate 1.
        named = struct.pack(">h", len(mechanism)) + mechanism.encode()
        assert _call(connection, 17, named)[:2] == b"\0\0"
        answer = _call(connection, 36, struct.pack(">i", len(message)) + message)
    (code, length) = struct.unpack_from(">hh", answer)
    end = 4 + length
    text = answer[4:end].decode()
    (size,) = struct.unpack_from(">i", answer, end)
    (lifetime,) = struct.unpack_from(">q", answer, end + 4 + size)
    return code, text, answer[end + 4 : end + 4 + size], lifetime


def _call(connection: ssl.SSLSocket, api: int, body: bytes) -> bytes:
    """A request of version 1, without a client id, and what its answer says."""
    request = struct.pack(">hhih", api, 1, 7, -1) + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    with connection.makefile("rb") as answers:
        (size,) = struct.unpack(">i", answers.read(4))
        answer = answers.read(size)
    assert answer[:4] == struct.pack(">i", 7)
    return answer[4:]
