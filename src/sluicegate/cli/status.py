"""`sluicegate status [MAPPING]`: what there is, how it is, how far, and what to do about it.

An ordinary client of `GET /sluicegate/status`, for which who asks needs `sluicegate:GetStatus`.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SettingRefused
from ..wire import own
from .answers import Document, document
from .reach import Reach
from .table import plain, shortened, table

_PATH = "/sluicegate/status"
_MISSING = "run `sluicegate status` for those there are, or name another --region"
_PORTS = {
    "CLIENT": "plaintext",
    "CLIENT_SECURE": "TLS",
    "CLIENT_SASL_SCRAM": "SCRAM",
    "CLIENT_IAM": "IAM",
}


def status(to: Reach, mapping: str | None, *, as_json: bool) -> int:
    """Print it; 0 when all is well, 1 when something is not."""
    query = ""
    if mapping is not None:
        try:
            query = f"?mapping={uuid.UUID(mapping)}"
        except ValueError:
            raise SettingRefused(
                f"`{plain(mapping)}` is not the UUID of an event source mapping; "
                "run `sluicegate status` for those there are"
            ) from None
    found = document(
        to, _PATH + query, member="problems", missing=_MISSING, service=own.SIGNING_NAME
    )
    print(json.dumps(found, indent=2) if as_json else "\n".join(told(found)))
    return 1 if found["problems"] else 0


def told(document: Document) -> list[str]:
    """The lines for a reader: what there is, then each problem with what to do next."""
    where = f"account {document['account']}, {document['region']}"
    sections = [
        _clusters(document["clusters"]),
        _functions(document["functions"]),
        *_mappings(document["mappings"], document["clusters"]),
    ]
    lines = [f"sluicegate {document['version']}  {where}"]
    for section in filter(None, sections):
        lines += ["", *section]
    if len(lines) == 1:
        return [
            *lines,
            "",
            "no clusters, no functions, no event source mappings here yet",
            "next: see all of it work with `sluicegate demo`, make a cluster with "
            "`aws kafka create-cluster`, or look elsewhere with --region",
        ]
    return [*lines, "", *_problems(document["problems"])]


def _clusters(found: Sequence[Document]) -> list[str]:
    heads = ("CLUSTER", "STATE", "BROKER", "ADDRESS", "PORTS", "USERS", "POLICY")
    rows = []
    for cluster in found:
        users = ", ".join(_user(user) for user in cluster["users"])
        about = [cluster["name"], cluster["state"]]
        # Who else may use it is not told here: `aws kafka get-cluster-policy` asks for more.
        last = [users, cluster["policy_version"] or "none"]
        for node in cluster["nodes"]:
            row = [*about, str(node["node_id"]), node["address"], _ports(node["ports"]), *last]
            rows.append(row)
            about, last = [" ", " "], [" ", " "]
        if not cluster["nodes"]:
            rows.append([*about, "", "", "", *last])
    return table(heads, rows)


def _user(user: Document) -> str:
    name = user["username"] or "?"
    return f"{name} (!)" if user["error"] else str(name)


def _ports(ports: Mapping[str, int]) -> str:
    return ", ".join(f"{port} {_PORTS.get(name, name)}" for name, port in ports.items())


def _functions(found: Sequence[Document]) -> list[str]:
    return table(
        ("FUNCTION", "RUNTIME", "STATE", "MODIFIED"),
        [[each["name"], each["runtime"], each["state"], each["last_modified"]] for each in found],
    )


def _mappings(found: Sequence[Document], clusters: Sequence[Document]) -> list[list[str]]:
    """A table of the mappings, and one of the partitions of each."""
    names = {cluster["arn"]: cluster["name"] for cluster in clusters}
    mappings = table(
        ("MAPPING", "FUNCTION", "TOPIC", "SOURCE", "STATE", "LAST RESULT", "LAG", "KEPT BY"),
        [
            [
                each["id"],
                each["function"].split(":function:")[-1],
                each["topic"],
                names.get(each["source"]) or shortened(each["source"]),
                each["state"],
                shortened(each["last_processing_result"]),
                _sum(partition["lag"] for partition in each["partitions"]),
                each["lease_holder"] or "nobody",
            ]
            for each in found
        ],
    )
    return [mappings, *(_partitions(each) for each in found)]


def _partitions(mapping: Document) -> list[str]:
    rows = [
        [
            str(each["partition"]),
            each["owner"],
            _number(each["position"]),
            _number(each["committed"]),
            _number(each["end"]),
            _number(each["lag"]),
            _number(each["in_flight"]),
            _number(each["retry"]),
            _counted(each["dropped"], each["last_dropped"]),
            _counted(each["holes"], each["last_hole"]),
            shortened(each["last_result"]),
            shortened(each["waits_for"]),
            _age(each["age_seconds"]),
        ]
        for each in mapping["partitions"]
    ]
    heads = (
        *("PARTITION", "OWNER", "POSITION", "COMMITTED", "END", "LAG", "IN FLIGHT", "RETRY"),
        *("DROPPED", "HOLES", "LAST RESULT", "WAITS FOR", "CHANGED"),
    )
    title = f"{plain(mapping['topic'])} of {mapping['id']}, group {plain(mapping['group'])}"
    return [title, *table(heads, rows, indent="  ")] if rows else []


def _problems(found: Sequence[Document]) -> list[str]:
    lines = [
        plain(f"! {each['about']} {each['what'].rstrip('.')}; next: {each['next']}")
        for each in found
    ]
    count = len(found)
    ending = f"{count} problem{'s' if count > 1 else ''}" if count else "no problems"
    return [*lines, ending]


def _sum(numbers: Any) -> str:
    known = [number for number in numbers if number is not None]
    return str(sum(known)) if known else ""


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _counted(count: int, last: Any) -> str:
    return shortened(f"{count} (last: {last})") if count else "0"


def _age(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{int(seconds)} s ago"
