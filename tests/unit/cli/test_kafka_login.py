"""Which cluster `sluicegate kafka` means, and how it gets in."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.unit.operations.asserting import allow
from tests.unit.operations.kafka.asserting import SCRAM_ONLY, created, running, secret

from sluicegate.cli import main
from sluicegate.cli.kafka import login
from sluicegate.cli.kafka.login import Cluster
from sluicegate.cli.kafka.troubles import sentence
from sluicegate.errors import SettingRefused, StartRefused
from sluicegate.kafka import (
    Connection,
    NotAuthenticated,
    NotAuthorized,
    NotTrusted,
    Plaintext,
    Sasl,
    Tls,
    TopicMissing,
    Trouble,
    Unknown,
    Unreachable,
)
from sluicegate.testing import Endpoint
from sluicegate.wire.client import Credentials

PEM = "-----BEGIN CERTIFICATE-----\n"
IAM_ONLY = {"Sasl": {"Iam": {"Enabled": True}}}
IN_CLEAR = {"EncryptionInTransit": {"ClientBroker": "PLAINTEXT"}}


def connection(endpoint: Endpoint, arn: str, named: str | None = None) -> Connection:
    return login.connection(endpoint.client, PEM, Cluster(arn), named)


def test_the_only_cluster_need_not_be_named(endpoint: Endpoint) -> None:
    arn = created(endpoint, "mine")
    found = login.cluster(endpoint.client, None)
    assert found == Cluster(arn, is_named=False) and found.name == "mine"


def test_a_cluster_is_named_by_its_name_or_its_arn(endpoint: Endpoint) -> None:
    arn = created(endpoint, "mine")
    created(endpoint, "mine-too")
    assert login.cluster(endpoint.client, "mine") == Cluster(arn)
    nobody = endpoint.user("alice")
    assert login.cluster(nobody.client, arn) == Cluster(arn), "nothing is asked"


def test_a_cluster_that_is_not_clear_leads_to_its_name(endpoint: Endpoint) -> None:
    with pytest.raises(StartRefused, match="there are no clusters here; make one with `aws"):
        login.cluster(endpoint.client, None)
    created(endpoint, "mine")
    created(endpoint, "other")
    with pytest.raises(SettingRefused, match="name one with --cluster: mine, other"):
        login.cluster(endpoint.client, None)
    with pytest.raises(SettingRefused, match="no cluster `min`; name one of mine, other"):
        login.cluster(endpoint.client, "min")


def test_a_secret_logs_in_over_tls(endpoint: Endpoint) -> None:
    arn = running(endpoint, ClientAuthentication=SCRAM_ONLY)
    for named in (secret(endpoint), "AmazonMSK_alice"):
        assert connection(endpoint, arn, named) == Connection(
            "127.0.1.1:9096", Sasl("SCRAM-SHA-512", "alice", "alice-secret", Tls(authorities=PEM))
        )


def test_without_a_secret_it_comes_as_nobody(endpoint: Endpoint) -> None:
    assert connection(endpoint, running(endpoint)) == Connection(
        "127.0.1.1:9094", Tls(authorities=PEM)
    )
    in_clear = running(endpoint, "in-clear", EncryptionInfo=IN_CLEAR)
    assert connection(endpoint, in_clear) == Connection("127.0.1.1:9092", Plaintext())


def test_where_nobody_gets_in_without_a_login_it_says_what_to_name(endpoint: Endpoint) -> None:
    arn = running(endpoint, ClientAuthentication=SCRAM_ONLY)
    with pytest.raises(SettingRefused) as refused:
        connection(endpoint, arn)
    assert str(refused.value) == (
        "cluster `events` lets nobody in without a login; name a user's secret with --secret: "
        f"`aws kafka list-scram-secrets --cluster-arn {arn}` lists them"
    )
    with pytest.raises(StartRefused, match="cluster `open` has no SASL/SCRAM; leave out --secret"):
        connection(endpoint, running(endpoint, "open"), secret(endpoint))


def test_a_cluster_that_does_not_run_leads_to_status(endpoint: Endpoint) -> None:
    with pytest.raises(StartRefused, match="in CREATING state; run `sluicegate status` to see it"):
        connection(endpoint, created(endpoint))


@pytest.mark.parametrize("value", ["no JSON", "[]", '{"username": "alice"}', '{"username": 1}'])
def test_a_secret_that_is_none_of_a_user_is_not_shown(endpoint: Endpoint, value: str) -> None:
    arn = running(endpoint, ClientAuthentication=SCRAM_ONLY)
    secret(endpoint, value=value)
    with pytest.raises(StartRefused) as refused:
        connection(endpoint, arn, "AmazonMSK_alice")
    assert str(refused.value) == (
        "the secret `AmazonMSK_alice` is not JSON with `username` and `password`; correct it with "
        "`aws secretsmanager put-secret-value`"
    )


def test_a_secret_that_is_not_there_leads_to_those_that_are(endpoint: Endpoint) -> None:
    arn = running(endpoint, ClientAuthentication=SCRAM_ONLY)
    with pytest.raises(StartRefused, match="secret; name one that `aws secretsmanager list-sec"):
        connection(endpoint, arn, "AmazonMSK_nobody")


def test_the_secret_is_read_as_who_asks(endpoint: Endpoint) -> None:
    arn = running(endpoint, ClientAuthentication=SCRAM_ONLY)
    secret(endpoint)
    alice = endpoint.user("alice", policy=allow("kafka:GetBootstrapBrokers"))
    with pytest.raises(ClientError, match="perform: secretsmanager:GetSecretValue"):
        login.connection(alice.client, PEM, Cluster(arn), "AmazonMSK_alice")


AS_ALICE = Sasl("SCRAM-SHA-512", "alice", "secret")


@pytest.mark.parametrize(
    ("trouble", "credentials", "end"),
    [
        (NotAuthorized(29, "No."), AS_ALICE, "No; allow it to `User:alice` with an ACL"),
        (NotAuthorized(29, "No."), Tls(), "No; allow it to `User:ANONYMOUS` with an ACL"),
        (NotAuthenticated(58, "No"), AS_ALICE, "No; name the secret of a user that"),
        (Unreachable(7, "alert certificate required"), Tls(), "alert certificate required; this"),
        (NotTrusted(-1, "No"), AS_ALICE, "No; run `sluicegate status` to see where"),
        (Unreachable(7, "a\x1b[2Jb"), AS_ALICE, "a [2Jb; run `sluicegate status`"),
        (TopicMissing(3, "No"), AS_ALICE, "No; see those there are with `sluicegate kafka"),
        (Unknown(36, "No"), AS_ALICE, "No; correct what it names, or try again"),
    ],
)
def test_what_brokers_refuse_ends_with_what_to_do(
    trouble: Trouble, credentials: Any, end: str
) -> None:
    assert sentence(trouble, Connection("b:9096", credentials)).startswith(end)


@pytest.mark.parametrize(
    ("arguments", "end"),
    [
        (["topics", "--partitions", "2"], "of a topic that is made; name it with --create"),
        (["topics", "--partitions", "0"], "`0` is no number from 1 to 2147483647"),
        (["topics", "--create", "a b"], "`a b` is no topic's name: letters, digits, `.`, `_`, `-`"),
        (["peek", ""], "`` is no topic's name: letters, digits, `.`, `_`, `-`"),
        (["peek", "orders", "--from", "-1"], "`-1` is none of beginning, end and an offset"),
        (["peek", "orders", "--partition", "one"], "`one` is no number from 0 on"),
        (["produce", "o", "--key", "a", "--key-separator", ":"], "not allowed with argument --key"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(
    arguments: list[str],
    end: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    try:
        code: object = main(["kafka", *arguments])
    except SystemExit as ended:
        code = ended.code
    assert code == 2 and capsys.readouterr().err.endswith(f"{end}\n")


def test_who_asks_gets_in_by_iam_where_that_is_on(endpoint: Endpoint) -> None:
    off, on = running(endpoint, "off"), running(endpoint, "on", ClientAuthentication=IAM_ONLY)
    iam = login.by_iam(Credentials("AKIA", "secret"), "us-east-1", PEM)
    with pytest.raises(StartRefused, match="cluster `off` has no IAM access control; leave out"):
        login.connection(endpoint.client, PEM, Cluster(off), None, iam)
    with pytest.raises(SettingRefused, match="log in as who asks with --iam"):
        connection(endpoint, on)
    found = login.connection(endpoint.client, PEM, Cluster(on), None, iam)
    assert found.bootstrap_servers.endswith(":9098") and found.credentials is iam
    assert iam.token().text and "secret" not in repr(found)
    refused = sentence(NotAuthenticated(-169, "[x]: Access denied"), found)
    assert refused == "[x]: Access denied; `sluicegate explain` tells why, by the UUID"
    denied = sentence(NotAuthorized(29, "Broker: Topic authorization failed"), found)
    assert "kafka-cluster in an IAM policy" in denied
