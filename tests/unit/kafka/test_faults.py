"""What to do about what brokers say."""

import pytest
from confluent_kafka import KafkaError

from sluicegate.kafka import (
    Corrupt,
    Fenced,
    NotAuthenticated,
    NotAuthorized,
    NotTrusted,
    Rejoining,
    TopicMissing,
    Transient,
    Trouble,
    Unknown,
    Unreachable,
    Unresolvable,
)
from sluicegate.kafka.faults import trouble, trouble_of


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ((5, 6, 9, 14, 15, 16, 113), Transient),
        ((22, 25, 27, 79, 110), Rejoining),
        ((7, -195, -187, -185), Unreachable),
        ((-193,), Unresolvable),
        ((-181,), NotTrusted),
        ((58, -169), NotAuthenticated),
        ((29, 30), NotAuthorized),
        ((3, -188, -190), TopicMissing),
        ((82,), Fenced),
        ((2, 87, -199, -198, -170), Corrupt),
        ((-1, 12345, -12345), Unknown),
    ],
)
def test_every_code_has_something_to_do(codes: tuple[int, ...], kind: type[Trouble]) -> None:
    for code in codes:
        assert trouble_of(code, "text") == kind(code, "text")


def test_too_many_connects_is_no_wrong_password() -> None:
    text = "SASL authentication error: [0d1f] Too many connects"
    assert isinstance(trouble_of(-169, text), Unreachable)


def test_an_error_of_the_library() -> None:
    error = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "no")
    assert trouble(error) == NotAuthorized(29, "no")
