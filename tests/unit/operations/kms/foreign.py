"""A user of another account, whom no API of ours makes yet."""

import json
from typing import Any

from sluicegate.access.keys import new_key_id
from sluicegate.store import access_keys, identities, policies
from sluicegate.store.access_keys import AccessKey
from sluicegate.store.identities import Kind
from sluicegate.testing import Endpoint, Member
from sluicegate.wire.client import Credentials

FOREIGN = "111122223333"


def stranger(endpoint: Endpoint, policy: dict[str, Any]) -> Member:
    """User `eve` of the other account, with that inline policy and an access key."""
    secret, key_id = "s" * 40, new_key_id("AKIA", FOREIGN)
    now_ms = endpoint.clock.now_ms()
    sealed = endpoint.vault.seal("access-key", ("access_keys", key_id), secret.encode())
    with endpoint.databases.state.write() as tx:
        user = identities.add(tx, Kind.USER, FOREIGN, "eve", "/", now_ms)
        policies.put_inline(tx, user.id, "given", json.dumps(policy))
        access_keys.add(tx, AccessKey(key_id, FOREIGN, user.id, sealed, "Active", now_ms))
    return Member(endpoint, user.arn, Credentials(key_id, secret))
