"""What is remembered of permissions holds for one epoch."""

from sluicegate.access.memory import EpochMemory


def test_what_was_loaded_is_remembered_absence_included() -> None:
    memory, loads = EpochMemory(), []
    memory.enter(1)
    for _ in range(3):
        assert memory.recall("key", lambda: loads.append(1)) is None
    assert loads == [1]


def test_a_new_epoch_forgets() -> None:
    memory = EpochMemory()
    memory.enter(1)
    assert memory.recall("key", lambda: "old") == "old"
    memory.enter(2)
    assert memory.recall("key", lambda: "new") == "new"


def test_an_older_epoch_brings_nothing_back() -> None:
    memory = EpochMemory()
    memory.enter(2)
    assert memory.recall("key", lambda: "new") == "new"
    memory.enter(1)
    assert memory.recall("key", lambda: "old") == "new"


def test_what_began_loading_before_a_new_epoch_is_not_kept_in_it() -> None:
    memory = EpochMemory()
    memory.enter(1)

    def load() -> str:
        memory.enter(2)
        return "old"

    assert memory.recall("key", load) == "old"
    assert memory.recall("key", lambda: "new") == "new"
