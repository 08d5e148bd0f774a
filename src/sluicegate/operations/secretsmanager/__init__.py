"""AWS Secrets Manager: versions, labels, policies, replicas; values only KMS can unwrap."""

from . import (
    descriptions,
    labels,
    lifecycle,
    listing,
    passwords,
    policies,
    replication,
    values,
)

OPERATIONS = (
    *lifecycle.OPERATIONS,
    *values.OPERATIONS,
    *descriptions.OPERATIONS,
    *listing.OPERATIONS,
    *policies.OPERATIONS,
    *labels.OPERATIONS,
    *passwords.OPERATIONS,
    *replication.OPERATIONS,
)

__all__ = ["OPERATIONS"]
