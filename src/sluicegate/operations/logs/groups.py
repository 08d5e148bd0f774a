"""Log groups: made, described, listed, kept for some time, protected, deleted."""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ...access import Ask
from ...errors import AwsError
from ...store import log_groups, log_resource_policies, log_streams, tags
from ...store.database import Conflict, Tx
from ...store.log_groups import LogGroup
from ..operation import Call, Operation, Params, Result
from .encryption import check_key
from .naming import (
    arn_of,
    ask_all,
    ask_group,
    group_arn,
    group_in,
    on_group,
    on_tags,
)
from .paging import opened, sealed
from .refusals import invalid
from .tagging import check_tags

_MOST_GROUPS = 1_000_000
_PAGE = 50

_RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096),
    *(1827, 2192, 2557, 2922, 3288, 3653),
)

# Events of a DELIVERY group are only passed on; AWS shows this retention for them.
_DELIVERY_DAYS = 2

_PROTECTED = (
    "The log group is protected from deletion. Disable deletion protection before deleting it."
)
_PREFIX_AND_PATTERN = (
    "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
)


def _create_asks(call: Call, params: Params) -> Iterable[Ask]:
    arn = arn_of(call, params.get("logGroupName") or "")
    sent = params.get("tags")
    yield on_group(call, "logs:CreateLogGroup", arn, request_tags=sent)
    if sent:
        yield on_tags(call, "logs:TagResource", arn, request_tags=sent)


def _create(call: Call, params: Params) -> Result:
    name, sent = params["logGroupName"], params.get("tags") or {}
    if name.lower().startswith("aws/"):
        raise invalid("Log groups starting with AWS/ are reserved for AWS.")
    check_tags(sent)
    key = params.get("kmsKeyId")
    if key is not None:
        check_key(call, key, group_arn(call, name))
    log_class = params.get("logGroupClass") or "STANDARD"
    group = LogGroup(
        id=str(uuid.uuid4()),
        name=name,
        log_class=log_class,
        retention_days=_DELIVERY_DAYS if log_class == "DELIVERY" else None,
        kms_key_arn=key,
        is_protected=bool(params.get("deletionProtectionEnabled")),
        created_ms=call.now_ms,
    )
    try:
        with call.database.write() as tx:
            if log_groups.count(tx, call.account, call.region) >= _MOST_GROUPS:
                raise AwsError("LimitExceededException", "Resource limit exceeded.")
            log_groups.add(tx, call.account, call.region, group)
            tags.put(tx, group.id, sent)
    except Conflict:
        raise AwsError(
            "ResourceAlreadyExistsException", "The specified log group already exists"
        ) from None
    return {}


def refuse_protected(group: LogGroup) -> None:
    """Nothing of a protected group is deleted."""
    if group.is_protected:
        raise AwsError("ValidationException", _PROTECTED)


