"""Where keys are, in a word."""

from tests.unit.operations.asserting import ACCOUNT

ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}"
