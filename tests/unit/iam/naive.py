"""A second evaluator, as short and slow as can be, for the core of the language only.

It knows Allow and Deny, Action and NotAction, Resource and NotResource, wildcards, and three
condition operators; documents must be well formed. It shares no code with the engine.
"""

from collections.abc import Mapping
from typing import Any


def fits(pattern: str, text: str) -> bool:
    """Wildcards by their definition."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return fits(pattern[1:], text) or (text != "" and fits(pattern, text[1:]))
    return text != "" and pattern[0] in ("?", text[0]) and fits(pattern[1:], text[1:])


def covers(pattern: str, arn: str) -> bool:
    """A Resource: segment by segment, missing ones are `*`."""
    if pattern == "*":
        return True
    ours, theirs = pattern.split(":", 5), arn.split(":", 5)
    ours += ["*"] * (6 - len(ours))
    return len(theirs) == 6 and all(map(fits, ours, theirs))


def holds(operator: str, key: str, operands: list[str], context: Mapping[str, str]) -> bool:
    """One line of a Condition."""
    there = {name.lower(): value for name, value in context.items()}.get(key.lower())
    if there is None:
        return operator == "StringNotEquals"
    if operator == "StringLike":
        return any(fits(operand, there) for operand in operands)
    return (there in operands) is (operator == "StringEquals")


def applies(
    statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]
) -> bool:
    """Whether a statement speaks of the request."""
    speaks = any(
        fits(one.lower(), action.lower())
        for one in statement.get("Action", statement.get("NotAction"))
    )
    reaches = any(
        covers(one, resource) for one in statement.get("Resource", statement.get("NotResource"))
    )
    return (
        speaks is ("Action" in statement)
        and reaches is ("Resource" in statement)
        and all(
            holds(operator, key, operands, context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, operands in keys.items()
        )
    )


def decide(
    statements: list[Mapping[str, Any]], action: str, resource: str, context: Mapping[str, str]
) -> str:
    """ALLOW, IMPLICIT_DENY or EXPLICIT_DENY."""
    effects = {one["Effect"] for one in statements if applies(one, action, resource, context)}
    if "Deny" in effects:
        return "EXPLICIT_DENY"
    return "ALLOW" if "Allow" in effects else "IMPLICIT_DENY"
