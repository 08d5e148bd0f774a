"""AWS's own managed policies, as data: the newest version of each, read once when first needed.

The file is condensed by `scripts/managed-policies`; its source, licence and date stand beside it.
"""

import lzma
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import msgspec

from .clock import to_ms

_PREFIX = "arn:aws:iam::aws:policy/"


class AwsPolicy(msgspec.Struct, frozen=True):
    """A policy AWS maintains. `version` is `vN`, the only one there is a document of."""

    arn: str
    name: str
    path: str
    id: str
    version: str
    created: datetime
    updated: datetime
    raw_document: msgspec.Raw = msgspec.field(name="document")
    description: str | None = None

    @property
    def document(self) -> str:
        """The policy's JSON text."""
        return bytes(self.raw_document).decode()

    @property
    def created_ms(self) -> int:
        """When AWS first published it."""
        return to_ms(self.created)

    @property
    def updated_ms(self) -> int:
        """When AWS published this version."""
        return to_ms(self.updated)


class _File(msgspec.Struct):
    policies: list[AwsPolicy]


def is_aws(arn: str) -> bool:
    """Whether an ARN names a policy of AWS's, whether or not there is such a one."""
    return arn.startswith(_PREFIX)


def find(arn: str) -> AwsPolicy | None:
    """AWS's policy with this ARN."""
    return every().get(arn)


@cache
def every() -> Mapping[str, AwsPolicy]:
    """All of them by ARN, in the order of their ARNs."""
    packed = files(__package__).joinpath("data", "aws_managed_policies.json.xz").read_bytes()
    content = msgspec.json.decode(lzma.decompress(packed), type=_File)
    return MappingProxyType({policy.arn: policy for policy in content.policies})
