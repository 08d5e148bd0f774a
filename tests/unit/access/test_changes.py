"""What changes between two requests, or while one is under way, never lets anybody in."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.access.authorize import Authority
from sluicegate.access.callers import Ask, Caller, ResourcePolicy
from sluicegate.access.identify import Identity, Touch, record_touches
from sluicegate.access.memory import EpochMemory
from sluicegate.access.record import Occasion
from sluicegate.errors import AwsError, IdentityFault
from sluicegate.iam.model import PolicyKind
from sluicegate.store.batching import BatchingWriter
from sluicegate.store.database import Database, Tx
from sluicegate.store.decisions import DecisionLog
from sluicegate.testing import Endpoint, Member
from sluicegate.wire.client import Credentials, in_process_client
from sluicegate.wire.message import Request, Response

ACCOUNT = "000000000000"
READERS = 3
CHANGES = 10


def policy(effect: str, *actions: str, **more: Any) -> str:
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trusting(principal: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


UNKNOWN = ("InvalidClientTokenId", "The security token included in the request is invalid.")


class Interrupted(Database):
    """A database in which `change` happens right after the first look at it."""

    def __init__(self, url: str, change: Callable[[], None]) -> None:
        super().__init__(url)
        self._changes = [change]

    @contextmanager
    def read(self) -> Iterator[Tx]:
        with super().read() as tx:
            yield tx
        while self._changes:
            self._changes.pop()()


class Doors:
    """The two doors of the control path on an endpoint's state, to be gone through one by one.

    `change` happens right after the first time that policies are read.
    """

    def __init__(self, endpoint: Endpoint, change: Callable[[], None]) -> None:
        self._endpoint = endpoint
        database, memory = endpoint.databases.state, EpochMemory()
        self._touches = BatchingWriter[Touch]("last used", database, record_touches)
        self._decisions = DecisionLog(endpoint.databases.decisions)
        self._identity = Identity(
            database, endpoint.vault, endpoint.clock, endpoint.root, memory, self._touches
        )
        self._interrupted = Interrupted(database.url, change)
        self._authority = Authority(self._interrupted, memory, self._decisions)

    def close(self) -> None:
        self._interrupted.close()
        self._touches.close()
        self._decisions.close()

    def identify(self, member: Member) -> Caller:
        """The caller of a request that `member` signs."""
        kept: list[Request] = []

        def keep(request: Request) -> Response:
            kept.append(request)
            return self._endpoint.answer(request)

        signer = member.credentials
        client = in_process_client(
            "sts",
            keep,
            region="us-east-1",
            access_key=signer.access_key,
            secret_key=signer.secret_key,
            token=signer.token,
        )
        client.get_caller_identity()
        return self._identity.identify(kept[0]).caller

    def authorize(self, caller: Caller, ask: Ask) -> None:
        occasion = Occasion("us-east-1", "request", self._endpoint.clock.now_ms(), {})
        self._authority.authorize(caller, [ask], occasion)


@contextmanager
def doors(endpoint: Endpoint, change: Callable[[], None] = lambda: None) -> Iterator[Doors]:
    made = Doors(endpoint, change)
    try:
        yield made
    finally:
        made.close()


def to_everyone(action: str) -> Ask:
    text = policy("Allow", action, Principal="*")
    return Ask(action, "arn:aws:s3:::x", resource_policy=ResourcePolicy(text, PolicyKind.RESOURCE))


def bounded(endpoint: Endpoint, user: str) -> str:
    """A boundary around `user` that allows nothing it asks for; its ARN."""
    iam = endpoint.client("iam")
    document = policy("Allow", "sqs:*")
    arn: str = iam.create_policy(PolicyName="edge", PolicyDocument=document)["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=arn)
    return arn


def test_whoever_is_deleted_while_a_request_is_under_way_loses_no_limit(
    endpoint: Endpoint,
) -> None:
    alice = endpoint.user("alice")
    bounded(endpoint, "alice")
    with doors(endpoint) as through:
        caller = through.identify(alice)
        iam = endpoint.client("iam")
        iam.delete_access_key(UserName="alice", AccessKeyId=alice.credentials.access_key)
        iam.delete_user(UserName="alice")
        with pytest.raises(IdentityFault, match=UNKNOWN[1]):
            through.authorize(caller, to_everyone("s3:GetObject"))


def test_policies_and_boundary_are_of_one_moment(endpoint: Endpoint) -> None:
    # First the policy goes and then the boundary: at no moment was there neither limit.
    iam = endpoint.client("iam")
    alice = endpoint.user("alice", policy=json.loads(policy("Allow", "s3:*")))
    bounded(endpoint, "alice")

    def change() -> None:
        iam.delete_user_policy(UserName="alice", PolicyName="given")
        iam.delete_user_permissions_boundary(UserName="alice")

    with doors(endpoint, change) as through:
        caller = through.identify(alice)
        with pytest.raises(AwsError, match="no permissions boundary"):
            through.authorize(caller, Ask("s3:GetObject", "arn:aws:s3:::x"))


def test_no_request_after_a_change_is_decided_by_what_was_before(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    alice, bob = endpoint.user("alice"), endpoint.user("bob")
    key = alice.credentials.access_key
    document = policy("Allow", "kms:ListKeys")
    # What every request that begins and ends between two changes has to see.
    settled: list[str | None] = [None]
    wrong: list[str] = []
    is_over = threading.Event()

    def outcome(keys: Any) -> str:
        try:
            keys.list_keys()
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "allowed"

    def read() -> None:
        keys = alice.client("kms")
        while not is_over.is_set():
            before = settled[0]
            seen = outcome(keys)
            if before is not None and settled[0] is before and seen != before.split("#")[0]:
                wrong.append(f"{seen} instead of {before}")

    def noise() -> None:
        others = endpoint.client("iam")
        while not is_over.is_set():
            others.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document)
            outcome(bob.client("kms"))

    threads = [threading.Thread(target=read) for _ in range(READERS)]
    threads.append(threading.Thread(target=noise))
    for thread in threads:
        thread.start()
    mine = alice.client("kms")

    def put() -> None:
        iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document)

    def switch(status: str) -> None:
        iam.update_access_key(UserName="alice", AccessKeyId=key, Status=status)

    steps: list[tuple[str, Callable[[], None]]] = [
        ("allowed", put),
        ("UnrecognizedClientException", lambda: switch("Inactive")),
        ("allowed", lambda: switch("Active")),
        (
            "AccessDeniedException",
            lambda: iam.delete_user_policy(UserName="alice", PolicyName="p"),
        ),
    ]
    try:
        for turn in range(CHANGES):
            for expected, change in steps:
                settled[0] = None
                change()
                settled[0] = f"{expected}#{turn}"
                assert outcome(mine) == expected
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_session_policy_that_is_deleted_allows_nothing_any_more(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    alice = endpoint.user("alice", policy=json.loads(policy("Allow", "sts:AssumeRole")))
    role = endpoint.role(
        "r", trust=trusting(ACCOUNT), policy=json.loads(policy("Allow", "kms:ListKeys"))
    )
    document = policy("Allow", "kms:*")
    arn = iam.create_policy(PolicyName="narrow", PolicyDocument=document)["Policy"]["Arn"]
    whole = endpoint.session(alice, role)
    given = alice.client("sts").assume_role(
        RoleArn=role, RoleSessionName="session", PolicyArns=[{"arn": arn}]
    )["Credentials"]
    signer = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    narrow = endpoint.client("kms", credentials=signer)
    assert narrow.list_keys()["Keys"] == []
    iam.delete_policy(PolicyArn=arn)
    assert refused(narrow.list_keys)[1].endswith(
        "because no session policy allows the kms:ListKeys action"
    )
    assert whole.client("kms").list_keys()["Keys"] == []


def test_the_session_of_a_deleted_role_does_not_come_back_with_its_name(
    endpoint: Endpoint,
) -> None:
    iam = endpoint.client("iam")
    alice = endpoint.user("alice", policy=json.loads(policy("Allow", "sts:AssumeRole")))
    role = endpoint.role("r", trust=trusting(ACCOUNT))
    session = endpoint.session(alice, role)
    assert session.client("sts").get_caller_identity()
    iam.delete_role(RoleName="r")
    assert refused(session.client("sts").get_caller_identity) == UNKNOWN
    endpoint.role("r", trust=trusting(ACCOUNT), policy=json.loads(policy("Allow", "*")))
    assert refused(session.client("sts").get_caller_identity) == UNKNOWN


def test_a_session_outlives_the_user_who_began_it(endpoint: Endpoint) -> None:
    # As on AWS: it is the role's from then on, and its tags say nothing of the user.
    iam = endpoint.client("iam")
    alice = endpoint.user("alice", policy=json.loads(policy("Allow", "sts:AssumeRole")))
    role = endpoint.role("r", trust=trusting(alice.arn))
    session = endpoint.session(alice, role)
    iam.delete_user_policy(UserName="alice", PolicyName="given")
    iam.delete_access_key(UserName="alice", AccessKeyId=alice.credentials.access_key)
    iam.delete_user(UserName="alice")
    assert session.client("sts").get_caller_identity()["Arn"] == session.arn


def test_a_user_made_again_is_nobody_a_trust_policy_knows(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    alice = endpoint.user("alice")
    role = endpoint.role("r", trust=trusting(alice.arn))
    assert endpoint.session(alice, role)
    iam.delete_access_key(UserName="alice", AccessKeyId=alice.credentials.access_key)
    iam.delete_user(UserName="alice")
    again = endpoint.user("alice", policy=json.loads(policy("Allow", "sts:AssumeRole")))
    message = refused(again.client("sts").assume_role, RoleArn=role, RoleSessionName="session")[1]
    assert message.endswith("because no role trust policy allows the sts:AssumeRole action")


def test_a_user_under_another_name_keeps_policies_and_trust(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    alice = endpoint.user("alice", policy=json.loads(policy("Allow", "kms:ListKeys")))
    role = endpoint.role("r", trust=trusting(alice.arn))
    iam.update_user(UserName="alice", NewUserName="carol")
    identity = alice.client("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/carol"
    assert alice.client("kms").list_keys()["Keys"] == []
    assert endpoint.session(alice, role)
