"""AWS KMS: symmetric keys that really encrypt, with policies, grants, aliases and rotation."""

from . import cryptography, granting, labels, lifecycle, naming, policies, rotation

OPERATIONS = (
    *lifecycle.OPERATIONS,
    *policies.OPERATIONS,
    *naming.OPERATIONS,
    *cryptography.OPERATIONS,
    *granting.OPERATIONS,
    *rotation.OPERATIONS,
    *labels.OPERATIONS,
)

__all__ = ["OPERATIONS"]