def _delete(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        group = group_in(tx, call, params)
        refuse_protected(group)
        log_streams.remove_all(tx, group.id)
        log_resource_policies.remove(tx, call.account, call.region, group.id, "")
        tags.remove(tx, group.id)
        log_groups.remove(tx, group.id)
    # The group is gone, and with its id the way to its events: these only take room now.
    call.log_events.release(group.id)
    return {}


def _describe(call: Call, params: Params) -> Result:
    prefix, pattern = params.get("logGroupNamePrefix"), params.get("logGroupNamePattern")
    if prefix is not None and pattern is not None:
        raise invalid(_PREFIX_AND_PATTERN)
    identifiers = params.get("logGroupIdentifiers")
    if identifiers is not None and any(key in params for key in _OTHER_FILTERS):
        raise invalid("logGroupIdentifiers and other filters are mutually exclusive parameters.")
    classes = _described_classes(params.get("logGroupClass"))

    def matches(group: LogGroup) -> bool:
        return (pattern or "") in group.name and (classes is None or group.log_class in classes)

    with call.database.read() as tx:
        groups, token = _page(
            tx,
            call,
            params,
            matches,
            prefix=prefix or "",
            names=None if identifiers is None else _own_names(call, identifiers),
        )
    if pattern is not None:
        return {"logGroups": [_sketch(call, group) for group in groups], "nextToken": token}
    stored = call.log_events.stored_bytes(group.id for group in groups)
    entries = [_entry(call, group, stored.get(group.id, 0)) for group in groups]
    return {"logGroups": entries, "nextToken": token}


_OTHER_FILTERS = ("logGroupNamePrefix", "logGroupNamePattern", "logGroupClass")


def _described_classes(log_class: str | None) -> Collection[str] | None:
    """DescribeLogGroups does not tell the two cheaper classes apart."""
    if log_class in ("INFREQUENT_ACCESS", "ESSENTIALS"):
        return ("INFREQUENT_ACCESS", "ESSENTIALS")
    return None if log_class is None else (log_class,)


def _own_names(call: Call, identifiers: Iterable[str]) -> list[str]:
    own = group_arn(call, "")
    arns = (arn_of(call, identifier) for identifier in identifiers)
    return [arn.removeprefix(own) for arn in arns if arn.startswith(own)]


def _page(
    tx: Tx,
    call: Call,
    params: Params,
    matches: Callable[[LogGroup], bool],
    *,
    prefix: str = "",
    names: Collection[str] | None = None,
) -> tuple[list[LogGroup], str | None]:
    """A page of the account's groups, and the token of the next one."""
    token, limit = params.get("nextToken"), params.get("limit") or _PAGE
    after = "" if token is None else str(opened(token, str)[0])
    accounts = params.get("accountIdentifiers")
    if params.get("includeLinkedAccounts") and accounts and call.account not in accounts:
        return [], None
    groups = log_groups.page(
        tx,
        call.account,
        call.region,
        after=after,
        limit=limit + 1,
        prefix=prefix,
        names=names,
        matches=matches,
    )
    has_more = len(groups) > limit
    groups = groups[:limit]
    return groups, sealed(groups[-1].name) if has_more else None


def _sketch(call: Call, group: LogGroup) -> dict[str, Any]:
    """All that a search by pattern shows of a group."""
    return {
        "arn": f"{group_arn(call, group.name)}:*",
        "creationTime": group.created_ms,
        "logGroupName": group.name,
    }


def _entry(call: Call, group: LogGroup, stored_bytes: int) -> dict[str, Any]:
    return _sketch(call, group) | {
        "logGroupArn": group_arn(call, group.name),
        "logGroupClass": group.log_class,
        "retentionInDays": group.retention_days,
        "kmsKeyId": group.kms_key_arn,
        "deletionProtectionEnabled": group.is_protected,
        "metricFilterCount": 0,
        "storedBytes": stored_bytes,
    }


def _list(call: Call, params: Params) -> Result:
    wanted_class = params.get("logGroupClass")
    wanted_name = _name_pattern(params.get("logGroupNamePattern"))
    # Groups here have neither data sources nor field indexes: no group has any that is asked for.
    is_hopeless = bool(params.get("dataSources") or params.get("fieldIndexNames"))
    filters = params.get("logGroupTags") or []
    with call.database.read() as tx:

        def matches(group: LogGroup) -> bool:
            if is_hopeless or wanted_class not in (None, group.log_class):
                return False
            if not wanted_name(group.name):
                return False
            return not filters or _has_tags(tags.of(tx, group.id), filters)

        groups, token = _page(tx, call, params, matches)
    entries = [
        {
            "logGroupName": group.name,
            "logGroupArn": group_arn(call, group.name),
            "logGroupClass": group.log_class,
        }
        for group in groups
    ]
    return {"logGroups": entries, "nextToken": token}


def _name_pattern(pattern: str | None) -> Callable[[str], bool]:
    """`^/aws/lambda|discovery`: names that begin with, or have in them, one of the parts."""
    if pattern is None:
        return lambda _: True
    parts = pattern.split("|")

    def matches(name: str) -> bool:
        return any(
            name.startswith(part[1:]) if part.startswith("^") else part in name for part in parts
        )

    return matches


def _has_tags(own: Mapping[str, str], filters: Iterable[Mapping[str, Any]]) -> bool:
    return all(
        each["key"] in own
        and (
            not each.get("values")
            or any(_is_like(own[each["key"]], value) for value in each["values"])
        )
        for each in filters
    )


def _is_like(value: str, wanted: str) -> bool:
    """`!` in front negates; `*` at either end stands for anything."""
    if wanted.startswith("!"):
        return not _is_like(value, wanted[1:])
    inner = wanted.removeprefix("*").removesuffix("*")
    begins, ends = not wanted.startswith("*"), not wanted.endswith("*")
    if begins and ends:
        return value == inner
    if begins:
        return value.startswith(inner)
    return value.endswith(inner) if ends else inner in value


def _put_retention(call: Call, params: Params) -> Result:
    days = params["retentionInDays"]
    if days not in _RETENTIONS:
        raise invalid(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy "
            f"constraint: Member must satisfy enum value set: {list(_RETENTIONS)}"
        )
    with call.database.write() as tx:
        group = group_in(tx, call, params)
        log_groups.set_retention(tx, group.id, days)
    # What expires now is not shown any more, and need not be removed before the answer.
    call.log_events.release(group.id)
    return {}


def _delete_retention(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        log_groups.set_retention(tx, group_in(tx, call, params).id, None)
    return {}


def _put_protection(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        group = group_in(tx, call, params)
        log_groups.set_protection(tx, group.id, params["deletionProtectionEnabled"])
    return {}


OPERATIONS = (
    Operation("logs", "CreateLogGroup", _create_asks, _create),
    Operation("logs", "DeleteLogGroup", ask_group, _delete),
    Operation("logs", "DescribeLogGroups", ask_all, _describe),
    Operation("logs", "ListLogGroups", ask_all, _list),
    Operation("logs", "PutRetentionPolicy", ask_group, _put_retention),
    Operation("logs", "DeleteRetentionPolicy", ask_group, _delete_retention),
    Operation("logs", "PutLogGroupDeletionProtection", ask_group, _put_protection),
)
