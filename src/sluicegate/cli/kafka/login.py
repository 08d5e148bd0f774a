"""Which cluster is meant, and how a client gets in: what MSK and Secrets Manager tell who asks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import SettingRefused, StartRefused
from ...kafka import AsIam, Connection, Plaintext, Sasl, Tls, Token
from ...wire.client import Credentials, Unanswered, code_of, connect_token, message_of
from ..answers import Clients
from ..table import plain

_MSK_REFUSES = frozenset({"BadRequestException", "NotFoundException"})
_NO_SECRET = frozenset(
    {"ResourceNotFoundException", "InvalidParameterException", "ValidationException"}
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster, and whether it was named: the only one there is need not be."""

    arn: str
    is_named: bool = True

    @property
    def name(self) -> str:
        """Its name, from its ARN."""
        return plain(self.arn).rpartition(":cluster/")[2].partition("/")[0]


def cluster(clients: Clients, named: str | None) -> Cluster:
    """The cluster of a name or an ARN, or the only one there is."""
    if named is not None and named.startswith("arn:"):
        return Cluster(named)
    pages = clients("kafka").get_paginator("list_clusters_v2").paginate()
    found = {
        each["ClusterName"]: each["ClusterArn"]
        for page in pages
        for each in page["ClusterInfoList"]
    }
    names = ", ".join(sorted(found))
    if not found:
        raise StartRefused(
            "there are no clusters here; make one with `aws kafka create-cluster`, or name "
            "another --region"
        )
    if named is not None:
        if named not in found:
            raise SettingRefused(f"there is no cluster `{plain(named)}`; name one of {names}")
        return Cluster(found[named])
    if len(found) > 1:
        raise SettingRefused(f"there are several clusters; name one with --cluster: {names}")
    (arn,) = found.values()
    return Cluster(arn, is_named=False)


def by_iam(credentials: Credentials, region: str, authority: str) -> AsIam:
    """The login of who has these credentials, at brokers of a region."""

    def token() -> Token:
        made = connect_token(region, credentials)
        return Token(made.text, made.expires_seconds)

    return AsIam(token, Tls(authorities=authority))


def connection(
    clients: Clients, authority: str, to: Cluster, secret: str | None, iam: AsIam | None = None
) -> Connection:
    """As the user of the secret, or by IAM, else as nobody; `authority` is the brokers', as PEM."""
    brokers = _brokers(clients, to)
    if iam is not None:
        servers = brokers.get("BootstrapBrokerStringSaslIam")
        if servers is None:
            raise StartRefused(
                f"cluster `{to.name}` has no IAM access control; leave out --iam, or turn it on "
                "with `aws kafka update-security`"
            )
        return Connection(servers, iam)
    if secret is not None:
        servers = brokers.get("BootstrapBrokerStringSaslScram")
        if servers is None:
            raise StartRefused(
                f"cluster `{to.name}` has no SASL/SCRAM; leave out --secret, or turn it on with "
                "`aws kafka update-security`"
            )
        username, password = _user(clients, secret)
        return Connection(
            servers, Sasl("SCRAM-SHA-512", username, password, Tls(authorities=authority))
        )
    if servers := brokers.get("BootstrapBrokerStringTls"):
        return Connection(servers, Tls(authorities=authority))
    if servers := brokers.get("BootstrapBrokerString"):
        return Connection(servers, Plaintext())
    if "BootstrapBrokerStringSaslIam" in brokers:
        raise SettingRefused(
            f"cluster `{to.name}` lets nobody in without a login; log in as who asks with --iam"
        )
    raise SettingRefused(
        f"cluster `{to.name}` lets nobody in without a login; name a user's secret with --secret: "
        f"`aws kafka list-scram-secrets --cluster-arn {plain(to.arn)}` lists them"
    )


def _brokers(clients: Clients, to: Cluster) -> Mapping[str, str]:
    try:
        found: Mapping[str, str] = clients("kafka").get_bootstrap_brokers(ClusterArn=to.arn)
    except Unanswered as refusal:
        if code_of(refusal) in _MSK_REFUSES:
            message = plain(message_of(refusal)).rstrip(".")
            raise StartRefused(f"{message}; run `sluicegate status` to see it") from None
        raise
    return found


def _user(clients: Clients, secret: str) -> tuple[str, str]:
    """User name and password, as MSK wants them in a secret."""
    try:
        answer = clients("secretsmanager").get_secret_value(SecretId=secret)
    except Unanswered as refusal:
        if code_of(refusal) in _NO_SECRET:
            message = plain(message_of(refusal)).rstrip(".")
            raise StartRefused(
                f"{message}; name one that `aws secretsmanager list-secrets` lists"
            ) from None
        raise
    try:
        found = json.loads(answer.get("SecretString", ""))
        username, password = found["username"], found["password"]
    except (ValueError, KeyError, TypeError):
        username = password = None
    if not isinstance(username, str) or not isinstance(password, str):
        raise StartRefused(
            f"the secret `{plain(secret)}` is not JSON with `username` and `password`; correct it "
            "with `aws secretsmanager put-secret-value`"
        )
    return username, password
