"""What tests need, ours and users': a frozen clock, an endpoint in this process, an account."""

from .endpoint import Endpoint, Member
from .frozen_clock import FrozenClock

__all__ = ["Endpoint", "FrozenClock", "Member"]
