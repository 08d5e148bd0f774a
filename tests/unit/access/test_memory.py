"""What is remembered of permissions holds for one epoch."""

from sluicegate.access.memory import CompiledPolicies, EpochMemory
from sluicegate.iam.model import PolicyKind


def test_what_was_loaded_is_remembered_absence_included() -> None:
    memory, loads = EpochMemory(), []
    remembered = memory.enter(1)
    for _ in range(3):
        assert remembered.recall("key", lambda: loads.append(1)) is None
    assert loads == [1]


def test_a_new_epoch_forgets() -> None:
    memory = EpochMemory()
    assert memory.enter(1).recall("key", lambda: "old") == "old"
    assert memory.enter(2).recall("key", lambda: "new") == "new"


def test_an_older_epoch_brings_nothing_back() -> None:
    memory = EpochMemory()
    assert memory.enter(2).recall("key", lambda: "new") == "new"
    memory.enter(1)
    assert memory.now.epoch == 2
    assert memory.now.recall("key", lambda: "old") == "new"


def test_what_began_loading_before_a_new_epoch_is_not_kept_in_it() -> None:
    memory = EpochMemory()

    def load() -> str:
        memory.enter(2)
        return "old"

    assert memory.enter(1).recall("key", load) == "old"
    assert memory.now.recall("key", lambda: "new") == "new"


def test_what_an_older_transaction_sees_is_not_kept_in_a_newer_epoch() -> None:
    memory = EpochMemory()
    before = memory.enter(1)
    memory.enter(2)
    after = memory.enter(1)
    for older in (before, after):
        assert older.recall("key", lambda: "old") == "old"
    assert memory.enter(2).recall("key", lambda: "new") == "new"
    assert memory.now.recall("key", lambda: "old") == "new"


def test_compiled_policies_take_bounded_room() -> None:
    compiled = CompiledPolicies(most_characters=100)
    texts = [f"no policy {number:010}" for number in range(50)]
    for text in texts:
        compiled.load(text, PolicyKind.KEY)
        assert compiled.characters <= 100
    assert compiled.load(texts[-1], PolicyKind.KEY) is compiled.load(texts[-1], PolicyKind.KEY)
    again = compiled.load(texts[-1], PolicyKind.SESSION)
    assert again is not compiled.load(texts[-1], PolicyKind.KEY)
