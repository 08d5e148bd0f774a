"""Lambda's refusals that several operations have."""

from ...errors import AwsError


def invalid(message: str) -> AwsError:
    """What the model allows and Lambda does not."""
    return AwsError("InvalidParameterValueException", message)


def not_found(message: str) -> AwsError:
    """Something that is not there."""
    return AwsError("ResourceNotFoundException", message)


def conflict(message: str) -> AwsError:
    """Something that is there already."""
    return AwsError("ResourceConflictException", message)


def in_progress(function_arn: str) -> AwsError:
    """A function that somebody else changed just now."""
    return conflict(
        "The operation cannot be performed at this time. "
        f"An update is in progress for resource: {function_arn}"
    )


def not_served(member: str) -> AwsError:
    """A feature Sluicegate does not have: refused, so that nobody believes it works."""
    return invalid(f"{member} is not served by Sluicegate.")


def check_revision(given: str | None, revision: str, of: str = "GetFunction/GetAlias") -> None:
    """Refuse a change made on top of another revision than the latest."""
    if given and given != revision:
        raise AwsError(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. "
            f"Call the {of} API to retrieve the latest Revision Id",
        )
