"""What nearly allowed: statements that name the action of a question, and yet do not apply to it.

The commonest mistake is an Allow of the right action for the wrong resource or under a condition
that does not hold; a missing one looks the same to who is refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .asked import Asked
from .documents import read, statements_of
from .layers import Attached
from .model import Effect, Question
from .statements import Statement


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An Allow of the action that does not apply.

    `resources` are those it is for, where the question's is none of them; else it fails by its
    conditions, whose keys `conditions` are. `absent` are those of them that the request lacks.
    """

    attached: Attached
    index: int
    sid: str
    resources: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def near_misses(question: Question, policies: Iterable[Attached]) -> tuple[NearMiss, ...]:
    """The statements of `policies` that allow the action of `question`, but not what it asks."""
    return tuple(_near_misses(Asked(question, has_boundary=False), policies))


def _near_misses(asked: Asked, policies: Iterable[Attached]) -> Iterator[NearMiss]:
    for attached in policies:
        for statement in attached.policy.about(asked.action):
            if statement.effect is not Effect.ALLOW:
                continue
            if statement.resources is not None and not statement.resources.has(asked):
                yield _elsewhere(attached, statement)
            elif not all(holds(asked.values) for holds in statement.conditions):
                yield _otherwise(attached, statement, asked)


def _elsewhere(attached: Attached, statement: Statement) -> NearMiss:
    members = _members(attached, statement)
    is_complement = "NotResource" in members
    named = members.get("NotResource" if is_complement else "Resource", ())
    texts = named if isinstance(named, list) else [named]
    prefix = "all but " if is_complement else ""
    resources = tuple(f"{prefix}{text}" for text in texts)
    return NearMiss(attached, statement.index, statement.sid, resources=resources)


def _otherwise(attached: Attached, statement: Statement, asked: Asked) -> NearMiss:
    blocks = _members(attached, statement).get("Condition", {}).values()
    keys = tuple(dict.fromkeys(key for block in blocks for key in block))
    absent = tuple(key for key in keys if key.lower() not in asked.values)
    return NearMiss(attached, statement.index, statement.sid, conditions=keys, absent=absent)


def _members(attached: Attached, statement: Statement) -> dict[str, Any]:
    """The statement as it is written; `attached` has the text it was compiled from."""
    members: dict[str, Any] = statements_of(read(attached.text))[statement.index]
    return members
