"""What brokers ask about clients of the IAM listener: who logs in, and what somebody may do."""

from .doors import Doors
from .gatekeeper import Gatekeeper

__all__ = ["Doors", "Gatekeeper"]
