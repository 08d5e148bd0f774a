"""What an examination of a trigger finds: checks, each with a verdict and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a check went.

    A NOTE is worth knowing and nothing is wrong; a WARNING loses something, not records; a PROBLEM
    keeps the trigger from working. What could not be looked at, for what stands before it, is
    SKIPPED.
    """

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "not reached"


@dataclass(frozen=True, slots=True)
class Permission:
    """One question to the policies, answered.

    `by` is the statement that decided, or the kind of policy that lacks one; `id` names the
    recorded decision. `near` says which statements nearly allowed, and why they do not. `add` is
    the smallest statement that makes what refused allow, {} where none does, `add_to` the policy it
    belongs to.
    """

    action: str
    resource: str
    is_allowed: bool
    by: str
    id: str
    near: tuple[str, ...] = ()
    add: Mapping[str, object] | None = None
    add_to: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the chain: what was found, in a sentence, and what to do next."""

    name: str
    verdict: Verdict
    what: str
    next: str = ""
    permissions: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A trigger examined; one that nobody has made yet has no `mapping` and no state.

    `statements` together are what the execution role's own policies lack.
    """

    mapping: str
    function: str
    topic: str
    source: str
    role: str
    state: str
    last_processing_result: str
    checks: tuple[Check, ...]
    statements: tuple[Mapping[str, object], ...] = ()
