"""What brokers are answered about clients of the IAM listener: by real signers, policies, state."""

import base64
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus, unquote_plus, urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Botocores
from tests.unit.clusters.keeping import ORDERS
from tests.unit.operations.kms.foreign import FOREIGN, stranger
from tests.wire import msk_signer

from sluicegate.access.authorize import Authority
from sluicegate.access.identify import Identity, Touch, record_touches
from sluicegate.access.memory import EpochMemory
from sluicegate.clock import Clock, SystemClock
from sluicegate.clusters.gate import Gatekeeper
from sluicegate.clusters.gate.doors import answer
from sluicegate.clusters.gate.gatekeeper import Admitted, Refused
from sluicegate.iam.model import Effect
from sluicegate.store import cluster_policies, clusters, tags
from sluicegate.store.authorization_ids import id_of
from sluicegate.store.batching import BatchingWriter
from sluicegate.store.cluster_policies import ClusterPolicy
from sluicegate.store.clusters import Cluster
from sluicegate.store.decisions import DecisionLog, Recorded
from sluicegate.testing import Endpoint, FrozenClock, Member
from sluicegate.wire.client import Credentials

CLUSTER, ADDRESS = ORDERS.arn, "127.0.0.1"
_PARTS = CLUSTER.replace(":cluster/", ":{}/")
TOPICS = _PARTS.format("topic") + "/*"
NAMES = ORDERS.arn.split(":cluster/")[1]


def token_of(credentials: Credentials, region: str = "us-east-1") -> str:
    return msk_signer.token_of(credentials, region)[0]


def presigned(
    credentials: Credentials,
    *,
    action: str = "kafka-cluster:Connect",
    host: str = "kafka.us-east-1.amazonaws.com",
    service: str = "kafka-cluster",
    expires: int = 900,
) -> str:
    """The URL that signers make, with parts of it otherwise."""
    url = f"https://{host}/?Action={quote_plus(action)}"
    request = AWSRequest(method="GET", url=url)
    signer = Botocores(credentials.access_key, credentials.secret_key, credentials.token)
    SigV4QueryAuth(signer, service, "us-east-1", expires=expires).add_auth(request)
    signed: str = request.url
    return signed


def in_base64(url: str) -> str:
    return base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def as_json(url: str) -> str:
    """The same as clients of AWS_MSK_IAM send it."""
    parts = urlsplit(url)
    told = {"version": "2020_10_22", "host": parts.netloc, "user-agent": "client/1"}
    told |= {name.lower(): value for name, value in parse_qsl(parts.query)}
    return json.dumps(told)


