"""Event source mappings: what they should be, and what has become of them.

Two writers share a row. Operations write what a mapping should be, and move the generation with it;
the keeper that holds the mapping's lease writes what it is: `state` and everything `set_state`,
`set_result`, `set_applied`, `set_started` and `set_interfaces` name. A mapping that should not be
any more keeps its row until the keeper has let its interfaces go and removes it.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from ..arn import partition_of
from . import epoch, tags
from .database import Tx
from .mapping_leases import mapping_leases
from .mapping_progress import mapping_progress
from .schema import metadata, moment, owner

event_source_mappings = sa.Table(
    "event_source_mappings",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    *owner(),
    # What it should be: written by operations. No foreign key: a mapping outlives its function.
    sa.Column("function_id", sa.String(36), nullable=False),
    sa.Column("function_arn", sa.String(512), nullable=False),
    sa.Column("event_source_arn", sa.String(2048), nullable=True),
    sa.Column("bootstrap_servers", sa.Text, nullable=False),
    sa.Column("topic", sa.String(249), nullable=False),
    sa.Column("access", sa.Text, nullable=False),
    sa.Column("group_id", sa.String(200), nullable=False),
    sa.Column("starting_position", sa.String(16), nullable=False),
    moment("starting_at_ms", nullable=True),
    sa.Column("batch_size", sa.Integer, nullable=False),
    # NULL: nobody gave one, and batches wait for half a second.
    sa.Column("window_seconds", sa.Integer, nullable=True),
    sa.Column("is_enabled", sa.Boolean, nullable=False),
    sa.Column("filters", sa.Text, nullable=False),
    # Filters under a customer's key instead: sealed for "filters", ("event_source_mappings", id).
    sa.Column("sealed_filters", sa.LargeBinary, nullable=True),
    sa.Column("kms_key_arn", sa.String(2048), nullable=False),
    sa.Column("destination", sa.String(350), nullable=False),
    moment("created_ms"),
    moment("last_modified_ms"),
    # Moves with each change of the columns above; the keeper says which one is in effect.
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("wanted", sa.String(16), nullable=False),
    # What it is: written by the keeper.
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("state_transition_reason", sa.String(64), nullable=False),
    sa.Column("last_processing_result", sa.Text, nullable=False),
    sa.Column("applied_revision", sa.BigInteger, nullable=False),
    moment("started_ms", nullable=True),
    sa.Column("interface_ids", sa.Text, nullable=False),
    sa.Index(None, "account", "region"),
)

PRESENT, DELETED = "present", "deleted"

CREATING, ENABLED, DISABLED = "Creating", "Enabled", "Disabled"
ENABLING, DISABLING, UPDATING, DELETING = "Enabling", "Disabling", "Updating", "Deleting"

TRANSITIONAL = frozenset({CREATING, ENABLING, DISABLING, UPDATING, DELETING})
"""The states a mapping leaves by itself; in these nobody may change it."""

USER_INITIATED = "USER_INITIATED"
NOTHING_PROCESSED = "No records processed"


@dataclass(frozen=True, slots=True)
class Access:
    """One source access configuration: a secret's ARN, a subnet or a group, by its type."""

    type: str
    uri: str


