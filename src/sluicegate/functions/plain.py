"""Starts commands where there are no namespaces. So far: nothing."""

from collections.abc import Mapping
from typing import Any


def keep(inherited: Mapping[int, int], told: Mapping[str, Any], loaded: bytes) -> None:
    """Not yet."""
    raise NotImplementedError(inherited, told, loaded)
