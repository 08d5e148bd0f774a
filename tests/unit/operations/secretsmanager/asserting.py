"""Where secrets are, and what Secrets Manager says of those that are not there."""

from tests.unit.operations.asserting import ACCOUNT

ARN = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret"
TOKENS = tuple(f"{index:032}" for index in range(10))
"""Version ids to give."""

NOT_FOUND = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
DELETED = (
    "InvalidRequestException",
    "You can't perform this operation on the secret because it was marked for deletion.",
)