@dataclass(frozen=True, slots=True)
class EventSourceMapping:
    """A mapping. Either `event_source_arn` or `bootstrap_servers` says where the records are.

    `function_arn` ends as the request named the function, `function_id` is the one it means: a
    function that is made again under that name has it too.
    `filters` are patterns; under a customer's key they are in `sealed_filters`. `destination` is
    where failed batches go, "" for nowhere. `started_ms` is when the group's first offsets were
    written, `interface_ids` the network interfaces the keeper made.
    """

    id: str
    account: str
    region: str
    function_id: str
    function_arn: str
    topic: str
    group_id: str
    created_ms: int
    last_modified_ms: int
    event_source_arn: str | None = None
    bootstrap_servers: tuple[str, ...] = ()
    access: tuple[Access, ...] = ()
    starting_position: str = "TRIM_HORIZON"
    starting_at_ms: int | None = None
    batch_size: int = 100
    window_seconds: int | None = None
    is_enabled: bool = True
    filters: tuple[str, ...] = ()
    sealed_filters: bytes | None = field(default=None, repr=False)
    kms_key_arn: str = ""
    destination: str = ""
    revision: int = 1
    wanted: str = PRESENT
    state: str = CREATING
    state_transition_reason: str = USER_INITIATED
    last_processing_result: str = NOTHING_PROCESSED
    applied_revision: int = 0
    started_ms: int | None = None
    interface_ids: tuple[str, ...] = ()

    @property
    def arn(self) -> str:
        """The mapping's ARN."""
        return arn_of(self.account, self.region, self.id)

    @property
    def unqualified_arn(self) -> str:
        """The ARN of the function, without version or alias."""
        return ":".join(self.function_arn.split(":")[:7])

    @property
    def function_name(self) -> str:
        """The name of the function."""
        return self.unqualified_arn.rpartition(":")[2]

    @property
    def qualifier(self) -> str:
        """The version or alias as it was given, "" where none was."""
        return self.function_arn[len(self.unqualified_arn) + 1 :]

    @property
    def current_state(self) -> str:
        """The state as everybody sees it: a change is under way as soon as it is wanted."""
        if self.wanted == DELETED:
            return DELETING
        if self.applied_revision < self.revision:
            return _UNDER_WAY.get((self.state, self.is_enabled), self.state)
        return self.state

    @property
    def current_reason(self) -> str:
        """Why it is in its state: what somebody has just asked for counts before what was."""
        return USER_INITIATED if self.current_state != self.state else self.state_transition_reason


_UNDER_WAY = {
    (ENABLED, True): UPDATING,
    (ENABLED, False): DISABLING,
    (DISABLED, True): ENABLING,
    (DISABLED, False): UPDATING,
}

_KEPT = (
    *("state", "state_transition_reason", "last_processing_result", "applied_revision"),
    *("started_ms", "interface_ids", "wanted"),
)
_LISTS = ("bootstrap_servers", "access", "filters", "interface_ids")


def arn_of(account: str, region: str, mapping_id: str) -> str:
    """The ARN of a mapping, whether there is one or not."""
    partition = partition_of(region)
    return f"arn:{partition}:lambda:{region}:{account}:event-source-mapping:{mapping_id}"


def create(tx: Tx, mapping: EventSourceMapping) -> None:
    """Add a mapping."""
    tx.execute(event_source_mappings.insert().values(_row(mapping)))
    epoch.bump(tx, epoch.MAPPINGS)


def find(tx: Tx, mapping_id: str) -> EventSourceMapping | None:
    """The mapping with that id, also one that is being deleted."""
    row = tx.execute(_BY_ID, {"id": mapping_id}).one_or_none()
    return None if row is None else _mapping(row)


def of_account(tx: Tx, account: str, region: str) -> list[EventSourceMapping]:
    """The mappings of an account in a region, by id."""
    table = event_source_mappings.c
    query = sa.select(event_source_mappings).where(table.account == account, table.region == region)
    return [_mapping(row) for row in tx.execute(query.order_by(table.id))]


def change(tx: Tx, mapping: EventSourceMapping, now_ms: int) -> EventSourceMapping:
    """Let a mapping that was read in this transaction be what `mapping` asks for from now on.

    What the keeper notes is left as it is.
    """
    changed = replace(mapping, revision=mapping.revision + 1, last_modified_ms=now_ms)
    values = {name: value for name, value in _row(changed).items() if name not in _KEPT}
    tx.execute(_one(mapping.id).values(values))
    epoch.bump(tx, epoch.MAPPINGS)
    return changed


def want_deleted(tx: Tx, mapping_id: str) -> None:
    """Say that a mapping should not be any more."""
    tx.execute(_one(mapping_id).values(wanted=DELETED))
    epoch.bump(tx, epoch.MAPPINGS)


