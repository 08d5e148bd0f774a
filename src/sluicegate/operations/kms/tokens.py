"""Grant tokens, and the end of a dry run.

A token is the sealed id of its grant: it cannot be made up, and no table holds it. Grants hold from
the next call on, so a token adds nothing to them; it must be one all the same.
"""

import base64
import binascii
from collections.abc import Iterable

from ...errors import AwsError, Corrupted
from ..operation import Call, Params

_PURPOSE = "kms-grant-token"
_ROW = ("grant_tokens",)


def of_grant(call: Call, grant_id: str) -> str:
    """A token for a grant; each is another."""
    sealed = call.vault.seal(_PURPOSE, _ROW, grant_id.encode())
    return base64.b64encode(sealed).decode()


def grant_id(call: Call, token: str) -> str:
    """The grant a token was made for; `InvalidGrantTokenException` when it is none."""
    try:
        sealed = base64.b64decode(token, validate=True)
        return call.vault.open(_PURPOSE, _ROW, sealed).decode()
    except (binascii.Error, ValueError, Corrupted):
        raise AwsError("InvalidGrantTokenException", "The grant token is not valid.") from None


def check(call: Call, tokens: Iterable[str]) -> None:
    """Refuse tokens that are none."""
    for token in tokens:
        grant_id(call, token)


def stop_if_dry(params: Params) -> None:
    """End a trial: everything was checked, and allowed."""
    if params.get("DryRun"):
        raise AwsError(
            "DryRunOperationException",
            "The request would have succeeded, but the DryRun option is set.",
        )
