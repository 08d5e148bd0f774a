"""What each AWS operation does; one file or folder per service; knows no HTTP."""

from .operation import Operation


def served() -> tuple[Operation, ...]:
    """Every operation Sluicegate serves."""
    from . import ec2, iam, kms, logs, secretsmanager, sts

    services = (ec2, iam, kms, logs, secretsmanager, sts)
    return tuple(operation for service in services for operation in service.OPERATIONS)
