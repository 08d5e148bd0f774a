"""What tests need, ours and users': a frozen clock, an endpoint in this process, an account, a
topic in memory."""

from .endpoint import Endpoint, Member
from .frozen_clock import FrozenClock
from .stub_consumer import StubConsumer, StubTopic

__all__ = ["Endpoint", "FrozenClock", "Member", "StubConsumer", "StubTopic"]
