"""Tags of log groups: by ARN, and the older way by name."""

from collections.abc import Iterable, Mapping

from ...access import Ask
from ...arn import Arn
from ...errors import AwsError
from ...store import tags
from ...store.database import Tx
from ...store.log_groups import LogGroup
from ..operation import Call, Operation, Params, Result
from .naming import (
    arn_of,
    ask_group,
    group_by_arn,
    group_in,
    on_group,
    on_tags,
)
from .refusals import invalid

_MOST_TAGS = 50


def check_tags(sent: Mapping[str, str]) -> None:
    """Keys that begin with `aws:` are AWS's own."""
    if any(key.lower().startswith("aws:") for key in sent):
        raise invalid("User-defined tag keys can't start with aws:.")


def _arn(call: Call, params: Params) -> str:
    return arn_of(call, params.get("resourceArn") or "")


def _tag_asks(call: Call, params: Params) -> Iterable[Ask]:
    yield on_tags(
        call, "logs:TagResource", _arn(call, params), request_tags=params.get("tags") or {}
    )


def _untag_asks(call: Call, params: Params) -> Iterable[Ask]:
    keys = {"aws:TagKeys": tuple(params.get("tagKeys") or ())}
    yield on_tags(call, "logs:UntagResource", _arn(call, params), context=keys)


def _list_asks(call: Call, params: Params) -> Iterable[Ask]:
    yield on_tags(call, "logs:ListTagsForResource", _arn(call, params))


def _group(tx: Tx, call: Call, params: Params) -> LogGroup:
    arn = params["resourceArn"]
    if Arn.find(arn) is None:
        raise invalid(f"Invalid resource ARN: {arn}")
    return group_by_arn(tx, call, arn_of(call, arn))


def _tag(call: Call, params: Params) -> Result:
    check_tags(params["tags"])
    with call.database.write() as tx:
        group = _group(tx, call, params)
        if len(tags.of(tx, group.id) | params["tags"]) > _MOST_TAGS:
            raise AwsError(
                "TooManyTagsException",
                f"A log group can have up to {_MOST_TAGS} tags.",
                members={"resourceName": params["resourceArn"]},
            )
        tags.put(tx, group.id, params["tags"])
    return {}


def _untag(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        tags.remove(tx, _group(tx, call, params).id, params["tagKeys"])
    return {}


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        return {"tags": tags.of(tx, _group(tx, call, params).id)}


def _tag_group_asks(call: Call, params: Params) -> Iterable[Ask]:
    arn = arn_of(call, params.get("logGroupName") or "")
    yield on_group(call, "logs:TagLogGroup", arn, request_tags=params.get("tags") or {})


def _untag_group_asks(call: Call, params: Params) -> Iterable[Ask]:
    arn = arn_of(call, params.get("logGroupName") or "")
    keys = {"aws:TagKeys": tuple(params.get("tags") or ())}
    yield on_group(call, "logs:UntagLogGroup", arn, context=keys)


def _tag_group(call: Call, params: Params) -> Result:
    check_tags(params["tags"])
    with call.database.write() as tx:
        group = group_in(tx, call, params)
        if len(tags.of(tx, group.id) | params["tags"]) > _MOST_TAGS:
            raise invalid(f"A log group can have up to {_MOST_TAGS} tags.")
        tags.put(tx, group.id, params["tags"])
    return {}


def _untag_group(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        tags.remove(tx, group_in(tx, call, params).id, params["tags"])
    return {}


def _list_group(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        return {"tags": tags.of(tx, group_in(tx, call, params).id)}


OPERATIONS = (
    Operation("logs", "TagResource", _tag_asks, _tag),
    Operation("logs", "UntagResource", _untag_asks, _untag),
    Operation("logs", "ListTagsForResource", _list_asks, _list),
    Operation("logs", "TagLogGroup", _tag_group_asks, _tag_group),
    Operation("logs", "UntagLogGroup", _untag_group_asks, _untag_group),
    Operation("logs", "ListTagsLogGroup", ask_group, _list_group),
)
