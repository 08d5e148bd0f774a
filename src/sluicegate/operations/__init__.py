"""What each AWS operation does; one file or folder per service; knows no HTTP."""

import importlib

from .operation import Operation


def served() -> tuple[Operation, ...]:
    """Every operation Sluicegate serves."""
    found: list[Operation] = []
    for name in ("ec2", "iam", "kms", "logs", "secretsmanager", "sts"):
        try:
            module = importlib.import_module(f"{__name__}.{name}")
            found.extend(module.OPERATIONS)
        except Exception as error:
            print("UNDER WAY", name, error)
    return tuple(found)
