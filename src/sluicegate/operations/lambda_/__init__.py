"""AWS Lambda: functions, their versions and aliases, who may invoke them, and invocations."""

from . import (
    aliases,
    concurrency,
    creation,
    event_configs,
    inquiries,
    invoking,
    mapping_changes,
    mapping_creation,
    permissions,
    publishing,
    reading,
    tagging,
    updates,
)

OPERATIONS = (
    *creation.OPERATIONS,
    *reading.OPERATIONS,
    *updates.OPERATIONS,
    *publishing.OPERATIONS,
    *aliases.OPERATIONS,
    *permissions.OPERATIONS,
    *invoking.OPERATIONS,
    *concurrency.OPERATIONS,
    *event_configs.OPERATIONS,
    *tagging.OPERATIONS,
    *mapping_creation.OPERATIONS,
    *mapping_changes.OPERATIONS,
    *inquiries.OPERATIONS,
)

__all__ = ["OPERATIONS"]
