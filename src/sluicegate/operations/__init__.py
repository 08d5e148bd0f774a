"""What each AWS operation does; one file or folder per service; knows no HTTP."""

from . import (
    ec2,
    iam,
    iam_toolbox,
    kafka,
    kms,
    lambda_,
    logs,
    organizations,
    secretsmanager,
    sts,
)
from .operation import Operation


def served() -> tuple[Operation, ...]:
    """Every operation Sluicegate serves."""
    services = (
        ec2,
        iam,
        iam_toolbox,
        kafka,
        kms,
        lambda_,
        logs,
        organizations,
        secretsmanager,
        sts,
    )
    return tuple(operation for service in services for operation in service.OPERATIONS)
