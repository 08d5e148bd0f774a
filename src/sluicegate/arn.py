"""Amazon Resource Names: `arn:partition:service:region:account:resource`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arn:
    """One ARN in its six parts; `str(arn)` is the text it was parsed from."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> "Arn":
        """Split `text` on its first five colons; `ValueError` when it is no ARN."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or not all((parts[1], parts[2], parts[5])):
            raise ValueError(f"`{text}` is not an ARN")
        return cls(*parts[1:])

    @classmethod
    def find(cls, text: str) -> "Arn | None":
        """The ARN in `text`, or None when it is none."""
        try:
            return cls.parse(text)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def partition_of(region: str) -> str:
    """The partition an AWS region name belongs to, as the SDKs' endpoint rules have it."""
    if region.startswith("cn-"):
        return "aws-cn"
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return "aws"


def root_arn(account: str) -> str:
    """The ARN of an account itself; IAM's are in partition aws in every region."""
    return f"arn:aws:iam::{account}:root"


def session_arn(account: str, role: str, session: str) -> str:
    """The ARN of a session of the role of that name."""
    return f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
