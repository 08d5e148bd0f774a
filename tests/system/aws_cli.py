"""The AWS CLI, as a user of ours in an environment of its own."""

import json
import subprocess
from pathlib import Path
from typing import Any

from .server import Server

CLI = Path(".venv/aws-cli/bin/aws").absolute()


def aws(
    server: Server, *arguments: str, folder: Path | None = None, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """What became of a command that was given in a folder."""
    assert CLI.exists(), "scripts/test makes this environment; run it once"
    return subprocess.run(
        [CLI, *arguments],
        env=server.variables() | variables,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def answer(server: Server, *arguments: str, folder: Path | None = None, **variables: str) -> Any:
    """The answer of a command that must succeed."""
    ended = aws(server, *arguments, folder=folder, **variables)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout) if ended.stdout else None
