"""CloudWatch Logs: groups, streams and events, their retention, tags, keys and policies."""

from . import encryption, events, groups, resource_policies, streams, tagging

OPERATIONS = (
    *groups.OPERATIONS,
    *streams.OPERATIONS,
    *events.OPERATIONS,
    *tagging.OPERATIONS,
    *encryption.OPERATIONS,
    *resource_policies.OPERATIONS,
)
