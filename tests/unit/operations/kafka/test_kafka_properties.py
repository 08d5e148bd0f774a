"""What a configuration may say and what brokers take are one table, told twice."""

from sluicegate.brokers.configuration import ADJUSTABLE
from sluicegate.operations.kafka import properties


def test_what_is_accepted_is_what_brokers_can_be_started_with() -> None:
    assert frozenset(properties.CHECKS) == ADJUSTABLE
