"""Pages of lists: `Marker` and `MaxItems` in, `IsTruncated` and `Marker` out."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ...errors import AwsError
from ..operation import Params

T = TypeVar("T")

_DEFAULT_ITEMS = 100


class Page:
    """The page a call asks for: `limit` items behind the key `after`.

    A marker names the operation and the last key shown, so a list may change between two pages
    and none of its other items is shown twice or left out.
    """

    def __init__(self, operation: str, params: Params) -> None:
        self._operation = operation
        self.after = self._opened(params.get("Marker"))
        self.limit: int = params.get("MaxItems") or _DEFAULT_ITEMS

    def of(
        self, member: str, items: Sequence[T], key: Callable[[T], str], show: Callable[[T], Any]
    ) -> dict[str, Any]:
        """The answer: one page of `items`, by their keys."""
        shown, ending = self.cut(items, key)
        return {member: [show(item) for item in shown], **ending}

    def cut(self, items: Sequence[T], key: Callable[[T], str]) -> tuple[list[T], dict[str, Any]]:
        """One page of `items`, by their keys, and the members that end an answer.

        Sorted here and not by the store: a database may have another idea of what comes first.
        """
        rest = [item for item in items if key(item) > self.after]
        return self.head(sorted(rest, key=key), key)

    def head(self, rest: list[T], key: Callable[[T], str]) -> tuple[list[T], dict[str, Any]]:
        """As `cut`, of what the store sorted, began behind `after` and ended past `limit`."""
        shown = rest[: self.limit]
        if len(rest) == len(shown):
            return shown, {"IsTruncated": False}
        return shown, {"IsTruncated": True, "Marker": self._marker(key(shown[-1]))}

    def _marker(self, key: str) -> str:
        return urlsafe_b64encode(f"{self._operation}\n{key}".encode()).decode()

    def _opened(self, marker: str | None) -> str:
        if not marker:
            return ""
        try:
            operation, _, key = urlsafe_b64decode(marker.encode()).decode().partition("\n")
        except ValueError:
            operation, key = "", ""
        if operation != self._operation or not key.isprintable():
            raise AwsError("ValidationError", "Invalid Marker.")
        return key
