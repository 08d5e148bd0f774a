"""What was read of permissions, remembered for one epoch."""

import threading
from collections.abc import Callable
from typing import TypeVar, cast

from .. import iam
from ..iam.layers import Attached
from ..iam.model import PolicyKind
from ..store.principals import StoredPolicy

T = TypeVar("T")

_MOST = 10_000
# Compiled, a policy takes up to twenty times the room of its text.
_MOST_CHARACTERS = 4 * 1024 * 1024


class Remembered:
    """What was read of permissions in one epoch; bounded."""

    __slots__ = ("_known", "epoch")

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self._known: dict[object, object] = {}

    def recall(self, key: object, load: Callable[[], T]) -> T:
        """What `load` gave for `key` in this epoch; absence is remembered too."""
        known = self._known
        try:
            return cast(T, known[key])
        except KeyError:
            found = load()
            if len(known) >= _MOST:
                known.clear()
            known[key] = found
            return found


class EpochMemory:
    """Forgets everything when the permissions epoch moves.

    INVARIANT: nothing is older than the epoch it is remembered under. So what is recalled in a
    transaction under way goes through the `enter` of that transaction's epoch, and what is
    recalled in one of its own through `now`, asked before that transaction begins.
    """

    def __init__(self) -> None:
        self.now = Remembered(-1)
        self._lock = threading.Lock()

    def enter(self, epoch: int) -> Remembered:
        """What is remembered in `epoch`; nothing, and not for long, when it is over."""
        now = self.now
        if epoch == now.epoch:
            return now
        with self._lock:
            if epoch > self.now.epoch:
                self.now = Remembered(epoch)
            return self.now if epoch == self.now.epoch else Remembered(epoch)


class CompiledPolicies:
    """Policies compiled once per text, whoever they hang on, in whatever epoch.

    Bounded by the length of their texts: whoever may put a policy on a key may put thousands.
    """

    def __init__(self, most_characters: int = _MOST_CHARACTERS) -> None:
        self.characters = 0
        self._most_characters = most_characters
        self._lock = threading.Lock()
        self._known: dict[tuple[str, PolicyKind], iam.Policy] = {}

    def load(self, text: str, kind: PolicyKind) -> iam.Policy:
        """The policy in a stored text; never raises."""
        known = self._known.get((text, kind))
        return self._added(text, kind) if known is None else known

    def attached(self, policy: StoredPolicy, kind: PolicyKind) -> Attached:
        """A stored policy as decisions see it: compiled, and where it hangs."""
        compiled = self.load(policy.text, kind)
        return Attached(compiled, policy.uri, policy.name, policy.attached_to, policy.text)

    def _added(self, text: str, kind: PolicyKind) -> iam.Policy:
        policy = iam.load(text, kind)
        with self._lock:
            if self.characters + len(text) > self._most_characters:
                self._known, self.characters = {}, 0
            if self._known.setdefault((text, kind), policy) is policy:
                self.characters += len(text)
        return policy
