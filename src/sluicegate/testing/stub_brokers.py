"""Brokers that only say what a login may do."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Loaded by whoever has something for them to say.
    from ..kafka import Connection, Probed, Trouble


class StubBrokers:
    """`Probe` for tests: answers what it was told to, and knows who asked last."""

    def __init__(self) -> None:
        self.answer: Probed | Trouble | None = None
        self.asked: tuple[Connection, str, str] | None = None

    def __call__(self, connection: "Connection", group: str, topic: str) -> "Probed | Trouble":
        """All that a trigger needs, unless there is another answer."""
        from ..kafka import Probed

        self.asked = connection, group, topic
        reading = frozenset({"DESCRIBE", "READ"})
        return self.answer or Probed(frozenset({"ALTER"}), reading, reading)

    def forget(self) -> None:
        """As it was made."""
        self.answer = self.asked = None
