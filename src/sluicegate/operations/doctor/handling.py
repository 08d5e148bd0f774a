"""Checks of what becomes of records once they are read: the filters, the function, its log."""

from collections.abc import Iterator

from ...errors import AccessDenied, AwsError
from ...execution import criteria, plan
from ...execution.findings import Outcome
from ...execution.versions import Choice, log_group
from ...store import mapping_progress
from ...store.mappings import EventSourceMapping
from ..operation import Actor, Call
from . import parts, permissions
from .model import Check, Verdict
from .role import ExaminedRole

FILTERS, FUNCTION, PARTITION = "filters", "function", "partition"


def checks(
    call: Call,
    mapping: EventSourceMapping,
    choice: Choice,
    role: ExaminedRole,
    outcome: Outcome,
) -> Iterator[Check]:
    """In the order in which a record meets them."""
    if mapping.sealed_filters is not None:
        yield _filters(call, mapping)
    yield _function(choice)
    yield from _held_up(call, mapping, choice)
    yield _logs(role, choice, outcome)


def _filters(call: Call, mapping: EventSourceMapping) -> Check:
    """The key of the filter criteria, which lets Lambda itself see them: the role has no part."""
    lambda_ = Actor(f"lambda.{mapping.region}.amazonaws.com", mapping.arn)
    asked = {
        "CiphertextBlob": criteria.wrapped_key(call.vault, mapping),
        "EncryptionContext": criteria.context(mapping.arn),
    }
    try:
        call.calls.as_service(call, lambda_, "kms", "Decrypt", asked)
    except AccessDenied as denial:
        what = f"{lambda_.name} may not use {mapping.kms_key_arn}, which encrypts them"
        kept = call.decisions.find(call.account, call.region, denial.decision_id)
        found = (permissions.recalled(kept),) if kept else ()
        explain = f"sluicegate explain {denial.decision_id}"
        return Check(FILTERS, Verdict.PROBLEM, what, explain, found)
    except AwsError as error:
        what = f"{mapping.kms_key_arn}: {error.message}"
        describe = f"aws kms describe-key --key-id {mapping.kms_key_arn}"
        return Check(FILTERS, Verdict.PROBLEM, what, describe)
    return Check(FILTERS, Verdict.OK, f"{lambda_.name} may decrypt them")


def _function(choice: Choice) -> Check:
    name, version = choice.function.name, choice.version
    most = plan.MOST_TIMEOUT_SECONDS
    if choice.timeout_seconds > most:
        what = f"its timeout is {choice.timeout_seconds} s, and a batch may take {most} at most"
        change = f"aws lambda update-function-configuration --function-name {name} --timeout {most}"
        return Check(FUNCTION, Verdict.PROBLEM, what, change)
    if choice.function.reserved_concurrency == 0:
        what = "its reserved concurrency is 0, so that nothing invokes it"
        change = f"aws lambda delete-function-concurrency --function-name {name}"
        return Check(FUNCTION, Verdict.PROBLEM, what, change)
    what = f"version {version.version}, {version.runtime}; Lambda itself invokes it"
    return Check(FUNCTION, Verdict.OK, what)


def _held_up(call: Call, mapping: EventSourceMapping, choice: Choice) -> Iterator[Check]:
    """The partitions whose next batch fails again and again."""
    with call.database.read() as tx:
        notes = mapping_progress.progress_of(tx, mapping.id)
    read = f"aws logs tail {log_group(choice.function, choice.version)} --since 10m"
    for note in notes:
        if note.retry:
            what = f"{note.partition} is held up by retry {note.retry} of what comes next"
            result = f": {note.last_result}" if note.last_result else ""
            yield Check(PARTITION, Verdict.PROBLEM, what + result, read)


def _logs(role: ExaminedRole, choice: Choice, outcome: Outcome) -> Check:
    # In whatever stream: there is one for each environment.
    asked = {
        "logGroupName": log_group(choice.function, choice.version),
        "logStreamName": "*",
    }
    for operation in parts.OPERATIONS[parts.LOGS]:
        role.judge("logs", operation, asked)
    return parts.check(parts.LOGS, role, outcome)
