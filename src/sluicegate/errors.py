"""Every error Sluicegate raises on purpose, named by what to do next.

SluicegateError
├── AwsError                an answer in AWS's words; rendered once, by `wire.render_error`
│   ├── AccessDenied        a policy refused the call
│   ├── IdentityFault       the caller could not be identified (no policy was asked)
│   ├── InvalidInput        a constraint of the service model is broken
│   └── Unavailable         nothing happened; try the same call again (503)
├── StartRefused            `serve` cannot start; the sentence says what to change
│   └── SettingRefused      what a command was told cannot be meant
├── BrokerRefused           a broker cannot be installed or started; the sentence says why
└── Corrupted               sealed or stored bytes are not what was written
"""

from collections.abc import Mapping
from enum import Enum


class SluicegateError(Exception):
    """The root of the tree; never raised itself."""


class AwsError(SluicegateError):
    """An answer in AWS's words: `code` as SDKs see it, `message` as AWS prints it.

    `status` is looked up in the service model by `code` when it is left out (400 where the model
    does not know the code). `members` are further members of the error body, in AWS's spelling.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members: Mapping[str, object] = members or {}


class AccessDenied(AwsError):
    """A policy refused the call; each protocol has its own code and status for it.

    `decision_id` names the recorded decision, or is empty where none was made.
    """

    def __init__(self, message: str, *, decision_id: str = "") -> None:
        super().__init__("AccessDenied", message)
        self.decision_id = decision_id


class Fault(Enum):
    """Why a caller could not be identified; the protocol decides how that is spelled."""

    MALFORMED_QUERY = "malformed query"
    MISSING_TOKEN = "missing token"  # noqa: S105 - the name of a fault
    INCOMPLETE_SIGNATURE = "incomplete signature"
    BAD_SIGNATURE = "bad signature"
    CLOCK = "clock"
    UNKNOWN_KEY = "unknown key"
    EXPIRED_TOKEN = "expired token"  # noqa: S105 - the name of a fault


class IdentityFault(AwsError):
    """The caller could not be identified. `fault` is spelled by each protocol in its own way."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(fault.value, message)
        self.fault = fault


class InvalidInput(AwsError):
    """A constraint of the service model is broken; each service has its own code for it."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


class Unavailable(AwsError):
    """The state cannot be written (or read) right now; nothing happened."""

    def __init__(self, message: str) -> None:
        super().__init__("ServiceUnavailable", message, status=503)


class StartRefused(SluicegateError):
    """`serve` cannot start; the sentence says who, what and what to change."""


class SettingRefused(StartRefused):
    """What a command was told cannot be meant; the sentence says what to correct."""


class BrokerRefused(SluicegateError):
    """A managed broker cannot be installed or started; the sentence says why and what to change.

    The keeper shows it as the cluster's reason and tries again later.
    """


class Corrupted(SluicegateError):
    """Sealed bytes do not open: changed, swapped, or sealed with another key."""
