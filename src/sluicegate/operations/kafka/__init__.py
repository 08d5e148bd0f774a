"""Amazon MSK: clusters of real brokers, which their keeper runs; users who log in with secrets."""

from . import (
    brokers,
    configurations,
    creating,
    lifecycle,
    policies,
    scram,
    tagging,
    updating,
    versions,
)

OPERATIONS = (
    *creating.OPERATIONS,
    *lifecycle.OPERATIONS,
    *brokers.OPERATIONS,
    *updating.OPERATIONS,
    *scram.OPERATIONS,
    *policies.OPERATIONS,
    *configurations.OPERATIONS,
    *tagging.OPERATIONS,
    *versions.OPERATIONS,
)

__all__ = ["OPERATIONS"]
