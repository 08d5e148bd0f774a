"""A mapping nobody has made yet, to be examined before it is refused for one thing at a time."""

import uuid
from collections.abc import Mapping

from ...arn import Arn
from ...errors import AwsError, InvalidInput
from ...execution import secrets
from ...execution.versions import Choice, chosen
from ...store.mappings import Access, EventSourceMapping
from ..lambda_ import naming
from ..operation import Call

PLANNED = ("function", "source", "topic", "secret", "group")
"""What says which mapping is meant: the first three must be there."""

_NEEDED = PLANNED[:3]


def planned(call: Call, given: Mapping[str, str]) -> tuple[EventSourceMapping, Choice]:
    """The mapping as it would be, and what it would invoke; an `AwsError` where it cannot be."""
    missing = [name for name in _NEEDED if not given.get(name)]
    if missing:
        raise InvalidInput(f"a mapping to come needs {', '.join(missing)} too")
    with call.database.read() as tx:
        what = naming.named(tx, call, given["function"])
        is_here = (what.account, what.region) == (call.account, call.region)
        function = what.function if is_here else None
        choice = chosen(tx, function.id, what.qualifier) if function is not None else None
    if choice is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"there is no function {what.arn} in account {call.account}, {call.region}",
            status=404,
        )
    return _mapping(call, given, choice.function.id, what.arn), choice


def _mapping(
    call: Call, given: Mapping[str, str], function_id: str, function_arn: str
) -> EventSourceMapping:
    source, secret, mapping_id = given["source"], given.get("secret"), str(uuid.uuid4())
    is_msk = Arn.find(source) is not None
    return EventSourceMapping(
        id=mapping_id,
        account=call.account,
        region=call.region,
        function_id=function_id,
        function_arn=function_arn,
        topic=given["topic"],
        group_id=given.get("group") or mapping_id,
        created_ms=call.now_ms,
        last_modified_ms=call.now_ms,
        event_source_arn=source if is_msk else None,
        bootstrap_servers=() if is_msk else tuple(source.split(",")),
        access=(Access(secrets.SCRAM_512, secret),) if secret else (),
    )
