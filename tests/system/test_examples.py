"""The examples against the real server, as their docstrings say to run them."""

import subprocess
import sys
from pathlib import Path

from .server import Server

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

_OUTCOMES = (": denied", ": allowed")


def test_least_privilege_runs_where_env_points(calm: Server) -> None:
    run = subprocess.run(
        [sys.executable, EXAMPLES / "least_privilege.py"],
        env=calm.variables(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = [
        line.strip() for line in run.stdout.splitlines() if line.endswith(("denied", "allowed"))
    ]
    assert told == [
        "read the orders secret: denied",
        "read the orders secret: allowed",
        "change it: denied",
        "read the payroll secret: denied",
    ]
    assert calm.client("iam").list_users()["Users"] == []


def test_orders_go_from_a_topic_to_a_function(calm: Server) -> None:
    run = subprocess.run(
        [sys.executable, EXAMPLES / "orders" / "run.py"],
        env=calm.variables(),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "2,000 of 2,000 orders handled\n"
    assert calm.client("lambda").list_functions()["Functions"] == []
    assert calm.client("iam").list_roles(PathPrefix="/")["Roles"][0]["Path"].startswith("/aws-")