def adopt(tx: Tx, function_arn: str, function_id: str) -> None:
    """Let the mappings that name a function, by whichever qualifier, mean the one there is now.

    Their function was deleted and has been made again.
    """
    named, prefix = event_source_mappings.c.function_arn, f"{function_arn}:"
    # Not LIKE: it has wildcards that names may hold, and on SQLite no upper and lower case.
    is_named = (named == function_arn) | (sa.func.substr(named, 1, len(prefix)) == prefix)
    revision = event_source_mappings.c.revision + 1
    query = event_source_mappings.update().where(is_named)
    if tx.execute(query.values(function_id=function_id, revision=revision)).rowcount:
        epoch.bump(tx, epoch.MAPPINGS)


def generation(tx: Tx) -> int:
    """A number that moves with every change of what mappings should be."""
    return epoch.current(tx, epoch.MAPPINGS)


def all_of(tx: Tx) -> list[EventSourceMapping]:
    """Every mapping there is, of every account, those to be deleted too; oldest first."""
    table = event_source_mappings.c
    query = sa.select(event_source_mappings).order_by(table.created_ms, table.id)
    return [_mapping(row) for row in tx.execute(query)]


def set_state(
    tx: Tx,
    mapping_id: str,
    from_states: Collection[str],
    state: str,
    reason: str = USER_INITIATED,
) -> bool:
    """Say what a mapping is now, if it is in one of `from_states`; False when it is not."""
    query = _one(mapping_id).where(event_source_mappings.c.state.in_(list(from_states)))
    return bool(tx.execute(query.values(state=state, state_transition_reason=reason)).rowcount)


def set_result(tx: Tx, mapping_id: str, result: str, reason: str | None = None) -> bool:
    """Note what the last processing came to; `reason` where it also explains the state.

    False when that is what was noted already, so that nobody writes the same twice a second.
    """
    values = {"last_processing_result": result}
    if reason is not None:
        values["state_transition_reason"] = reason
    differs = [event_source_mappings.c[name] != value for name, value in values.items()]
    return bool(tx.execute(_one(mapping_id).where(sa.or_(*differs)).values(values)).rowcount)


def set_applied(tx: Tx, mapping_id: str, revision: int) -> None:
    """Note that the mapping runs, or rests, as `revision` asked."""
    tx.execute(_one(mapping_id).values(applied_revision=revision))


def set_started(tx: Tx, mapping_id: str, now_ms: int) -> None:
    """Note that the group has its first offsets: the starting position was used, once and for all.

    The offsets themselves are in Kafka alone.
    """
    tx.execute(_one(mapping_id).values(started_ms=now_ms))


def set_interfaces(tx: Tx, mapping_id: str, interface_ids: Sequence[str]) -> None:
    """Note the network interfaces that were made for the mapping."""
    tx.execute(_one(mapping_id).values(interface_ids=json.dumps(list(interface_ids))))


def remove(tx: Tx, mapping_id: str) -> bool:
    """Remove a mapping that should be gone, with all that hangs on it; False when it should not."""
    table = event_source_mappings.c
    gone = sa.and_(table.id == mapping_id, table.wanted == DELETED)
    if tx.execute(sa.select(table.id).where(gone)).first() is None:
        return False
    for each in (mapping_leases, mapping_progress):
        tx.execute(each.delete().where(each.c.mapping_id == mapping_id))
    tags.remove(tx, mapping_id)
    tx.execute(event_source_mappings.delete().where(table.id == mapping_id))
    epoch.bump(tx, epoch.MAPPINGS)
    return True


_BY_ID = sa.select(event_source_mappings).where(event_source_mappings.c.id == sa.bindparam("id"))


def _one(mapping_id: str) -> sa.Update:
    return event_source_mappings.update().where(event_source_mappings.c.id == mapping_id)


def _row(mapping: EventSourceMapping) -> dict[str, Any]:
    row = asdict(mapping)
    return row | {name: json.dumps(row[name]) for name in _LISTS}


def _mapping(row: sa.Row[tuple[object, ...]]) -> EventSourceMapping:
    values = dict(row._mapping)
    values |= {name: tuple(json.loads(values[name])) for name in _LISTS}
    access = tuple(Access(**each) for each in values["access"])
    return EventSourceMapping(**values | {"access": access})
