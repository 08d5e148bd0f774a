"""Where a list goes on: a token that names its operation and what the last page ended with.

So that a list may change between two pages, and no list takes another's token.
"""

import base64
import binascii

from .operation import Call


def sealed(call: Call, last: str) -> str:
    """The token of the page behind `last`."""
    return base64.urlsafe_b64encode(f"{call.operation}\n{last}".encode()).decode()


def opened(call: Call, token: str) -> str | None:
    """What the page before ended with; None for a token that is not of this operation."""
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    operation, _, last = text.partition("\n")
    return last if operation == call.operation else None
