"""`sluicegate doctor [MAPPING]`: a trigger's whole call plan, each step with its verdict and fix.

An ordinary client of `GET /sluicegate/diagnosis`, for which who asks needs
`sluicegate:GetDiagnosis`; which mappings there are, `GET /sluicegate/status` tells.
"""

import json
import shlex
import uuid
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

from ..errors import SettingRefused, StartRefused
from ..wire import own
from .answers import Document, document
from .reach import Reach
from .table import plain, show_anything

_PATH = "/sluicegate/diagnosis"
_MISSING = "run `sluicegate status` for those there are, or name another --region"
_SIGNS = {"ok": "✓", "note": "·", "warning": "!", "problem": "✗", "not reached": "–"}
_WRONG = ("problem", "warning")
# As wide as the longest name of a check.
_NAME = 10


Planned = Mapping[str, str | None]
"""Source, topic, secret and group of a mapping to come; nothing where another is meant."""


def doctor(to: Reach, named: str | None, planned: Planned, *, as_json: bool) -> int:
    """Print what is found; 0 when nothing is wrong, 1 when something is."""
    queries = [_query(named, planned)] if any(planned.values()) else _ids(to, named)
    found = [_asked(to, f"?{each}") for each in queries]
    account = None if named else _asked(to, "")
    checks = [check for each in (*found, account or {"checks": []}) for check in each["checks"]]
    counts = {kind: sum(check["verdict"] == kind for check in checks) for kind in _WRONG}
    if as_json:
        left = account["checks"] if account else []
        print(json.dumps({"mappings": found, "checks": left, **_counted(counts)}, indent=2))
    else:
        show_anything()
        print("\n".join(told(found, account)))
        print(_sum(counts))
    return 1 if any(counts.values()) else 0


def _query(function: str | None, planned: Planned) -> str:
    """Of the mapping to come of a function."""
    if not function or not planned["source"] or not planned["topic"]:
        raise SettingRefused(
            "a mapping to come needs all of them: `sluicegate doctor FUNCTION --source ARN --topic "
            "TOPIC`"
        )
    return urlencode({"function": function} | {k: v for k, v in planned.items() if v})


def _ids(to: Reach, named: str | None) -> list[str]:
    """Of the mappings that are meant: all, the one of a UUID, or those of a function."""
    if named is not None:
        try:
            return [f"mapping={uuid.UUID(named)}"]
        except ValueError:
            pass
    status = document(
        to,
        "/sluicegate/status",
        member="mappings",
        missing=_MISSING,
        service=own.SIGNING_NAME,
    )
    ids = [
        f"mapping={each['id']}"
        for each in status["mappings"]
        if named is None or named in (each["function"], each["function"].split(":")[6])
    ]
    if named is not None and not ids:
        raise StartRefused(
            f"`{plain(named)}` is neither the UUID of an event source mapping nor a function that "
            f"has one; {_MISSING}"
        )
    return ids


def _asked(to: Reach, query: str) -> Document:
    return document(to, _PATH + query, member="checks", missing=_MISSING, service=own.SIGNING_NAME)


def told(mappings: Sequence[Document], account: Document | None) -> list[str]:
    """The lines for a reader: a paragraph for each mapping, and what belongs to none."""
    lines: list[str] = []
    for each in mappings:
        lines += [_title(each), *_checks(each["checks"]), *_remedy(each), ""]
    if account is not None:
        if not mappings:
            lines += ["there are no event source mappings here", ""]
        lines += [*_checks(account["checks"]), ""]
    return lines[:-1]


def _title(mapping: Document) -> str:
    function = mapping["function"].split(":function:")[-1]
    what = f"{mapping['topic']} → {function}"
    if not mapping["mapping"]:
        return plain(f"{what}  no mapping yet")
    how = f"{mapping['state']} · {mapping['last_processing_result']}"
    return plain(f"{what} ({mapping['mapping']})  {how}")


def _checks(checks: Sequence[Document]) -> Iterator[str]:
    for check in checks:
        yield plain(f"  {_SIGNS[check['verdict']]} {check['name']:<{_NAME}}  {check['what']}")
        denied = [each for each in check["permissions"] if not each["is_allowed"]]
        for action in dict.fromkeys(each["action"] for each in denied):
            yield from _denied([each for each in denied if each["action"] == action])
        if check["next"] and check["verdict"] in _WRONG:
            yield _under(f"next: {check['next']}")


def _denied(permissions: Sequence[Document]) -> Iterator[str]:
    """One action that is denied, on all the resources it is denied on."""
    resources = ", ".join(each["resource"] for each in permissions)
    first = permissions[0]
    yield _under(f"{first['action']} on {resources}: {first['by']}")
    for near in dict.fromkeys(near for each in permissions for near in each["near"]):
        yield _under(f"  {near}")
    added = [each["add"] for each in permissions if each["add"]]
    if added:
        where = [each["Resource"] for each in added if "Resource" in each]
        resource = {"Resource": where[0] if len(where) == 1 else where} if where else {}
        yield _under(f"  add to {first['add_to']}: {json.dumps({**added[0], **resource})}")


def _remedy(mapping: Document) -> Iterator[str]:
    """All that the role's own policies lack, as one command."""
    if not mapping["statements"]:
        return
    policy = json.dumps({"Version": "2012-10-17", "Statement": mapping["statements"]})
    name = mapping["role"].rpartition("/")[2]
    yield plain(
        f"  all that the role lacks: aws iam put-role-policy --role-name {name} "
        f"--policy-name trigger --policy-document {shlex.quote(policy)}"
    )


def _under(text: str) -> str:
    return plain(f"{'':<{_NAME + 6}}{text}")


def _counted(counts: dict[str, int]) -> dict[str, int]:
    return {f"{kind}s": count for kind, count in counts.items()}


def _sum(counts: dict[str, int]) -> str:
    said = [f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts.items() if count]
    return ", ".join(said) or "no problems"
