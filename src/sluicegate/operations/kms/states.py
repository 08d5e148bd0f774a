"""The states of a key, and which of them an operation takes."""

from ...errors import AwsError
from ...store.keys import Key

ENABLED = "Enabled"
DISABLED = "Disabled"
PENDING_DELETION = "PendingDeletion"


def state(key: Key) -> str:
    """The key state as AWS names it."""
    if key.deletion_ms is not None:
        return PENDING_DELETION
    return ENABLED if key.is_enabled else DISABLED


def not_pending(key: Key) -> Key:
    """The key, unless it waits for its deletion."""
    if key.deletion_ms is not None:
        raise AwsError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    return key


def enabled(key: Key) -> Key:
    """The key, if it may be used."""
    if not not_pending(key).is_enabled:
        raise AwsError("DisabledException", f"{key.arn} is disabled.")
    return key
