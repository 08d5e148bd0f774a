"""The whole control path in this process: real clients, real state, no socket."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from ..access.keys import RootKey
from ..clock import Clock, SystemClock
from ..serve.build import build, open_databases
from ..serve.keys import open_root_key, open_vault
from ..serve.state import StateFolder
from ..settings import Settings
from ..store.migrate import migrate_state
from ..wire.client import Credentials, in_process_client
from ..wire.message import Request, Response
from .frozen_clock import FrozenClock
from .stub_brokers import StubBrokers
from .stub_functions import StubFunctions
from .stub_keepers import StubKeepers


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A user or a session of the account, and clients that sign as it."""

    endpoint: "Endpoint"
    arn: str
    credentials: Credentials

    def client(self, service: str, *, region: str = "") -> Any:
        """A botocore client that signs as this principal."""
        return self.endpoint.client(service, region=region, credentials=self.credentials)


class Endpoint:
    """Sluicegate's endpoint on a state folder of its own; close it, or use it with `with`.

    `client("iam")` gives real botocore clients whose requests are answered in this process,
    signed as the account's root unless credentials are given. Accepted events (Invoke with
    InvocationType Event) wait for `run_events`, or are run by themselves with `runs_events`.
    """

    def __init__(
        self,
        state: Path,
        *,
        clock: Clock | None = None,
        runs_events: bool = False,
        **settings: Any,
    ) -> None:
        self.state = state
        self.settings = Settings(state=str(state), **settings)
        self.clock: Any = clock or FrozenClock()
        self.functions = StubFunctions()
        self.keepers = StubKeepers()
        self.brokers = StubBrokers()
        self._clients: dict[tuple[str, str, Credentials], Any] = {}
        folder = StateFolder(state)
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        migrate_state(self.settings.database, folder.database, folder.decisions, folder.log_events)
        self.vault = open_vault(folder)
        self.root: RootKey = open_root_key(folder, self.settings)
        self.databases = open_databases(self.settings, folder, throwaway=True)
        self._built = build(
            self.settings,
            self.databases,
            self.vault,
            self.root,
            self.clock,
            functions=self.functions,
            keepers=self.keepers,
            signing_clock=SystemClock(),
            throwaway=True,
            probe=self.brokers,
        )
        self.front = self._built.front
        if runs_events:
            self._built.start()

    def __enter__(self) -> "Endpoint":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what stands behind the endpoint; the state folder stays."""
        self._built.close()

    def reset(self) -> None:
        """Empty the state and set the clock right: as good as a new one, and sooner there."""
        self._built.reset()
        self.functions.forget()
        self.keepers.forget()
        self.brokers.forget()
        if isinstance(self.clock, FrozenClock):
            self.clock.start_again()
        self._clients = {
            asked: made
            for asked, made in self._clients.items()
            if asked[2] == self._root_credentials
        }

    def run_events(self) -> int:
        """Run the accepted events that are due by the clock, each once; how many there were."""
        return self._built.run_events()

    @property
    def _root_credentials(self) -> Credentials:
        return Credentials(self.root.access_key, self.root.secret_key)

    def answer(self, request: Request) -> Response:
        """The answer to a raw request."""
        return self.front.answer(request)

    def client(
        self, service: str, *, region: str = "", credentials: Credentials | None = None
    ) -> Any:
        """A botocore client of `service`; signs as root unless `credentials` are given.

        Made once for the same arguments: making one takes longer than most of its calls.
        """
        signer = credentials or self._root_credentials
        asked = (service, region or self.settings.region, signer)
        if asked not in self._clients:
            self._clients[asked] = in_process_client(
                service,
                self.answer,
                region=region or self.settings.region,
                access_key=signer.access_key,
                secret_key=signer.secret_key,
                token=signer.token,
            )
        return self._clients[asked]

    def user(self, name: str, *, policy: Mapping[str, Any] | None = None) -> Member:
        """A new user with an access key and, when `policy` is given, that inline policy."""
        iam = self.client("iam")
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        if policy is not None:
            document = json.dumps(policy)
            iam.put_user_policy(UserName=name, PolicyName="given", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Member(self, arn, Credentials(key["AccessKeyId"], key["SecretAccessKey"]))

    def role(
        self, name: str, *, trust: Mapping[str, Any], policy: Mapping[str, Any] | None = None
    ) -> str:
        """A new role with that trust policy and, when given, inline policy; its ARN."""
        iam = self.client("iam")
        document = json.dumps(trust)
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        if policy is not None:
            document = json.dumps(policy)
            iam.put_role_policy(RoleName=name, PolicyName="given", PolicyDocument=document)
        return arn

    def session(self, member: Member, role_arn: str, name: str = "session") -> Member:
        """The session `member` gets by assuming the role."""
        answer = member.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=name)
        given = answer["Credentials"]
        credentials = Credentials(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
        )
        return Member(self, answer["AssumedRoleUser"]["Arn"], credentials)
