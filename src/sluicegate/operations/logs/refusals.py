"""What CloudWatch Logs says when it refuses."""

from ...errors import AwsError, SluicegateError


def invalid(message: str) -> AwsError:
    """What CloudWatch Logs says of most mistakes."""
    return AwsError("InvalidParameterException", message)


def missing(member: str) -> AwsError:
    """A member that the model does not require but the operation does."""
    return invalid(
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: "
        "Member must not be null"
    )


class PatternError(SluicegateError):
    """A filter pattern cannot be read; `message` is the sentence for whoever wrote it."""

    def __init__(self, message: str = "Invalid filter pattern") -> None:
        super().__init__(message)
        self.message = message

    @classmethod
    def invalid_characters(cls, characters: str) -> "PatternError":
        """There are characters that a term cannot have."""
        return cls(f"Invalid character(s) in term '{characters}'")

    @classmethod
    def too_large(cls, most: int) -> "PatternError":
        """A regular expression of too many terms, each counted as often as it is repeated."""
        return cls(
            f"A regular expression can have at most {most} terms, counted with their repetitions"
        )

    @classmethod
    def too_many(cls, most: int) -> "PatternError":
        """Too many regular expressions."""
        return cls(f"A filter pattern can have at most {most} regular expressions")
