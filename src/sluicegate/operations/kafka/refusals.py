"""What MSK says when it refuses, with the parameter it blames."""

from ...errors import AwsError

MALFORMED = "The parameter value contains one or more characters that are not valid."
TAKEN = "A resource with this name already exists."
STALE = "The version of the cluster isn't current. Check the current version and try again."


def invalid(message: str, parameter: str = "") -> AwsError:
    """What MSK says of most mistakes; `parameter` is spelled as in the request's body."""
    return AwsError("BadRequestException", message, members=_blamed(parameter))


def taken(parameter: str) -> AwsError:
    """A name that another cluster or configuration has."""
    return AwsError("ConflictException", TAKEN, members=_blamed(parameter))


def missing(parameter: str) -> AwsError:
    """An ARN that could be something's, and is nothing's."""
    return AwsError(
        "NotFoundException",
        "The resource could not be found due to incorrect input. Correct the input, then retry "
        "the request.",
        members=_blamed(parameter),
    )


def _blamed(parameter: str) -> dict[str, object]:
    return {"invalidParameter": parameter} if parameter else {}
