"""A question, made ready to be put to many statements."""

from .conditions import Ambiguous
from .model import Context, Principal, Question
from .patterns import Value, Values

_IDENTITY_ONLY = frozenset(("lambda:sourcefunctionarn",))
"""Keys that policies of resources and endpoints do not know, as AWS documents."""


class Asked:
    """The parts of a question in the form statements compare: prepared once, and when needed."""

    __slots__ = ("_by_resource", "_question", "_values", "action", "also", "has_boundary",
                 "principal", "resource")  # fmt: skip

    def __init__(self, question: Question, *, has_boundary: bool) -> None:
        self.principal: Principal = question.principal
        self.action = question.action.lower()
        self.resource = question.resource
        self.also = question.also
        self.has_boundary = has_boundary
        self._question = question
        self._values: Values | None = None
        self._by_resource: Asked | None = None

    @property
    def values(self) -> Values:
        """The context, its keys in lower case."""
        if self._values is None:
            self._values = fold(self._question.context)
        return self._values

    @property
    def by_resource(self) -> "Asked":
        """The same question as policies of resources and endpoints get to know it."""
        if self._by_resource is None:
            self._by_resource = asked = Asked(self._question, has_boundary=self.has_boundary)
            asked._values = {
                key: value for key, value in self.values.items() if key not in _IDENTITY_ONLY
            }
        return self._by_resource


def fold(context: Context) -> Values:
    """`context` with its keys in lower case. A key in two spellings becomes `Ambiguous`."""
    folded: dict[str, Value] = {name.lower(): value for name, value in context.items()}
    if len(folded) == len(context):
        return folded
    found: dict[str, Value] = {}
    for name, value in context.items():
        key = name.lower()
        known = found.setdefault(key, value)
        if known != value:
            texts = (*_many(known), *_many(value))
            found[key] = Ambiguous(texts)
    return found


def _many(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value
