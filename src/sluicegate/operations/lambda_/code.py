"""Where a function's code comes from, and the short-lived URL it can be fetched at."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from ...errors import AwsError, Corrupted
from ...store import function_versions
from ...store.database import Tx
from ...vault import Vault
from ..operation import Call
from .refusals import invalid, not_served

PATH = "/sluicegate/code/"
"""Where the endpoint serves a package's zip to whoever has the URL GetFunction gave."""

_PURPOSE, _ROW = "code-url", ("code_urls",)
_SECONDS = 600
MOST_STORED_BYTES = 80_530_636_800


class _Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What the URL's last part holds, sealed."""

    package_id: str
    expires_ms: int


def zipped(given: Mapping[str, Any]) -> bytes:
    """The zip of a request's code; other sources are refused."""
    if given.get("ImageUri"):
        raise not_served("ImageUri")
    if given.get("S3Bucket") or given.get("S3Key"):
        # No bucket can be made here, so none is there.
        raise invalid(
            "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: "
            "The specified bucket does not exist"
        )
    if given.get("SourceKMSKeyArn"):
        raise not_served("SourceKMSKeyArn")
    if given.get("ZipFile") is None:
        raise invalid("Please provide a source for function code.")
    return bytes(given["ZipFile"])


def check_room(tx: Tx, call: Call, size: int) -> None:
    """Refuse so many more bytes of code than an account may store in a region."""
    _, used = function_versions.usage(tx, call.account, call.region)
    if used + size > MOST_STORED_BYTES:
        raise AwsError("CodeStorageExceededException", "Code storage limit exceeded.")


def url(call: Call, package_id: str) -> str:
    """A URL the package can be fetched at, without a signature, for ten minutes."""
    ticket = _Ticket(package_id, call.now_ms + _SECONDS * 1000)
    sealed = call.vault.seal(_PURPOSE, _ROW, msgspec.msgpack.encode(ticket))
    return f"{call.endpoint}{PATH}{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"


def opened(vault: Vault, token: str, now_ms: int) -> str | None:
    """The package a URL's last part stands for, None when it is forged or too old."""
    try:
        padded = token + "=" * (-len(token) % 4)
        sealed = base64.b64decode(padded, altchars=b"-_", validate=True)
        ticket = msgspec.msgpack.decode(vault.open(_PURPOSE, _ROW, sealed), type=_Ticket)
    except (binascii.Error, ValueError, Corrupted, msgspec.MsgspecError):
        return None
    return ticket.package_id if ticket.expires_ms > now_ms else None
