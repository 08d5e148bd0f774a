"""A node's listeners, under Amazon MSK's names and on its ports, and where a node is found."""

from dataclasses import dataclass
from enum import Enum

FIRST_PORT = 9091
PORTS = 8  # 9091 to 9098, those of listeners there are not included


class Listener(Enum):
    """A listener; its value is MSK's port."""

    REPLICATION = 9091
    CLIENT = 9092
    CONTROLLER = 9093
    CLIENT_SECURE = 9094
    CLIENT_SASL_SCRAM = 9096
    CLIENT_IAM = 9098

    @property
    def is_internal(self) -> bool:
        """Whether only nodes and the keeper speak there."""
        return self in (Listener.REPLICATION, Listener.CONTROLLER)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a node listens: an address, and the port its first listener has there.

    `first_port` is 9091, so that each listener has MSK's port, wherever the node has an address of
    its own; elsewhere eight ports in a row stand for 9091 to 9098.
    """

    address: str
    first_port: int = FIRST_PORT

    def port(self, listener: Listener) -> int:
        """The port of one listener."""
        return self.first_port + listener.value - FIRST_PORT

    def at(self, listener: Listener) -> str:
        """`address:port`, as bootstrap strings have it."""
        return f"{self.address}:{self.port(listener)}"
