"""Parameters made from botocore's models to do harm: what exists, what is valid, what is neither."""

from collections.abc import Callable
from typing import Any

from botocore.model import Shape, StructureShape
from hypothesis import strategies as st
from tests.wire.fuzz.policies import DOCUMENTS
from tests.wire.fuzz.values import BLOBS, INTEGERS, OTHER_TYPES, PATTERNS, TEXTS, TOKENS
from tests.wire.fuzz.world import World
from tests.wire.generator import Generator

_MOST_DEPTH = 5

# What a member asks for, where its own name is not the name of what exists.
_ALIASES = {
    "targetkeyid": "keyid",
    "sourcekeyid": "keyid",
    "destinationkeyid": "keyid",
    "kmskeyid": "keyid",
    "newusername": "username",
    "newgroupname": "groupname",
    "newpath": "path",
    "pathprefix": "path",
    "policyarn": "arn",
    "permissionsboundary": "arn",
    "rolearn": "arn",
    "granteeprincipal": "arn",
    "retiringprincipal": "arn",
    "policysourcearn": "arn",
    "resourceidentifier": "resourcearn",
    "referencedgroupid": "groupid",
    "groups": "groupid",
    "secretidlist": "secretid",
    "removefromversionid": "versionid",
    "movetoversionid": "versionid",
    "clientrequesttoken": "versionid",
    "versionstage": "versionstages",
    "loggroupnameprefix": "loggroupname",
    "loggroupnamepattern": "loggroupname",
    "logstreamnameprefix": "logstreamname",
    "sequencetoken": "uploadsequencetoken",
    "grantee": "arn",
}
_DOCUMENT_MEMBERS = ("policy", "policydocument", "assumerolepolicydocument", "resourcepolicy")
_TOKEN_MEMBERS = ("marker", "nexttoken", "deletiontaskid")


class Hostile:
    """Strategies for the parameters of operations, in a world where some things exist."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[tuple[str, str], st.SearchStrategy[Any]] = {}

    @st.composite
    @staticmethod
    def _drawn(draw: st.DrawFn, self: "Hostile", shape: StructureShape) -> dict[str, Any]:
        # Of ten values: a call that is wrong all over never gets further than its first member.
        wrong = draw(st.sampled_from((0, 1, 1, 3, 10)))
        return self._structure(draw, shape, wrong, 0)

    def members(self, shape: StructureShape | None) -> st.SearchStrategy[dict[str, Any]]:
        """Parameters for an operation with this input, from nearly right to all wrong."""
        return st.just({}) if shape is None else Hostile._drawn(self, shape)
