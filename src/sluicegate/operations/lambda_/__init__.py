"""AWS Lambda: functions, their versions and aliases, who may invoke them, and invocations."""

from . import (
    aliases,
    concurrency,
    creation,
    event_configs,
    inquiries,
    invoking,
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
    *inquiries.OPERATIONS,
)

__all__ = ["OPERATIONS"]
