"""Looks at a trigger's source as its execution role: the call plan, walked step by step.

The same walk when a mapping is created (as the role, in the API's process), when it starts, and
each time its permissions are checked while it runs. It stops at the first refusal, and ends in one
of `findings`. A closed port is no refusal: the walk goes on, and tells it at the end.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import AccessDenied, AwsError, Unavailable
from ..store.mappings import EventSourceMapping
from . import findings, interfaces, plan, ports, secrets
from .calls import RoleCalls
from .findings import Listener, Outcome, Surveyed, Verdict
from .interfaces import Attachments, Network
from .plan import Step, When

_DRY_RUN = "DryRunOperation"
_NO_BROKERS = ("CREATING", "DELETING", "FAILED")
# A cluster that was made without a word on how clients log in shows none, and lets anybody in.
_ANYBODY = {"Unauthenticated": {"Enabled": True}}

_STRINGS = {
    Listener.PLAINTEXT: "BootstrapBrokerString",
    Listener.TLS: "BootstrapBrokerStringTls",
    Listener.SCRAM: "BootstrapBrokerStringSaslScram",
    Listener.IAM: "BootstrapBrokerStringSaslIam",
}


def survey(
    mapping: EventSourceMapping,
    calls: RoleCalls,
    when: When,
    attachments: Attachments | None = None,
) -> Surveyed:
    """Walk the plan for a mapping as its role.

    Interfaces are made at `When.START`, where there must be `attachments`; else only asked for.
    """
    return _Walk(mapping, calls, when, attachments).run()


class _Stopped(Exception):
    """The walk ends here."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class _Walk:
    def __init__(
        self,
        mapping: EventSourceMapping,
        calls: RoleCalls,
        when: When,
        attachments: Attachments | None,
    ) -> None:
        self._mapping = mapping
        self._calls = calls
        self._when = when
        self._attachments = attachments
        self._verdicts: list[Verdict] = []
        self._network = interfaces.network_of(mapping)
        self._servers = mapping.bootstrap_servers
        self._login: findings.Login = secrets.NOBODY
        self._authority: str | None = None
        self._session_id = ""
        self._listener = Listener.PLAINTEXT
        self._authentication: Mapping[str, Any] = {}
        self._transit = ""
        self._blocks: tuple[str, ...] = ()
        self._closed: findings.PortClosed | None = None
        self._found: list[Any] = []
        self._interface_ids: tuple[str, ...] = mapping.interface_ids

    def run(self) -> Surveyed:
        try:
            for step in plan.steps(self._when, self._needs()):
                _HANDLERS[step.operation](self, step)
            outcome = self._closed or self._connection()
        except _Stopped as stopped:
            outcome = stopped.outcome
        except Unavailable as silence:
            outcome = findings.Unreachable(silence.message)
        return Surveyed(tuple(self._verdicts), outcome, self._interface_ids)

    def _needs(self) -> frozenset[plan.Need]:
        return plan.needs(
            is_msk=self._mapping.event_source_arn is not None,
            has_network=bool(self._network.subnet_ids),
            has_secrets=bool(secrets.of(self._mapping.access)),
            is_iam=False,
        )

    def _connection(self) -> Outcome:
        is_msk = self._mapping.event_source_arn is not None
        has_login = self._login is not secrets.NOBODY
        return findings.Connection(
            bootstrap_servers=self._servers,
            is_tls=(
                self._listener is not Listener.PLAINTEXT
                if is_msk
                else has_login or self._authority is not None
            ),
            login=(
                findings.AsRole(self._session_id) if self._listener is Listener.IAM else self._login
            ),
            group_id=self._mapping.group_id,
            authority=self._authority,
            subnet_ids=self._network.subnet_ids,
            security_group_ids=self._network.group_ids,
            interface_ids=self._interface_ids,
        )

    def _ask(
        self, step: Step, params: Mapping[str, Any], resource: str, operation: str = ""
    ) -> Mapping[str, Any]:
        """One call, and its verdict: a policy's denial ends the walk."""
        name = operation or step.operation
        try:
            answer = self._calls.call(step.service, name, params)
        except AccessDenied as denial:
            self._verdicts.append(Verdict(step, name, resource, False, denial.message))
            raise _Stopped(findings.Denied(step, step.action, denial.message)) from None
        except Unavailable:
            raise
        except AwsError:
            # Whatever is wrong with it, the role may ask.
            self._verdicts.append(Verdict(step, name, resource, True))
            raise
        self._verdicts.append(Verdict(step, name, resource, True))
        return answer

    def _assume(self, step: Step) -> None:
        try:
            self._session_id = self._calls.assume() or ""
        except AccessDenied as denial:
            verdict = Verdict(step, step.operation, "", False, denial.message)
            self._verdicts.append(verdict)
            raise _Stopped(findings.NotAssumed()) from None
        self._verdicts.append(Verdict(step, step.operation, "", True))

    @property
    def _cluster_arn(self) -> str:
        return self._mapping.event_source_arn or ""

    def _describe_cluster(self, step: Step) -> None:
        info = self._cluster_info(step)
        if info["State"] in _NO_BROKERS:
            raise _Stopped(findings.SourceNotActive(self._cluster_arn, info["State"]))
        provisioned = info.get("Provisioned") or info
        group = provisioned["BrokerNodeGroupInfo"]
        self._network = Network(tuple(group["ClientSubnets"]), tuple(group["SecurityGroups"]))
        self._authentication = provisioned.get("ClientAuthentication") or _ANYBODY
        self._transit = provisioned["EncryptionInfo"]["EncryptionInTransit"]["ClientBroker"]

    def _cluster_info(self, step: Step) -> Any:
        try:
            return self._described(step, step.operation)
        except _Stopped as first:
            if not isinstance(first.outcome, findings.Denied):
                raise
            denied = first
        try:
            return self._described(step, step.instead)
        except _Stopped as second:
            raise (denied if isinstance(second.outcome, findings.Denied) else second) from None

    def _described(self, step: Step, operation: str) -> Any:
        asked = {"ClusterArn": self._cluster_arn}
        try:
            return self._ask(step, asked, self._cluster_arn, operation)["ClusterInfo"]
        except Unavailable:
            raise
        except AwsError:
            raise _Stopped(findings.SourceGone(self._cluster_arn)) from None

    def _bootstrap(self, step: Step) -> None:
        try:
            asked = {"ClusterArn": self._cluster_arn}
            strings = self._ask(step, asked, self._cluster_arn)
        except Unavailable:
            raise
        except AwsError as error:
            # It has just been described: its state has changed since.
            state = findings.SourceNotActive(self._cluster_arn, error.message)
            raise _Stopped(state) from None
        listener = self._chosen()
        if listener is None:
            needed = "SASL/SCRAM" if secrets.of(self._mapping.access) else "unauthenticated or IAM"
            raise _Stopped(findings.NoListener(self._cluster_arn, needed))
        servers = strings.get(_STRINGS[listener])
        if not servers:
            raise _Stopped(findings.SourceNotActive(self._cluster_arn, "without brokers"))
        self._listener = listener
        self._servers = tuple(servers.split(","))

    def _chosen(self) -> Listener | None:
        """The strongest listener the mapping has credentials for; never a second choice."""
        sasl = self._authentication.get("Sasl") or {}
        if secrets.of(self._mapping.access):
            return Listener.SCRAM if _is_on(sasl.get("Scram")) else None
        if _is_on(sasl.get("Iam")):
            return Listener.IAM
        if not _is_on(self._authentication.get("Unauthenticated")):
            return None
        return Listener.PLAINTEXT if self._transit == "PLAINTEXT" else Listener.TLS

    def _vpcs(self, step: Step) -> None:
        self._ask(step, {}, "*")

    def _subnets(self, step: Step) -> None:
        answer = self._network_ask(step, {"SubnetIds": list(self._network.subnet_ids)})
        self._blocks = tuple(subnet["CidrBlock"] for subnet in answer["Subnets"])

    def _groups(self, step: Step) -> None:
        answer = self._network_ask(step, {"GroupIds": list(self._network.group_ids)})
        if self._mapping.event_source_arn is not None:
            port = self._listener.value
            self._closed = ports.closed(answer["SecurityGroups"], self._blocks, port)

    def _interfaces(self, step: Step) -> None:
        answer = self._network_ask(step, interfaces.looking(self._mapping))
        self._found = list(answer["NetworkInterfaces"])

    def _make_interfaces(self, step: Step) -> None:
        if self._when in step.dry:
            for subnet_id in self._network.subnet_ids:
                self._make(step, subnet_id, dry=True)
            return
        kept = interfaces.fitting(self._found, self._network)
        for subnet_id in self._network.subnet_ids:
            if subnet_id not in kept:
                kept[subnet_id] = made = self._make(step, subnet_id)
                # Whatever comes next: who deletes the mapping is to find it.
                self._interface_ids = (*self._interface_ids, made["NetworkInterfaceId"])
        self._use(kept)

    def _make(self, step: Step, subnet_id: str, *, dry: bool = False) -> Any:
        asked = interfaces.making(self._mapping, subnet_id, self._network.group_ids)
        if dry:
            self._network_ask(step, asked | {"DryRun": True}, subnet_id)
            return None
        return self._network_ask(step, asked, subnet_id)["NetworkInterface"]

    def _use(self, kept: Mapping[str, Any]) -> None:
        """Mark as Lambda's what is used, and let go what belongs to another network by now."""
        if self._attachments is None:
            raise ValueError("interfaces are made for somebody who marks them")
        for each in kept.values():
            if not each.get("Attachment"):
                self._attachments.attach(each["NetworkInterfaceId"])
        used = {each["NetworkInterfaceId"] for each in kept.values()}
        self._interface_ids = tuple(each["NetworkInterfaceId"] for each in kept.values())
        _, _, delete = plan.steps(When.DELETE, (plan.Need.ALWAYS, plan.Need.NETWORK))
        for each in self._found:
            if each["NetworkInterfaceId"] not in used:
                self._drop(each["NetworkInterfaceId"], delete)

    def _drop(self, interface_id: str, step: Step) -> None:
        assert self._attachments is not None
        try:
            interfaces.drop(self._calls, interface_id, self._attachments, step)
        except AccessDenied as denial:
            # It stays, out of use; the trigger is none the worse for it.
            verdict = Verdict(step, step.operation, interface_id, False, denial.message)
            self._verdicts.append(verdict)

    def _network_ask(
        self, step: Step, params: Mapping[str, Any], resource: str = "*"
    ) -> Mapping[str, Any]:
        try:
            return self._ask(step, params, resource)
        except Unavailable:
            raise
        except AwsError as error:
            if error.code == _DRY_RUN:
                return {}
            unusable = findings.NetworkUnusable(step.operation, error.code, error.message)
            raise _Stopped(unusable) from None

    def _secrets(self, step: Step) -> None:
        for secret in secrets.of(self._mapping.access):
            answer = self._secret(step, secret.uri)
            if secret.type == secrets.ROOT_CA:
                self._authority = secrets.certificate(answer)
                is_right = self._authority is not None
            else:
                login = secrets.login(secret, answer)
                self._login = login or secrets.NOBODY
                is_right = login is not None
            if not is_right:
                raise _Stopped(findings.SecretMalformed(secret.uri, secret.type))

    def _secret(self, step: Step, arn: str) -> Mapping[str, Any]:
        try:
            return self._ask(step, {"SecretId": arn}, arn)
        except _Stopped as stopped:
            denied = stopped.outcome
            message = denied.message if isinstance(denied, findings.Denied) else ""
        except Unavailable:
            raise
        except AwsError as error:
            message = error.message
        raise _Stopped(findings.SecretUnreadable(arn, message))


def _is_on(member: Mapping[str, Any] | None) -> bool:
    return bool(member and member.get("Enabled"))


_HANDLERS: Mapping[str, Callable[[_Walk, Step], None]] = {
    "AssumeRole": _Walk._assume,
    "DescribeCluster": _Walk._describe_cluster,
    "GetBootstrapBrokers": _Walk._bootstrap,
    "DescribeVpcs": _Walk._vpcs,
    "DescribeSubnets": _Walk._subnets,
    "DescribeSecurityGroups": _Walk._groups,
    "DescribeNetworkInterfaces": _Walk._interfaces,
    "CreateNetworkInterface": _Walk._make_interfaces,
    "GetSecretValue": _Walk._secrets,
}
