"""What became of the last batch of each partition, as a mapping's state tells it."""

from collections.abc import Iterable

from ..delivery import Answer, Success
from . import problems
from .problems import Problem


class Results:
    """Of the partitions that are ours; `has_delivered` says whether ever anything was delivered."""

    def __init__(self) -> None:
        self.has_delivered = False
        self._failing: dict[int, Problem] = {}
        self._delivered: set[int] = set()

    @property
    def problem(self) -> Problem | None:
        """What the function makes of some partition, if that is not well."""
        return next(iter(self._failing.values()), None)

    def note(self, partitions: Iterable[int], answer: Answer | None) -> None:
        """Note what came of a batch of these; None: there is no function any more."""
        for partition in partitions:
            if isinstance(answer, Success):
                self._failing.pop(partition, None)
                self._delivered.add(partition)
                self.has_delivered = True
            elif answer is None:
                self._failing[partition] = problems.FUNCTION_GONE
            else:
                self._failing.setdefault(partition, problems.FUNCTION_FAILED)

    def forget(self, partitions: Iterable[int]) -> None:
        """These are somebody else's now."""
        for partition in partitions:
            self._failing.pop(partition, None)
            self._delivered.discard(partition)

    def last(self, partition: int) -> str:
        """The sentence for a partition; empty before its first batch."""
        problem = self._failing.get(partition)
        if problem is not None:
            return problem.text
        return problems.OK if partition in self._delivered else ""
