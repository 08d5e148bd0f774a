"""What arrives and what leaves, before and after any protocol."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it stood on the wire.

    `path` and `query` are the raw, still percent-encoded halves of the request target (the query
    without its `?`). Header names are lower case, in arrival order, repeated ones kept. `remote` is
    the client's address, `is_secure` whether it came over TLS. `repr` shows no secret.
    """

    method: str
    path: str
    query: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    remote: str = ""
    is_secure: bool = False

    def header(self, name: str) -> str | None:
        """The first header called `name` (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
