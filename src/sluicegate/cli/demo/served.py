"""The `serve` of the demo: on a throw-away state, known by what it prints and writes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import StartRefused
from ...settings import PREFIX, Settings
from .story import Keys, Story


@contextmanager
def served(state: Path, settings: Settings) -> Iterator[str]:
    """A `serve` of our own on a free port; its endpoint."""
    # Settings of the user's are for their own serve, not for a throw-away one, but for those that
    # say what this machine has.
    others = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    environment = others | settings.of_machine
    command = [
        sys.executable,
        "-m",
        "sluicegate.cli",
        "serve",
        "--state",
        str(state),
        "--port",
        "0",
    ]
    process = subprocess.Popen(  # noqa: S603 - our own module, no input in it
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=state
    )
    assert process.stdout is not None
    try:
        facts = {}
        for line in process.stdout:
            if line == "Ready.\n":
                break
            name, _, value = line.strip().partition(" ")
            facts[name] = value.strip()
        if "endpoint" not in facts:
            raise StartRefused("`sluicegate serve` did not start; its reason stands above")
        yield facts["endpoint"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        process.stdout.close()


def root_keys(state: Path) -> Keys:
    """What `serve` wrote for the account's root user."""
    kept = json.loads((state / "root-credentials.json").read_text())
    return Keys(kept["AccessKeyId"], kept["SecretAccessKey"])


def typed(story: Story, keys: Keys, *arguments: str) -> list[str]:
    """The lines that a command prints for whoever has these keys."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith((PREFIX, "AWS_"))},
        "AWS_ENDPOINT_URL": story.endpoint,
        "AWS_REGION": story.region,
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
    }
    command = [sys.executable, "-m", "sluicegate.cli", *arguments]
    ended = subprocess.run(  # noqa: S603 - our own module, asked for what the story has made
        command, capture_output=True, text=True, env=environment, check=False
    )
    return ended.stdout.splitlines()


def wait(endpoint: str, folder: str) -> None:
    """Say how to go on, until Ctrl-C."""
    print(f"\nIt goes on at {endpoint} until Ctrl-C. In another shell:")
    port = endpoint.rpartition(":")[2]
    print(f'  eval "$(.venv/bin/sluicegate env --state {folder} --port {port})"')
    print("  .venv/bin/sluicegate status")
    print("  .venv/bin/sluicegate doctor")
    print("  aws iam list-users")
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()
