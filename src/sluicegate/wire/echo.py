"""What a client sent, as an answer may repeat it."""

import re

_NOT_PRINTABLE = re.compile(r"[^ -~]")
_LONGEST = 200


def shown(text: str) -> str:
    """`text` in printable ASCII and not much of it, fit for any envelope and any log."""
    return _NOT_PRINTABLE.sub("?", text[:_LONGEST])
