"""What is named means the same when a call runs as when it was judged, or the call is refused."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.operations.asserting import ACCOUNT
from tests.unit.operations.lambda_.asserting import made
from tests.unit.operations.lambda_.mapping_asserting import FUNCTION

from sluicegate.access import Caller
from sluicegate.errors import AwsError
from sluicegate.iam.model import Principal, PrincipalKind
from sluicegate.operations.kms import keyring
from sluicegate.operations.lambda_ import mapping_naming
from sluicegate.operations.operation import Call, Judged
from sluicegate.operations.secretsmanager import lookup
from sluicegate.store import mappings
from sluicegate.testing import Endpoint

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROOT_CALLER = Caller(
    Principal(PrincipalKind.ROOT, ACCOUNT, ROOT, ACCOUNT, frozenset({ROOT})), "", "", "root", {}
)


@pytest.fixture
def call(endpoint: Endpoint) -> Call:
    """A call that was routed and identified, and not judged yet."""
    nothing: Any = None
    return Call(
        service="",
        operation="",
        caller=ROOT_CALLER,
        region="us-east-1",
        now_ms=endpoint.clock.now_ms(),
        request_id="",
        context={},
        database=endpoint.databases.state,
        log_events=nothing,
        decisions=nothing,
        vault=endpoint.vault,
        calls=nothing,
        keepers=nothing,
        functions=nothing,
        packages=nothing,
        invocations=nothing,
    )


def test_an_alias_moved_meanwhile_is_refused(endpoint: Endpoint, call: Call) -> None:
    kms = endpoint.client("kms")
    first, second = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    kms.create_alias(AliasName="alias/a", TargetKeyId=first)
    with call.database.read() as tx:
        assert keyring.named(tx, call, "alias/a", takes_alias=True).found().id == first
    kms.update_alias(AliasName="alias/a", TargetKeyId=second)
    with pytest.raises(AwsError, match=r"alias/a stands for was changed .* Try again") as refused:
        keyring.for_use(call, "alias/a")
    assert (refused.value.code, refused.value.status) == ("KMSInternalException", 500)
    assert keyring.for_use(replace(call, judged=Judged()), "alias/a").id == second
    assert keyring.for_use(call, first).id == first


def test_a_secret_made_again_meanwhile_is_refused(endpoint: Endpoint, call: Call) -> None:
    client = endpoint.client("secretsmanager")
    client.create_secret(Name="s", SecretString="x")
    with call.database.read() as tx:
        assert lookup.named(tx, call, "s").secret
    client.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    arn = client.create_secret(Name="s", SecretString="y")["ARN"]
    again = replace(call, judged=Judged())
    with call.database.read() as tx:
        for looked_up in (lookup.find, lookup.judged):
            with pytest.raises(AwsError, match="changed by another request") as refused:
                looked_up(tx, call, "s")
            assert refused.value.code == "InvalidRequestException"
        assert lookup.find(tx, again, "s").arn == arn


def test_what_was_not_there_when_it_was_judged_is_refused(endpoint: Endpoint, call: Call) -> None:
    with call.database.read() as tx:
        assert lookup.named(tx, call, "s").secret is None
        assert keyring.named(tx, call, "alias/a", takes_alias=True).key is None
    endpoint.client("secretsmanager").create_secret(Name="s", SecretString="y")
    kms = endpoint.client("kms")
    kms.create_alias(AliasName="alias/a", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    with call.database.read() as tx, pytest.raises(AwsError, match="Try again"):
        lookup.find(tx, call, "s")
    with pytest.raises(AwsError, match="Try again"):
        keyring.for_use(call, "alias/a")


def test_a_mapping_given_another_function_meanwhile_is_refused(
    endpoint: Endpoint, call: Call
) -> None:
    made(endpoint)
    made(endpoint, "other")
    mapping_id = endpoint.client("lambda").create_event_source_mapping(
        FunctionName="orders",
        SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["127.0.0.1:9092"]}},
        SourceAccessConfigurations=[],
        Topics=["orders"],
        StartingPosition="LATEST",
    )["UUID"]
    with call.database.read() as tx:
        asked = mapping_naming.ask(tx, call, "UpdateEventSourceMapping", mapping_id)
    assert asked.context["lambda:FunctionArn"] == FUNCTION
    params = {"UUID": mapping_id}
    with call.database.write() as tx:
        mapping = mapping_naming.require(tx, call, params)
        other = replace(mapping, function_arn=FUNCTION.replace("orders", "other"))
        mappings.change(tx, other, call.now_ms)
        with pytest.raises(AwsError, match="An update is in progress") as refused:
            mapping_naming.require(tx, call, params)
        assert refused.value.code == "ResourceConflictException"
        assert mapping_naming.require(tx, replace(call, judged=Judged()), params)