class Gate:
    """A gatekeeper of the cluster `ORDERS`, on an endpoint's state."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        state = endpoint.databases.state
        clock = SystemClock()
        self._memory = EpochMemory()
        self.decisions = DecisionLog(endpoint.databases.decisions)
        self._touches = BatchingWriter[Touch]("last used", state, record_touches)
        self._identity = Identity(
            state, endpoint.vault, clock, endpoint.root, self._memory, self._touches, clock
        )
        self._authority = Authority(state, self._memory, self.decisions)
        with state.write() as tx:
            clusters.create(tx, replace(ORDERS, account=endpoint.settings.account))
        self.keeper = self.another(ORDERS, clock)

    def another(self, cluster: Cluster, clock: Clock) -> Gatekeeper:
        state = self.endpoint.databases.state
        doors = (state, self._memory, self._identity, self._authority, self.decisions)
        return Gatekeeper(cluster, *doors, clock)

    def close(self) -> None:
        self._touches.close()
        self.decisions.close()

    def logged_in(self, member: Member) -> str:
        admitted = self.keeper.login("OAUTHBEARER", token_of(member.credentials), ADDRESS)
        assert isinstance(admitted, Admitted)
        return admitted.principal

    def ask(self, principal: str, *wanted: str) -> str:
        """As a broker asks, `OPERATION TYPE NAME` each; its answer, a letter each."""
        fields = (quote_plus(field) for each in wanted for field in each.split(" "))
        line = " ".join(["may", quote_plus(principal), ADDRESS, *fields])
        return answer(self.keeper, line)

    def why(self, refused: Admitted | Refused) -> Recorded:
        """What was recorded of a refusal, by the UUID that the client was told."""
        assert isinstance(refused, Refused)
        request_id = refused.text.partition("]")[0].removeprefix("[")
        assert uuid.UUID(request_id)
        found = self.decisions.find(self.endpoint.settings.account, "us-east-1", id_of(request_id))
        assert found is not None
        return found


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with Endpoint(tmp_path / "state", clock=SystemClock()) as endpoint:
        made = Gate(endpoint)
        yield made
        made.close()


def allowing(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    given = [f"kafka-cluster:{action}" for action in actions]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": given, "Resource": resource, **more}],
    }


def test_a_user_with_connect_is_let_in(gate: Gate) -> None:
    alice = gate.endpoint.user("alice", policy=allowing("Connect", resource=CLUSTER))
    before_ms = SystemClock().now_ms()
    admitted = gate.keeper.login("OAUTHBEARER", token_of(alice.credentials), ADDRESS)
    assert isinstance(admitted, Admitted) and admitted.principal == alice.arn
    assert uuid.UUID(admitted.request_id)
    assert before_ms + 890_000 <= admitted.expires_ms <= SystemClock().now_ms() + 900_000


def test_a_session_of_a_role_logs_in_under_its_own_name(gate: Gate) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
    role = gate.endpoint.role("reader", trust=trust, policy=allowing("*"))
    alice = gate.endpoint.user("alice", policy={
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}],
    })  # fmt: skip
    session = gate.endpoint.session(alice, role, "orders")
    assert gate.logged_in(session) == session.arn
    assert session.arn.endswith(":assumed-role/reader/orders")


def test_who_lacks_connect_is_refused_in_msk_s_words_and_can_be_told_why(gate: Gate) -> None:
    alice = gate.endpoint.user("alice", policy=allowing("ReadData"))
    refused = gate.keeper.login("OAUTHBEARER", token_of(alice.credentials), ADDRESS)
    assert isinstance(refused, Refused) and refused.text.endswith("]: Access denied")
    recorded = gate.why(refused)
    assert (recorded.principal, recorded.action) == (alice.arn, "kafka-cluster:Connect")
    assert (recorded.resource, recorded.layer) == (CLUSTER, "identity-based policy")
    assert recorded.context["aws:SourceIp"] == ADDRESS


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"action": "kafka-cluster:ReadData"}, "another action"),
        ({"host": "kafka.eu-west-1.amazonaws.com"}, "another host"),
        ({"service": "kafka"}, "signed for the service kafka"),
        ({"expires": 3600}, "good for 900 s at most"),
    ],
)
def test_a_token_is_for_this_and_nothing_else(gate: Gate, change: dict[str, Any], why: str) -> None:
    alice = gate.endpoint.user("alice", policy=allowing("*"))
    url = presigned(alice.credentials, **change)
    assert why in gate.why(gate.keeper.login("OAUTHBEARER", in_base64(url), ADDRESS)).reason


def test_a_token_of_another_region_is_refused(gate: Gate) -> None:
    alice = gate.endpoint.user("alice", policy=allowing("*"))
    refused = gate.keeper.login("OAUTHBEARER", token_of(alice.credentials, "eu-west-1"), ADDRESS)
    assert "this cluster is in us-east-1" in gate.why(refused).reason


@pytest.mark.parametrize("secret", ["x" * 40, ""])
def test_a_wrong_secret_is_refused_as_whoever_is_unknown_is(gate: Gate, secret: str) -> None:
    alice = gate.endpoint.user("alice", policy=allowing("*"))
    key = alice.credentials.access_key if secret else "AKIAQQQQQQQQQQQQQQQQ"
    wrong = Credentials(key, secret or "x")
    refused = gate.keeper.login("OAUTHBEARER", token_of(wrong), ADDRESS)
    recorded = gate.why(refused)
    assert recorded.layer == "broker's authentication" and recorded.principal == ""
    assert ("signature" if secret else "security token") in recorded.reason


@pytest.mark.parametrize(
    ("mechanism", "message"),
    [
        ("OAUTHBEARER", ""),
        ("OAUTHBEARER", "%%%"),
        ("OAUTHBEARER", in_base64("https://kafka.us-east-1.amazonaws.com/x?Action=y")),
        ("OAUTHBEARER", in_base64("http://[")),
        ("AWS_MSK_IAM", "{"),
        ("AWS_MSK_IAM", "[]"),
        ("AWS_MSK_IAM", "[" * 100_000),
        ("AWS_MSK_IAM", '{"version": "1"}'),
        ("AWS_MSK_IAM", '{"version": "2020_10_22", "action": "kafka-cluster:Connect"}'),
        ("PLAIN", "user"),
    ],
)
def test_whatever_else_is_sent_is_refused(gate: Gate, mechanism: str, message: str) -> None:
    refused = gate.keeper.login(mechanism, message, ADDRESS)
    assert isinstance(refused, Refused) and refused.text.endswith("]: Access denied")
    assert gate.why(refused).reason


def test_whoever_needs_no_key_does_not_push_out_all_other_records(gate: Gate) -> None:
    clock = FrozenClock()
    keeper = gate.another(ORDERS, clock)
    for _ in range(2):
        for _ in range(50):
            assert isinstance(keeper.login("OAUTHBEARER", "%%%", ADDRESS), Refused)
        clock.advance(seconds=1)
    account = gate.endpoint.settings.account
    recorded = gate.decisions.recent(account, action="kafka-cluster:Connect", limit=1000).items
    assert len(recorded) == 2 * 20


def test_the_older_mechanism_says_the_same_as_json(gate: Gate) -> None:
    alice = gate.endpoint.user("alice", policy=allowing("Connect"))
    message = as_json(presigned(alice.credentials, host="127.1.2.3"))
    admitted = gate.keeper.login("AWS_MSK_IAM", message, ADDRESS)
    assert isinstance(admitted, Admitted) and admitted.principal == alice.arn


def test_every_action_is_asked_for_by_itself(gate: Gate) -> None:
    policy = allowing("Connect", "WriteData", "AlterGroup")
    alice = gate.logged_in(gate.endpoint.user("alice", policy=policy))
    assert gate.ask(alice, "WRITE TOPIC orders", "READ GROUP g") == "AA"
    # Kafka's own ACLs would have it that who writes may describe.
    assert (
        gate.ask(alice, "DESCRIBE TOPIC orders", "DESCRIBE GROUP g", "READ TOPIC orders") == "DDD"
    )


def test_resources_are_named_as_msk_names_them(gate: Gate) -> None:
    resources = [
        CLUSTER,
        _PARTS.format("topic") + "/orders",
        _PARTS.format("group") + "/billing-*",
        _PARTS.format("transactional-id") + "/tx",
    ]
    alice = gate.logged_in(gate.endpoint.user("alice", policy=allowing("*", resource=resources)))
    allowed = ("READ TOPIC orders", "READ GROUP billing-1", "WRITE TRANSACTIONAL_ID tx")
    assert gate.ask(alice, *allowed, "DESCRIBE CLUSTER kafka-cluster") == "AAAA"
    assert gate.ask(alice, "READ TOPIC order", "READ GROUP bill", "WRITE TOPIC hardcode") == "DDD"


@pytest.mark.parametrize(
    "wanted",
    [
        "CREATE CLUSTER kafka-cluster",
        "DELETE CLUSTER kafka-cluster",
        "CLUSTER_ACTION CLUSTER kafka-cluster",
        "DESCRIBE_CONFIGS GROUP g",
        "ALTER_CONFIGS GROUP g",
        "TWO_PHASE_COMMIT TRANSACTIONAL_ID t",
        "DESCRIBE_TOKENS USER u",
        "DESCRIBE DELEGATION_TOKEN d",
        "ALL TOPIC orders",
    ],
)
def test_what_iam_has_no_action_for_nobody_may(gate: Gate, wanted: str) -> None:
    alice = gate.logged_in(gate.endpoint.user("alice", policy=allowing("*")))
    assert gate.ask(alice, wanted, "READ TOPIC orders") == "DA"


def test_a_policy_that_goes_takes_what_it_gave_connect_first(gate: Gate) -> None:
    iam = gate.endpoint.client("iam")
    alice = gate.logged_in(gate.endpoint.user("alice", policy=allowing("*")))
    assert gate.ask(alice, "READ TOPIC orders") == "A"
    document = json.dumps(allowing("Connect"))
    iam.put_user_policy(UserName="alice", PolicyName="given", PolicyDocument=document)
    assert gate.ask(alice, "READ TOPIC orders") == "D"
    document = json.dumps(allowing("ReadData"))
    iam.put_user_policy(UserName="alice", PolicyName="given", PolicyDocument=document)
    assert gate.ask(alice, "READ TOPIC orders") == "D"


def test_a_key_that_is_switched_off_may_nothing(gate: Gate) -> None:
    iam = gate.endpoint.client("iam")
    member = gate.endpoint.user("alice", policy=allowing("*"))
    alice = gate.logged_in(member)
    key = member.credentials.access_key
    iam.update_access_key(UserName="alice", AccessKeyId=key, Status="Inactive")
    assert gate.ask(alice, "READ TOPIC orders") == "d"


def test_who_has_not_logged_in_may_nothing(gate: Gate) -> None:
    gate.endpoint.user("alice", policy=allowing("*"))
    alice = f"arn:aws:iam::{gate.endpoint.settings.account}:user/alice"
    assert gate.ask(alice, "READ TOPIC orders", "WRITE TOPIC orders") == "dd"


def test_tags_are_the_cluster_s_and_of_nothing_else(gate: Gate) -> None:
    with gate.endpoint.databases.state.write() as tx:
        tags.put(tx, ORDERS.id, {"team": "red"})
    condition = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    policy = allowing("Connect", "DescribeCluster", "ReadData", Condition=condition)
    alice = gate.logged_in(gate.endpoint.user("alice", policy=policy))
    assert gate.ask(alice, "DESCRIBE CLUSTER kafka-cluster", "READ TOPIC orders") == "AD"


def test_an_answer_that_minds_the_time_holds_only_once(gate: Gate) -> None:
    condition = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
    alice = gate.logged_in(gate.endpoint.user("alice", policy=allowing("*", Condition=condition)))
    assert gate.ask(alice, "READ TOPIC orders", "ALL TOPIC orders") == "ad"


def test_where_a_client_comes_from_counts_once_it_is_known(gate: Gate) -> None:
    condition = {"IpAddress": {"aws:SourceIp": "127.0.0.1/32"}}
    alice = gate.endpoint.user("alice", policy=allowing("*", Condition=condition))
    admitted = gate.keeper.login("OAUTHBEARER", token_of(alice.credentials), "")
    assert isinstance(admitted, Admitted)
    assert gate.ask(alice.arn, "READ TOPIC orders") == "A"
    line = f"may {quote_plus(alice.arn)} 10.0.0.1 READ TOPIC orders"
    assert answer(gate.keeper, line) == "D"


def test_two_sessions_of_one_name_may_do_what_both_may(gate: Gate) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
    role = gate.endpoint.role("reader", trust=trust, policy=allowing("*"))
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}],
    }
    alice = gate.endpoint.user("alice", policy=policy)
    wide = gate.endpoint.session(alice, role, "same")
    given = alice.client("sts").assume_role(
        RoleArn=role,
        RoleSessionName="same",
        Policy=json.dumps(allowing("Connect", "DescribeTopic")),
    )["Credentials"]
    narrow = Member(
        gate.endpoint,
        wide.arn,
        Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]),
    )
    principal = gate.logged_in(narrow)
    assert gate.ask(principal, "DESCRIBE TOPIC orders", "READ TOPIC orders") == "AD"
    assert gate.logged_in(wide) == principal
    assert gate.ask(principal, "DESCRIBE TOPIC orders", "READ TOPIC orders") == "Ad"


def put_policy(gate: Gate, *statements: Any) -> None:
    """Let the cluster have a policy of these statements, or none."""
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    with gate.endpoint.databases.state.write() as tx:
        cluster_policies.delete(tx, ORDERS.id)
        if statements:
            cluster_policies.put(tx, ClusterPolicy(ORDERS.id, text, "K1"))


def test_another_account_needs_its_own_policies_and_the_cluster_s(gate: Gate) -> None:
    eve = stranger(gate.endpoint, allowing("Connect", "WriteData", "AlterGroup"))
    token = token_of(eve.credentials)
    assert isinstance(gate.keeper.login("OAUTHBEARER", token, ADDRESS), Refused)
    (opening,) = allowing("*", Principal={"AWS": FOREIGN})["Statement"]
    put_policy(gate, opening | {"Resource": [CLUSTER, TOPICS]})
    assert gate.logged_in(eve) == eve.arn
    asked = ("WRITE TOPIC orders", "READ TOPIC orders", "READ GROUP g")
    assert gate.ask(eve.arn, *asked) == "ADD"
    put_policy(gate, opening | {"Resource": [CLUSTER, TOPICS + "2"]})
    assert gate.ask(eve.arn, *asked) == "DDD"
    put_policy(gate)
    assert gate.ask(eve.arn, *asked) == "DDD"
    assert isinstance(gate.keeper.login("OAUTHBEARER", token, ADDRESS), Refused)


def test_a_stranger_s_record_of_a_refused_login_tells_nothing_of_the_cluster(gate: Gate) -> None:
    with gate.endpoint.databases.state.write() as tx:
        tags.put(tx, ORDERS.id, {"team": "red"})
    (denying,) = allowing("*", Principal="*", Effect="Deny")["Statement"]
    put_policy(gate, denying)
    eve = stranger(gate.endpoint, allowing("*"))
    refused = gate.keeper.login("OAUTHBEARER", token_of(eve.credentials), ADDRESS)
    assert isinstance(refused, Refused)
    request_id = refused.text.partition("]")[0].removeprefix("[")
    found = gate.decisions.find(FOREIGN, "us-east-1", id_of(request_id))
    assert found is not None and found.layer == "resource-based policy"
    assert found.effect is Effect.IMPLICIT_DENY
    assert not [key for key in found.context if "ResourceTag" in key]
    assert all("Deny" not in text for text in found.documents.values())


def test_within_the_account_a_cluster_s_policy_gives_and_takes(gate: Gate) -> None:
    alice = gate.endpoint.user("alice")
    (opening,) = allowing("*", Principal={"AWS": alice.arn})["Statement"]
    put_policy(gate, opening | {"Resource": [CLUSTER, TOPICS]})
    principal = gate.logged_in(alice)
    assert gate.ask(principal, "READ TOPIC orders", "READ GROUP g") == "AD"
    bob = gate.logged_in(gate.endpoint.user("bob", policy=allowing("*")))
    assert gate.ask(bob, "READ TOPIC orders") == "A"
    (denying,) = allowing("ReadData", Principal="*", Effect="Deny")["Statement"]
    put_policy(gate, opening, denying | {"Resource": TOPICS})
    wanted = ("READ TOPIC orders", "WRITE TOPIC orders")
    assert gate.ask(principal, *wanted) == gate.ask(bob, *wanted) == "DA"


def test_a_cluster_s_policy_that_minds_the_time_is_asked_each_time(gate: Gate) -> None:
    eve = stranger(gate.endpoint, allowing("*"))
    condition = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
    (opening,) = allowing("*", Principal={"AWS": FOREIGN}, Condition=condition)["Statement"]
    put_policy(gate, opening)
    assert gate.ask(gate.logged_in(eve), "READ TOPIC orders") == "a"


def test_lines_carry_whatever_names_and_messages_there_are(gate: Gate) -> None:
    alice = gate.endpoint.user("alice", policy=allowing("*"))
    line = f"login OAUTHBEARER {ADDRESS} {quote_plus(token_of(alice.credentials))}"
    yes, principal, expires_ms, request_id = answer(gate.keeper, line).split(" ")
    assert (yes, unquote_plus(principal)) == ("yes", alice.arn)
    assert int(expires_ms) > 0 and uuid.UUID(request_id)
    said = answer(gate.keeper, "login OAUTHBEARER  %25%0A")
    assert said.startswith("no ") and unquote_plus(said[3:]).endswith("]: Access denied")
    assert gate.ask(alice.arn, "READ GROUP a+b%c/ü☃") == "A"


@pytest.mark.parametrize(
    "line", ["", "may", "may p a", "may p a READ", "login x", "what 1 2 3", "login a b c d"]
)
def test_what_no_node_asks_is_not_answered(gate: Gate, line: str) -> None:
    with pytest.raises(ValueError, match="unknown question"):
        answer(gate.keeper, line)
