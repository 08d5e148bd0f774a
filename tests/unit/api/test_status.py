"""`GET /sluicegate/status`: who may ask, what it tells, what it keeps to itself."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.api.watched import (
    ALICE,
    BOB,
    DEMO,
    ID,
    ORDERS,
    OTHER_ID,
    TAKEN,
    asked,
    badly,
    well,
)

from sluicegate.store import (
    cluster_policies,
    clusters,
    homes,
    mapping_leases,
    mappings,
    scram_secrets,
)
from sluicegate.store.cluster_policies import ClusterPolicy
from sluicegate.store.homes import Home
from sluicegate.testing import Endpoint
from sluicegate.wire.message import Request

MAY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sluicegate:GetStatus", "Resource": "*"}],
}


def status(endpoint: Endpoint, query: str = "", **how: Any) -> Any:
    answer = asked(endpoint, f"/sluicegate/status{query}", **how)
    assert answer.status == 200, answer.body
    assert answer.headers["cache-control"] == "no-store"
    return json.loads(answer.body)


def test_a_user_without_a_policy_is_denied_and_told_which_permission_it_lacks(
    endpoint: Endpoint,
) -> None:
    alice = endpoint.user("alice")
    answer = asked(endpoint, "/sluicegate/status", alice.credentials)
    assert answer.status == 403
    assert json.loads(answer.body)["Message"] == (
        "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: "
        "sluicegate:GetStatus on resource: * because no identity-based policy allows the "
        "sluicegate:GetStatus action"
    )
    assert answer.headers["x-sluicegate-authorization-id"]


def test_a_user_with_a_policy_sees_what_root_sees(endpoint: Endpoint) -> None:
    well(endpoint)
    alice = endpoint.user("alice", policy=MAY)
    assert status(endpoint, signer=alice.credentials) == status(endpoint)


def test_it_is_signed_for_sluicegate_and_nothing_else(endpoint: Endpoint) -> None:
    answer = asked(endpoint, "/sluicegate/status", service="iam")
    assert answer.status == 403 and b"scoped to service: 'sluicegate'" in answer.body
    unsigned = Request("GET", "/sluicegate/status", "", (("host", "localhost"),), b"", "127.0.0.1")
    answer = endpoint.answer(unsigned)
    assert answer.status == 403 and b"is missing Authentication Token" in answer.body


def test_nothing_there_is_no_problem(endpoint: Endpoint) -> None:
    found = status(endpoint)
    assert (found["account"], found["region"]) == ("000000000000", "us-east-1")
    assert [found[name] for name in ("clusters", "functions", "mappings", "problems")] == [[]] * 4


def test_a_cluster_is_told_with_its_nodes_and_users(endpoint: Endpoint) -> None:
    well(endpoint)
    (cluster,) = status(endpoint)["clusters"]
    assert (cluster["name"], cluster["state"], cluster["reason"]) == ("demo", "ACTIVE", None)
    assert cluster["listeners"] == ["CLIENT", "CLIENT_SECURE", "CLIENT_SASL_SCRAM"]
    # What is between nodes, and what is not turned on, is nobody's to connect to.
    ports = {"CLIENT": 9092, "CLIENT_SASL_SCRAM": 9096}
    assert cluster["nodes"] == [
        {"node_id": 1, "address": "127.5.6.1", "ports": ports},
        {"node_id": 2, "address": "127.5.6.2", "ports": ports},
    ]
    assert [(user["username"], user["error"]) for user in cluster["users"]] == [("alice", None)]
    assert cluster["policy_version"] is None
    with endpoint.databases.state.write() as tx:
        cluster_policies.put(tx, ClusterPolicy(DEMO.id, "{}", "K13V1IB3VIYZZH"))
    (cluster,) = status(endpoint)["clusters"]
    assert cluster["policy_version"] == "K13V1IB3VIYZZH"


def test_a_function_is_told_as_its_latest_version_is(endpoint: Endpoint) -> None:
    well(endpoint)
    (function,) = status(endpoint)["functions"]
    assert (function["name"], function["runtime"], function["state"]) == (
        *("orders", "python3.13"),
        "Active",
    )
    assert function["log_group"] == "/aws/lambda/orders"


def test_a_mapping_is_told_with_who_keeps_it_and_how_far_it_is(endpoint: Endpoint) -> None:
    well(endpoint)
    (mapping,) = status(endpoint)["mappings"]
    assert mapping | {"partitions": []} == {
        "id": ID,
        "arn": ORDERS.arn,
        "function": ORDERS.function_arn,
        "source": DEMO.arn,
        "topic": "orders",
        "group": "billing",
        "state": "Enabled",
        "reason": "USER_INITIATED",
        "last_processing_result": "OK",
        "lease_holder": "worker-1",
        "age_seconds": 60.0,
        "partitions": [],
    }
    first, second = mapping["partitions"]
    assert first == {
        "partition": 0,
        "owner": "worker-1",
        "position": 8,
        "committed": 5,
        "end": 9,
        "lag": 4,
        "in_flight": 3,
        "last_result": "",
        "retry": 0,
        "waits_for": "",
        "dropped": 0,
        "last_dropped": None,
        "holes": 0,
        "last_hole": None,
        "age_seconds": 2.5,
    }
    assert (second["lag"], second["waits_for"]) == (None, "the end is not known")


def test_one_mapping_comes_with_its_cluster_and_its_function_alone(endpoint: Endpoint) -> None:
    badly(endpoint)
    found = status(endpoint, f"?mapping={OTHER_ID}")
    assert [each["id"] for each in found["mappings"]] == [OTHER_ID]
    assert found["clusters"] == [] and len(found["functions"]) == 1
    assert found["mappings"][0]["source"] == "kafka:9092,other:9092"
    found = status(endpoint, f"?mapping={ID.upper()}")
    assert [each["name"] for each in found["clusters"]] == ["demo"]


@pytest.mark.parametrize(
    ("query", "code", "sentence"),
    [
        ("?mapping=orders", 400, "`orders` is not the UUID of a mapping"),
        ("?mapings=1", 400, "`mapings` is not a parameter here"),
        (f"?mapping={ID}&mapping={ID}", 400, "`mapping` is, once"),
        (f"?mapping={ID}", 404, f"there is no event source mapping `{ID}` in account 0000"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    endpoint: Endpoint, query: str, code: int, sentence: str
) -> None:
    answer = asked(endpoint, f"/sluicegate/status{query}")
    assert answer.status == code and sentence in json.loads(answer.body)["message"]


def test_other_accounts_and_regions_are_not_told_of(endpoint: Endpoint) -> None:
    well(endpoint)
    with endpoint.databases.state.write() as tx:
        mappings.create(tx, replace(ORDERS, id=OTHER_ID, account="111111111111"))
        clusters.create(tx, replace(DEMO, id="c3d4-1", account="111111111111"))
    assert len(status(endpoint)["mappings"]) == len(status(endpoint)["clusters"]) == 1
    assert asked(endpoint, f"/sluicegate/status?mapping={OTHER_ID}").status == 404
    elsewhere = status(endpoint, region="eu-west-1")
    assert [elsewhere[name] for name in ("clusters", "functions", "mappings")] == [[]] * 3


def test_no_filter_no_grant_and_no_key_is_told(endpoint: Endpoint) -> None:
    badly(endpoint)
    body = asked(endpoint, "/sluicegate/status").body
    for hidden in (b"hidden", b"grant-", b"arn:key", b"version-1"):
        assert hidden not in body


def test_a_user_that_should_be_gone_and_is_not_is_a_problem(endpoint: Endpoint) -> None:
    well(endpoint)
    with endpoint.databases.state.write() as tx:
        scram_secrets.disassociate(tx, DEMO.id, ALICE)
    (cluster,) = status(endpoint)["clusters"]
    assert cluster["users"] == []
    with endpoint.databases.state.write() as tx:
        scram_secrets.failed(tx, DEMO.id, ALICE, "the brokers do not answer")
    (problem,) = status(endpoint)["problems"]
    assert problem["what"] == (
        f"still has user alice of the secret {ALICE}: the brokers do not answer"
    )


def test_every_problem_says_what_to_do_next(endpoint: Endpoint) -> None:
    badly(endpoint)
    problems = [
        (each["about"], each["what"], each["next"]) for each in status(endpoint)["problems"]
    ]
    log = "read the function's log: aws logs tail /aws/lambda/orders --since 10m"
    assert problems == [
        (
            "cluster demo",
            f"is HEALING: {TAKEN}",
            "find who has it with ss -ltnp 'sport = :9092', and end it; it is tried again by "
            "itself, within half a minute",
        ),
        (
            "cluster demo",
            f"cannot use the secret {BOB}: the secret's value is no JSON",
            "correct the secret; where MSK may not read it, aws kafka "
            f"batch-associate-scram-secret --cluster-arn {DEMO.arn} --secret-arn-list {BOB}",
        ),
        (f"mapping {ID}", "PROBLEM: Function call failed", log),
        (
            f"mapping {ID}",
            "partition 0 of orders is held up by retry 4 of what comes from offset 5 on: "
            "Unhandled: \x1b[31mred",
            log,
        ),
        (
            f"mapping {OTHER_ID}",
            "is Enabled and nobody keeps it",
            "run `sluicegate serve` on this state, and read what it says on its standard error",
        ),
    ]


@pytest.mark.parametrize(
    ("result", "next_step"),
    [
        ("PROBLEM: Lambda failed to assume your function execution role.", "lambda.amazonaws.com"),
        ("PROBLEM: Please add kafka:DescribeClusterV2 permission to role.", "allow that action"),
        ("PROBLEM: Cannot access secret manager value arn.", "allow the role to read"),
        ("PROBLEM: Cluster failed to authorize Lambda.", "read topic orders and group billing"),
        ("PROBLEM: SASL authentication failed.", "correct user and password in its secret"),
        ("PROBLEM: Lambda failed to authenticate server", "correct its certificates"),
        ("PROBLEM: Provided certificate or private key is invalid", "correct its certificates"),
        ("PROBLEM: The provided broker endpoints cannot be resolved.", "bootstrap servers"),
        ("PROBLEM: Connection error. Please check", "topic orders is there"),
        ("PROBLEM: something new", f"aws lambda get-event-source-mapping --uuid {ID}"),
    ],
)
def test_each_result_has_a_remedy(endpoint: Endpoint, result: str, next_step: str) -> None:
    well(endpoint)
    with endpoint.databases.state.write() as tx:
        mappings.set_result(tx, ID, result)
    (problem,) = status(endpoint)["problems"]
    assert problem["what"] == result and next_step in problem["next"]


def test_a_function_that_is_gone_is_the_remedy(endpoint: Endpoint) -> None:
    with endpoint.databases.state.write() as tx:
        failed = "PROBLEM: Function call failed"
        mappings.create(tx, replace(ORDERS, last_processing_result=failed))
        mapping_leases.take(tx, ID, "worker-1", 60_000)
    (problem,) = status(endpoint)["problems"]
    assert problem["next"] == (
        "the function is gone; make it again: aws lambda create-function --function-name orders"
    )


@pytest.mark.parametrize(("seconds", "is_late"), [(100, False), (121, True)])
def test_a_cluster_that_is_made_for_too_long_is_a_problem(
    endpoint: Endpoint, seconds: int, is_late: bool
) -> None:
    made = replace(DEMO, state="CREATING", created_ms=endpoint.clock.now_ms() - seconds * 1000)
    with endpoint.databases.state.write() as tx:
        clusters.create(tx, made)
    assert bool(status(endpoint)["problems"]) is is_late


@pytest.mark.parametrize(
    ("state", "reason", "next_step"),
    [
        (
            "HEALING",
            "broker 2 ended: it was ended by signal 9",
            "read /state/a/clusters/a1b2-1/broker-2/broker.log on machine-a; it is tried again by "
            "itself, within half a minute",
        ),
        (
            "HEALING",
            TAKEN,
            "find who has it with ss -ltnp 'sport = :9092', and end it; it is tried again by "
            "itself, within half a minute",
        ),
        (
            "HEALING",
            clusters.STARTING,
            "wait a minute; if it stays, read /state/a/clusters/a1b2-1/broker-N/broker.log on "
            "machine-a of each broker N, and what `sluicegate serve` says on its standard error",
        ),
        (
            "HEALING",
            f"{clusters.AWAY}: no `sluicegate serve` runs on …",
            "run `sluicegate serve` on machine-a: it is up once its brokers are",
        ),
        (
            "HEALING",
            "no free loopback ports for the brokers",
            "put right what it names; it is tried again by itself, within half a minute",
        ),
        (
            "CREATING",
            "Apache Kafka 4.4.0: 2 of 45 jars",
            "put right what it names, or wait for what is under way; it is tried again by "
            "itself, within half a minute",
        ),
    ],
)
def test_each_reason_of_a_cluster_has_a_remedy(
    endpoint: Endpoint, state: str, reason: str, next_step: str
) -> None:
    made = replace(DEMO, state=state, state_message=reason, home="h")
    with endpoint.databases.state.write() as tx:
        homes.take(tx, Home("h", "machine-a", "/state/a"), 60_000)
        clusters.create(tx, made)
    (problem,) = status(endpoint)["problems"]
    assert (problem["what"].endswith(reason), problem["next"]) == (True, next_step)


def test_a_disabled_mapping_needs_nobody(endpoint: Endpoint) -> None:
    disabled = replace(ORDERS, state="Disabled", is_enabled=False)
    with endpoint.databases.state.write() as tx:
        mappings.create(tx, disabled)
    assert status(endpoint)["problems"] == []


def test_texts_of_others_are_bounded(endpoint: Endpoint) -> None:
    well(endpoint)
    with endpoint.databases.state.write() as tx:
        mappings.set_result(tx, ID, "PROBLEM: " + "x" * 10_000)
    assert len(status(endpoint)["mappings"][0]["last_processing_result"]) == 1000
