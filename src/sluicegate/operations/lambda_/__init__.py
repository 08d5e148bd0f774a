"""AWS Lambda: functions, their versions and aliases, who may invoke them, and invocations."""

from . import creation, invoking, reading, tagging

OPERATIONS = (
    *creation.OPERATIONS,
    *reading.OPERATIONS,
    *invoking.OPERATIONS,
    *tagging.OPERATIONS,
)

__all__ = ["OPERATIONS"]
