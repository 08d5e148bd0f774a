"""What AWS refuses in a document though it can be read: ids, service prefixes, ARNs.

Only asked when a document is put; what is stored is judged as it stands.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .arns import SEGMENTS, split
from .documents import LEGACY, Fault, Stage
from .model import PolicyKind
from .patterns import Template, matches, pattern, template

_SID_TWICE = Fault(Stage.SID, "Statement IDs (SID) in a single policy must be unique.")
_SID_LETTERS = Fault(
    Stage.SID,
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
    "expression [0-9A-Za-z]*",
)
_TRUST_ONLY = Fault(
    Stage.PREFIXES,
    "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  "
    "and sts:AssumeRoleWithWebIdentity",
)
_VENDOR_ONLY = Fault(
    Stage.RESOURCES, "Resource vendor must be fully qualified and cannot contain regexes."
)
_IAM_PATHS = (
    "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/",
    "server-certificate/", "policy/", "sms-mfa/", "saml-provider/", "oidc-provider/", "report/",
    "access-report/",
)  # fmt: skip
_IAM_PATH = Fault(
    Stage.RESOURCES,
    f'IAM resource path must either be "*" or start with {", ".join(_IAM_PATHS)}.',
)
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f",
               "aws-eusc")  # fmt: skip
_TRUST_ACTIONS = frozenset(
    ("sts:assumerole", "sts:assumerole*", "sts:assumerolewithsaml", "sts:tagsession",
     "sts:assumerolewithwebidentity", "sts:setsourceidentity", "sts:setcontext")
)  # fmt: skip
_LETTERS_ONLY = frozenset((PolicyKind.IDENTITY, PolicyKind.SESSION, PolicyKind.BOUNDARY))
"""Kinds whose statement ids are letters and digits; resources' own policies may have spaces."""

_SID = re.compile(r"[0-9A-Za-z]*")
_VENDOR = re.compile(r"[A-Za-z0-9.-]+")
_WILDCARD = re.compile(r"[*?]")


def faults(
    statements: Sequence[Mapping[str, Any]], kind: PolicyKind, vendors: frozenset[str] | None
) -> Iterator[Fault]:
    """Everything AWS refuses in statements whose elements all have the right JSON types."""
    seen: set[str] = set()
    for statement in statements:
        sid = statement.get("Sid", "")
        if sid and sid in seen:
            yield _SID_TWICE
        seen.add(sid)
        if kind in _LETTERS_ONLY and not _SID.fullmatch(sid):
            yield _SID_LETTERS
        for action in _texts(statement, "Action"):
            yield from _action(action, vendors)
        if kind is PolicyKind.TRUST:
            yield from _trust(statement)
        for resource in _texts(statement, "Resource"):
            yield from _resource(resource)


def _texts(statement: Mapping[str, Any], name: str) -> list[str]:
    value = statement.get(name, statement.get(f"Not{name}", []))
    return value if isinstance(value, list) else [value]


def _action(action: str, vendors: frozenset[str] | None) -> Iterator[Fault]:
    if action == "*":
        return
    vendor = action.partition(":")[0]
    if not _VENDOR.fullmatch(vendor) or (vendors is not None and vendor.lower() not in vendors):
        yield Fault(Stage.PREFIXES, f"Vendor {vendor} is not valid")


def _trust(statement: Mapping[str, Any]) -> Iterator[Fault]:
    actions = {action.lower() for action in _texts(statement, "Action")}
    if "NotAction" in statement or not actions <= _TRUST_ACTIONS:
        yield _TRUST_ONLY


def _resource(resource: str) -> Iterator[Fault]:
    if resource == "*" or not resource.startswith("arn:"):
        return
    parts = template(resource, has_wildcards=False, has_variables=True)
    segments = [_text(segment) for segment in split(parts)]
    partition = segments[1]
    if not any(matches(pattern(partition), one) for one in _PARTITIONS):
        whole = ":".join([*segments, *"*" * (SEGMENTS - len(segments))])
        message = f'Partition "{partition}" is not valid for resource "{whole}".'
        yield Fault(Stage.RESOURCES, message)
        return
    vendor = segments[2] if len(segments) > 2 else "*"
    if not vendor:
        yield LEGACY
    elif _WILDCARD.search(vendor):
        yield _VENDOR_ONLY
    elif vendor in _PLACES:
        yield from _PLACES[vendor](resource, segments)


def _text(parts: Template) -> str:
    """A segment with its variables as wildcards: what they will be nobody knows yet."""
    return "".join(part if isinstance(part, str) else "*" for part in parts)


def _iam(resource: str, segments: Sequence[str]) -> Iterator[Fault]:
    if _names_region(segments):
        message = f"IAM resource {resource} cannot contain region information."
        yield Fault(Stage.RESOURCES, message)
    elif len(segments) == SEGMENTS and not segments[5].startswith(("*", "root", *_IAM_PATHS)):
        yield _IAM_PATH


def _s3(resource: str, segments: Sequence[str]) -> Iterator[Fault]:
    if _names_region(segments):
        message = f"Resource {resource} can not contain region information."
        yield Fault(Stage.RESOURCES, message)


def _names_region(segments: Sequence[str]) -> bool:
    return len(segments) > 3 and segments[3] not in ("", "*")


_PLACES = {"iam": _iam, "s3": _s3}
