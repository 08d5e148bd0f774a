"""Where a function finds itself, and what it is told of that."""

from collections.abc import Callable
from dataclasses import dataclass

# Where it finds what is served from outside, in a network of its own.
RUNTIME_API_PORT, ENDPOINT_PORT, PROXY_PORT = 9001, 4566, 3128


@dataclass(frozen=True, slots=True)
class Places:
    """Paths and addresses as function code sees them; in a sandbox of its own always these."""

    task: str = "/var/task"
    runtime: str = "/var/runtime"
    runtime_api: str = "127.0.0.1:9001"
    endpoint: str = "http://127.0.0.1:4566"
    # "" where nothing beyond the endpoint is in reach, or everything.
    proxy: str = ""
    # "" where /tmp is the function's own.
    temporary: str = ""


Told = Callable[[Places], dict[str, str]]
"""A function's variables, once its places are known."""
