"""A real `sluicegate serve` of our own, on a free port."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as SigningKeys

from sluicegate.wire.client import Credentials, client


class Server:
    """Started when made, ended with the block; everything it prints before `Ready.` is a fact."""

    def __init__(self, state: Path, *flags: str, **environment: str) -> None:
        self.state = state
        self.flags = flags
        self.environment = environment
        self.facts: dict[str, str] = {}
        self.process = self._start()

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.stop()

    @property
    def endpoint(self) -> str:
        """The URL clients are pointed at."""
        return self.facts["endpoint"]

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.endpoint.rpartition(":")[2])

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """A real client over HTTP; signs as root unless told otherwise."""
        signer = credentials or self.root()
        return client(service, endpoint_url=self.endpoint, region="us-east-1", credentials=signer)

    def impatient(self, service: str) -> Any:
        """A client of root's that does not try again, so that a test sees each answer."""
        return client(
            service,
            endpoint_url=self.endpoint,
            region="us-east-1",
            credentials=self.root(),
            config=Config(retries={"total_max_attempts": 1}),
        )

    def root(self) -> Credentials:
        """The root user's key, as a user finds it."""
        kept = json.loads((self.state / "root-credentials.json").read_text())
        return Credentials(kept["AccessKeyId"], kept["SecretAccessKey"])

    def reset(self, signer: Credentials | None = None) -> tuple[int, bytes]:
        """POST /sluicegate/reset, signed as root unless told otherwise: status and body."""
        keys = signer or self.root()
        request = AWSRequest("POST", f"{self.endpoint}/sluicegate/reset", data=b"")
        signing = SigningKeys(keys.access_key, keys.secret_key)
        SigV4Auth(signing, "sluicegate", "us-east-1").add_auth(request)
        prepared = request.prepare()
        plain = urllib.request.Request(
            prepared.url, data=b"", headers=dict(prepared.headers), method="POST"
        )
        try:
            with urllib.request.urlopen(plain, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def variables(self) -> dict[str, str]:
        """An environment that points AWS tools here, and knows nothing else of AWS."""
        root = self.root()
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return kept | {
            "HOME": str(self.state),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": root.access_key,
            "AWS_SECRET_ACCESS_KEY": root.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }

    def command(
        self, *arguments: str, signer: Credentials | None = None, given: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """A command, as a user of this environment runs it; whether it went well or not."""
        variables = self.variables()
        if signer is not None:
            variables["AWS_ACCESS_KEY_ID"] = signer.access_key
            variables["AWS_SECRET_ACCESS_KEY"] = signer.secret_key
        return subprocess.run(
            [sys.executable, "-m", "sluicegate.cli", *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=variables,
        )

    def api_pid(self) -> int:
        """The process id of the `api` child."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        (pid,) = (pid for pid in children.split() if _is_ours(int(pid)))
        return int(pid)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self._ended()

    def restart(self) -> None:
        """Start again on the same state and port."""
        self.flags = (*self.flags, "--port", str(self.port))
        self.process = self._start()

    def _ended(self) -> int:
        status = self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def _start(self) -> "subprocess.Popen[str]":
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SLUICEGATE_")}
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "sluicegate.cli", "serve"),
                *("--state", str(self.state), "--port", "0", *self.flags),
            ],
            stdout=subprocess.PIPE,
            text=True,
            env=kept | self.environment,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if line == "Ready.\n":
                return process
            name, _, fact = line.strip().partition(" ")
            self.facts[name] = fact.strip()
        process.stdout.close()
        raise AssertionError(f"serve ended with status {process.wait()} before it was ready")


def _is_ours(pid: int) -> bool:
    return b"sluicegate.serve.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
