"""AWS Lambda: functions, their versions and aliases, who may invoke them, and invocations."""

from . import creation, invoking, mapping_changes, mapping_creation, reading, tagging

OPERATIONS = (
    *creation.OPERATIONS,
    *reading.OPERATIONS,
    *invoking.OPERATIONS,
    *tagging.OPERATIONS,
    *mapping_creation.OPERATIONS,
    *mapping_changes.OPERATIONS,
)

__all__ = ["OPERATIONS"]
