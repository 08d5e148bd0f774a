"""The function of the witness: it enters what it is given, before and after it handles that.

It runs in a sandbox. An entry is a log event that the function itself writes, with its own call,
and goes on after the answer: neither the trigger nor the collector of its output has a part in it.
A quiet one enters nothing, and so runs without an endpoint.
What a record says it does: `!always` fails every time, `!fail 2` the first two times, and so do
`!exit`, `!hang` and `!eat`, each in its own manner.
"""

import base64
import json
import os
import time
import uuid
from typing import Any

import boto3
from botocore.exceptions import ClientError

GROUP = os.environ["WITNESS"]
PAUSE_SECONDS = float(os.environ.get("PAUSE", "0"))
IS_QUIET = "QUIET" in os.environ
KEEPS_EVENTS = "KEEP_EVENTS" in os.environ
STREAM = uuid.uuid4().hex

logs = boto3.client("logs")


def handler(event: dict[str, Any], context: Any) -> None:
    records = [record for some in event["records"].values() for record in some]
    said: dict[str, Any] = {"id": context.aws_request_id, "offsets": runs(records)}
    if KEEPS_EVENTS:
        said["event"] = event
    enter("begin", said)
    for record in records:
        obey(record)
    time.sleep(PAUSE_SECONDS)
    enter("end", said)


def runs(records: list[dict[str, Any]]) -> dict[int, list[list[int]]]:
    """By partition, the offsets in the order they came, as runs of neighbours."""
    found: dict[int, list[list[int]]] = {}
    for record in records:
        of_partition = found.setdefault(record["partition"], [])
        if of_partition and of_partition[-1][1] + 1 == record["offset"]:
            of_partition[-1][1] += 1
        else:
            of_partition.append([record["offset"], record["offset"]])
    return found


def enter(what: str, said: dict[str, Any]) -> None:
    if IS_QUIET:
        return
    at = time.time()
    entry = json.dumps({"what": what, "at": at, **said})
    event = {"timestamp": int(at * 1000), "message": entry}
    where = {"logGroupName": GROUP, "logStreamName": STREAM}
    try:
        logs.put_log_events(**where, logEvents=[event])
    except logs.exceptions.ResourceNotFoundException:
        logs.create_log_stream(**where)
        logs.put_log_events(**where, logEvents=[event])


def obey(record: dict[str, Any]) -> None:
    value = base64.b64decode(record.get("value", ""))
    if not value.startswith(b"!"):
        return
    order, _, times = value.decode()[1:].partition(" ")
    name = f"{record['topic']}-{record['partition']}-{record['offset']}"
    if order == "always" or any(is_new(f"{name}-{number}") for number in range(int(times))):
        misbehave(order)


def is_new(name: str) -> bool:
    """Whether this has not been done yet, in whichever sandbox: the name is taken by asking."""
    try:
        logs.create_log_stream(logGroupName=GROUP, logStreamName=name)
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise
        return False
    return True


def misbehave(order: str) -> None:
    match order:
        case "exit":
            os._exit(7)
        case "hang":
            time.sleep(3600)
        case "eat":
            eaten = []
            while True:
                eaten.append(bytearray(1 << 24))
        case _:
            raise ValueError("told to fail")
