"""What keeps a Kafka client from what it was told to do, in one line that ends with what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import StartRefused
from ...kafka import (
    AsIam,
    BrokerFault,
    Connection,
    NotAuthenticated,
    NotAuthorized,
    NotTrusted,
    Sasl,
    TopicMissing,
    Trouble,
    Unreachable,
    Unresolvable,
)
from ..table import plain

# TLS says so when all seems settled: to the library, the connection has gone.
_WANTS_ONE = "certificate required"


@contextmanager
def heard(connection: Connection) -> Iterator[None]:
    """Calls of brokers in here succeed; `StartRefused` where one does not."""
    try:
        yield
    except BrokerFault as fault:
        raise StartRefused(sentence(fault.trouble, connection)) from None


def sentence(trouble: Trouble, connection: Connection) -> str:
    """What went wrong, and what to do next."""
    return f"{plain(trouble.text).rstrip('.')}; {_next(trouble, connection)}"


def _next(trouble: Trouble, connection: Connection) -> str:
    login = connection.credentials
    match trouble:
        case NotAuthorized() if isinstance(login, AsIam):
            return "allow it with an action of kafka-cluster in an IAM policy"
        case NotAuthenticated() if isinstance(login, AsIam):
            return "`sluicegate explain` tells why, by the UUID"
        case NotAuthorized():
            # Kafka knows those who come without a login by this name.
            user = login.username if isinstance(login, Sasl) else "ANONYMOUS"
            return (
                f"allow it to `User:{plain(user)}` with an ACL of Kafka's; `sluicegate doctor` "
                "tells what triggers lack"
            )
        case NotAuthenticated():
            return "name the secret of a user that `sluicegate status` shows with --secret"
        case _ if _WANTS_ONE in trouble.text:
            return "this command has none to show; name the secret of a user with --secret"
        case NotTrusted() | Unreachable() | Unresolvable():
            return "run `sluicegate status` to see where the brokers are, and how"
        case TopicMissing():
            return (
                "see those there are with `sluicegate kafka topics`, or make one with `sluicegate "
                "kafka topics --create NAME`"
            )
        case _:
            return "correct what it names, or try again; `sluicegate status` shows the cluster"
