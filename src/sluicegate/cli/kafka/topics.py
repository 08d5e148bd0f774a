"""`sluicegate kafka topics`: the topics there are, after making one."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from ... import kafka
from ...kafka import Connection, SeenTopic
from ..table import table
from .troubles import heard

_HEADS = ("TOPIC", "PARTITIONS", "REPLICAS", "RECORDS")
_NONE = "no topics here that this login may see\nnext: sluicegate kafka topics --create NAME"


def topics(
    connection: Connection, made: str | None, partitions: int | None, *, as_json: bool
) -> None:
    """Print them; `made` is the name of one that is made first."""
    with heard(connection):
        if made is not None:
            kafka.create_topic(connection, made, partitions)
        found = kafka.topics(connection)
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=2))
    else:
        print("\n".join(told(found)))


def told(found: Sequence[SeenTopic]) -> list[str]:
    """The lines for a reader."""
    rows = [
        (
            each.name,
            str(each.partitions),
            str(each.replicas),
            "" if each.records is None else str(each.records),
        )
        for each in found
    ]
    return table(_HEADS, rows) or [_NONE]
