"""AWS Secrets Manager: versions, labels and resource policies; values only KMS can unwrap."""

from . import descriptions, labels, lifecycle, listing, passwords, policies, values

OPERATIONS = (
    *lifecycle.OPERATIONS,
    *values.OPERATIONS,
    *descriptions.OPERATIONS,
    *listing.OPERATIONS,
    *policies.OPERATIONS,
    *labels.OPERATIONS,
    *passwords.OPERATIONS,
)

__all__ = ["OPERATIONS"]
