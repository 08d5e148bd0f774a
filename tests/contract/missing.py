"""What a test wants and does not find: skipped at a desk, a failure where changes are judged."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """End the test, saying what is not there."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)
