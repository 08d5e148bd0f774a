"""What CloudWatch Logs says when it refuses."""

from ...errors import AwsError


def invalid(message: str) -> AwsError:
    """What CloudWatch Logs says of most mistakes."""
    return AwsError("InvalidParameterException", message)


def missing(member: str) -> AwsError:
    """A member that the model does not require but the operation does."""
    return invalid(
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: "
        "Member must not be null"
    )
