"""Administration of a managed cluster, over its internal listener, as its super user."""

from typing import Any

from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from .settling import TIMEOUT_SECONDS, asked, settled
from .silence import silent

# Kafka's least, and what MSK's own documentation uses; the password is random or the user's risk.
_ITERATIONS = 4096
_SCRAM = ScramMechanism.SCRAM_SHA_512


class Admin:
    """A connection to a cluster's brokers; `bootstrap` are the `host:port` of its nodes."""

    def __init__(self, bootstrap: str, username: str, password: str) -> None:
        self._client = AdminClient(
            {
                "bootstrap.servers": bootstrap,
                "security.protocol": "SASL_PLAINTEXT",
                "sasl.mechanism": "PLAIN",
                "sasl.username": username,
                "sasl.password": password,
                # Nodes come and go at the keeper's own hands: soon is right.
                "reconnect.backoff.ms": 20,
                "reconnect.backoff.max.ms": 200,
                "socket.connection.setup.timeout.ms": 2000,
                "log_level": 0,
            },
            logger=silent,
        )

    def nodes(self, *, timeout_seconds: float = TIMEOUT_SECONDS) -> frozenset[int]:
        """The ids of the nodes that are in the cluster's metadata."""
        answer = asked(lambda: self._client.list_topics(timeout=timeout_seconds))
        return frozenset(answer.brokers)

    def are_in_sync(self, *, timeout_seconds: float = TIMEOUT_SECONDS) -> bool:
        """Whether all replicas of all partitions have what their leaders have."""
        answer = asked(lambda: self._client.list_topics(timeout=timeout_seconds))
        partitions = (
            each for topic in answer.topics.values() for each in topic.partitions.values()
        )
        return all(set(each.replicas) <= set(each.isrs) for each in partitions)

    def put_scram_user(self, name: str, password: str) -> None:
        """Make the user, or give it another password; it holds for the next login."""
        how = ScramCredentialInfo(_SCRAM, _ITERATIONS)
        self._alter(UserScramCredentialUpsertion(name, how, password=password.encode()))

    def drop_scram_user(self, name: str) -> None:
        """End new logins of the user; one that is not there is no fault."""
        if name in self.scram_users():
            self._alter(UserScramCredentialDeletion(name, _SCRAM))

    def scram_users(self) -> frozenset[str]:
        """The users there are."""
        described = asked(self._client.describe_user_scram_credentials)
        return frozenset(settled(described))

    def close(self) -> None:
        """Let go of the connection."""
        # AdminClient has no close of its own: it ends with the last reference.
        del self._client

    def _alter(self, change: Any) -> None:
        futures = asked(
            lambda: self._client.alter_user_scram_credentials(
                [change], request_timeout=TIMEOUT_SECONDS
            )
        )
        for future in futures.values():
            settled(future)
