"""The text of a configuration: `server.properties` as Java reads them, as far as MSK takes them."""

from collections.abc import Iterator


def read(text: str) -> Iterator[tuple[str, str]]:
    """Its names and values; the last of a name's lines is the one that holds."""
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped[0] in "#!":
            continue
        name, _, value = stripped.partition("=")
        yield name.strip(), value.strip()
