"""How log groups and streams are named, found and asked about.

AWS judges an action on a log group under the ARN of its nameless stream,
`…:log-group:NAME:log-stream:`, which is why policies are written with `:*`, and what it prints in a
denial; the tagging actions under `…:log-group:NAME`. Here either form in a policy covers both: the
other name of the group is in `Ask.also`. What concerns no group in particular is judged under
`…:log-group::log-stream:`, so that `…:log-group:*` covers it and one group's ARN does not.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...access import Ask, ResourcePolicy
from ...arn import Arn
from ...errors import AwsError
from ...iam.model import Context
from ...store import log_groups, log_streams, tags
from ...store.database import Tx
from ...store.log_groups import LogGroup
from ...store.log_streams import LogStream
from ..operation import Call, Params

_NAMELESS_STREAM = ":log-stream:"
_GROUP_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")

_EITHER = "LogGroup name and LogGroup ARN are mutually exclusive parameters."
_NEITHER = "LogGroup name or LogGroup ARN must be specified."


def group_arn(call: Call, name: str) -> str:
    """The ARN of a group, without `:*`."""
    return call.arn("logs", f"log-group:{name}")


def stream_arn(call: Call, group: str, stream: str) -> str:
    """The ARN of a stream."""
    return f"{group_arn(call, group)}:log-stream:{stream}"


def arn_of(call: Call, identifier: str) -> str:
    """The ARN that a name or an ARN of a group means; another account's stays what it is."""
    if Arn.find(identifier):
        return identifier.removesuffix(":*")
    return group_arn(call, identifier)


def arn_in(call: Call, params: Params) -> str:
    """The ARN of the group that a call's `logGroupName` or `logGroupIdentifier` means."""
    return arn_of(call, params.get("logGroupIdentifier") or params.get("logGroupName") or "")


def group_of(tx: Tx, call: Call, arn: str) -> LogGroup | None:
    """The group with this ARN, if it is one of this account and region."""
    name = arn.removeprefix(group_arn(call, ""))
    if name == arn or not _GROUP_NAME.fullmatch(name):
        return None
    return log_groups.named(tx, call.account, call.region, name)


def group_by_arn(tx: Tx, call: Call, arn: str) -> LogGroup:
    """The group with this ARN, or AWS's refusal."""
    group = group_of(tx, call, arn)
    if group is None:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    return group


def group_in(tx: Tx, call: Call, params: Params) -> LogGroup:
    """The group that a call means by exactly one of name and identifier."""
    name, identifier = params.get("logGroupName"), params.get("logGroupIdentifier")
    if name is not None and identifier is not None:
        raise AwsError("ValidationException", _EITHER)
    if name is None and identifier is None:
        raise AwsError("ValidationException", _NEITHER)
    return group_by_arn(tx, call, arn_in(call, params))


def stream_in(tx: Tx, call: Call, params: Params) -> tuple[LogGroup, LogStream]:
    """The group and stream that a call means."""
    group = group_in(tx, call, params)
    return group, stream_named(tx, group, params["logStreamName"])


def stream_named(tx: Tx, group: LogGroup, name: str) -> LogStream:
    """The stream of a group, or AWS's refusal."""
    # PostgreSQL's text has no NUL, so that no stream has one in its name.
    stream = None if "\0" in name else log_streams.named(tx, group.id, name)
    if stream is None:
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    return stream


def ask_all(call: Call, _params: Params) -> Iterable[Ask]:
    """Asks for what concerns no group in particular."""
    yield Ask(f"logs:{call.operation}", group_arn(call, "") + _NAMELESS_STREAM)


def ask_account(call: Call, _params: Params) -> Iterable[Ask]:
    """Asks for what only a policy on `*` covers."""
    yield Ask(f"logs:{call.operation}", "*")


def ask_group(call: Call, params: Params) -> Iterable[Ask]:
    """Asks for an action on the group a call means."""
    yield on_group(call, f"logs:{call.operation}", arn_in(call, params))


def ask_stream(call: Call, params: Params) -> Iterable[Ask]:
    """Asks for an action on the stream a call means."""
    yield on_stream(call, params, None)


def on_stream(call: Call, params: Params, policy: ResourcePolicy | None) -> Ask:
    """The question whether the caller may do the operation to the stream it means."""
    arn = arn_in(call, params)
    name = params.get("logStreamName") or ""
    return Ask(
        f"logs:{call.operation}",
        f"{arn}:log-stream:{name}",
        tags=_tags_of(call, arn),
        resource_policy=policy,
    )


def on_group(
    call: Call,
    action: str,
    arn: str,
    *,
    request_tags: Mapping[str, str] | None = None,
    context: Context | None = None,
) -> Ask:
    """The question whether the caller may do `action` to the group with this ARN."""
    return Ask(
        action,
        arn + _NAMELESS_STREAM,
        also=(arn,),
        context=context or {},
        tags=_tags_of(call, arn),
        request_tags=request_tags,
    )


def on_tags(
    call: Call,
    action: str,
    arn: str,
    *,
    request_tags: Mapping[str, str] | None = None,
    context: Context | None = None,
) -> Ask:
    """The question whether the caller may do a tagging action to the group with this ARN."""
    ask = on_group(call, action, arn, request_tags=request_tags, context=context)
    return replace(ask, resource=arn, also=(ask.resource,))


def _tags_of(call: Call, arn: str) -> Mapping[str, str]:
    with call.database.read() as tx:
        group = group_of(tx, call, arn)
        return tags.of(tx, group.id) if group else {}
