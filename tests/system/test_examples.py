"""The examples against the real server, as their docstrings say to run them."""

import subprocess
import sys
from pathlib import Path

import pytest

from .server import Server

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run_example(server: Server, path: str, seconds: float) -> str:
    """What an example prints, run where `env` points; it must succeed."""
    run = subprocess.run(
        [sys.executable, EXAMPLES / path],
        env=server.variables(),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_least_privilege_runs_where_env_points(calm: Server) -> None:
    printed = run_example(calm, "least_privilege.py", 60)
    told = [line.strip() for line in printed.splitlines() if line.endswith(("denied", "allowed"))]
    assert told == [
        "read the orders secret: denied",
        "read the orders secret: allowed",
        "change it: denied",
        "read the payroll secret: denied",
    ]
    assert calm.client("iam").list_users()["Users"] == []


def test_orders_go_from_a_topic_to_a_function(calm: Server) -> None:
    assert run_example(calm, "orders/run.py", 400) == "2,000 of 2,000 orders handled\n"
    assert calm.client("lambda").list_functions()["Functions"] == []
    assert calm.client("iam").list_roles(PathPrefix="/")["Roles"][0]["Path"].startswith("/aws-")
