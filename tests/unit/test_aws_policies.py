import time

import pytest

from sluicegate import aws_policies
from sluicegate.operations.iam.linked_roles import SERVICES


def test_the_policy_for_kafka_triggers_is_there() -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
    policy = aws_policies.find(arn)
    assert policy is not None
    assert (policy.name, policy.path, policy.version) == (
        "AWSLambdaMSKExecutionRole",
        "/service-role/",
        "v2",
    )
    assert '"kafka:DescribeClusterV2"' in policy.document
    assert policy.created_ms <= policy.updated_ms


def test_a_policy_aws_does_not_have_is_not_found() -> None:
    arn = "arn:aws:iam::aws:policy/none"
    assert aws_policies.is_aws(arn) and aws_policies.find(arn) is None
    assert not aws_policies.is_aws("arn:aws:iam::000000000000:policy/none")


def test_all_of_them_are_read_in_less_than_a_second() -> None:
    started = time.perf_counter()
    found = aws_policies.every.__wrapped__()
    assert len(found) > 1500
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_linked_role_has_its_policy(service: str) -> None:
    arn = f"arn:aws:iam::aws:policy/aws-service-role/{SERVICES[service].policy}"
    assert aws_policies.find(arn) is not None
