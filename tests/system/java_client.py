"""A client in Java with AWS's own library for IAM access control, neither of which knows us."""

import os
import subprocess
import tempfile
from pathlib import Path

from jgo.maven import MavenContext

from sluicegate.brokers.jars import Jar, check, fetched, locked
from sluicegate.brokers.runtime import Installation, environment
from sluicegate.wire.client import Credentials
from tests.house.sources import ROOT

# With all that it needs, so it has no dependencies to be settled. Renewed by hand.
_LIBRARY = Jar(
    "software.amazon.msk",
    "aws-msk-iam-auth",
    "2.3.5",
    "bcd6020ce1ca2c3f1a65e087057dc8c0757185ba1f169b38e0eda54b617e4225",
    13_631_348,
)
_SOURCE = Path(__file__).with_name("java") / "Client.java"
_SECONDS = 120.0


class JavaClient:
    """`Client.java`, compiled into a folder; it runs on the brokers' Java and Kafka's jars."""

    def __init__(self, kafka: Installation, folder: Path) -> None:
        jars = kafka.class_path[1:]
        (compiler,) = (jars[0].with_name(jar.file_name) for jar in locked() if jar.is_compiler)
        self._java = str(kafka.java)
        self._class_path = os.pathsep.join(map(str, (folder, library(), *jars)))
        flags = ("-17", "-proc:none", "-nowarn", "-cp", self._class_path, "-d", str(folder))
        ended = self._run("-jar", str(compiler), *flags, str(_SOURCE))
        assert ended.returncode == 0, ended.stdout + ended.stderr

    def __call__(
        self, credentials: Credentials, command: str, properties: Path, *arguments: str
    ) -> tuple[int, list[str]]:
        """How it ended, and the lines it printed: values, or the reason there are none."""
        # A region, as no broker of ours has one in its name: `client-config` says so.
        key = {
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        }
        ended = self._run(
            "-cp", self._class_path, "Client", command, str(properties), *arguments, **key
        )
        return ended.returncode, ended.stdout.splitlines()

    def _run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._java, *arguments],
            env={**environment(), **variables},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )


def library() -> Path:
    """AWS's library, fetched once and checked."""
    folder = ROOT / ".venv" / "java"
    path = folder / f"{_LIBRARY.artifact}-{_LIBRARY.version}-all.jar"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as drafts:
            project = MavenContext(repo_cache=Path(drafts)).project(
                _LIBRARY.group, _LIBRARY.artifact
            )
            draft = fetched(_LIBRARY, project.at_version(_LIBRARY.version).artifact("all"))
            check(_LIBRARY, draft)
            draft.replace(path)
    return path
