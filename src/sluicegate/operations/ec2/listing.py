"""Describe calls: which things, filtered, in an order, a page at a time."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ...errors import AwsError
from ...store.database import Tx
from .. import continuing
from ..operation import Call, Operation, Params, Result
from .filters import Filters, by_tags, matching
from .kinds import Kind, Thing
from .questions import anything
from .served import Asks, place_of, reading

T = TypeVar("T")
ThingT = TypeVar("ThingT", bound=Thing)

_PAGE = range(5, 1001)


@dataclass(frozen=True, slots=True)
class Listing(Generic[ThingT]):
    """How things of a kind are described.

    `ids` and `results` are members of input and output; `order` is where a page goes on: unique
    per thing, and the same from call to call.
    """

    kind: Kind[ThingT]
    ids: str
    results: str
    filters: Filters[ThingT]
    render: Callable[[Call, ThingT], Mapping[str, object]]
    order: Callable[[ThingT], str]

    def operation(self, name: str, asks: Asks = anything) -> Operation:
        """The Describe operation of this listing."""
        return reading(name, asks, self.run)

    def run(self, call: Call, tx: Tx, params: Params) -> Result:
        """Answer one call."""
        place = place_of(call)
        wanted = params.get(self.ids)
        found = (
            self.kind.require_all(tx, place, wanted, self.ids)
            if wanted
            else self.kind.load(tx, place, None)
        )
        return self.answer(call, params, found)

    def answer(self, call: Call, params: Params, found: Iterable[ThingT]) -> Result:
        """Filter what was found, and render the page asked for."""
        passed = matching(found, params.get("Filters"), by_tags(self.filters))
        things, token = page(call, passed, params, self.order)
        return {self.results: [self.render(call, thing) for thing in things], "NextToken": token}


def page(
    call: Call, things: Iterable[T], params: Params, order: Callable[[T], str]
) -> tuple[list[T], str | None]:
    """The page a request asks for and the token of the next one.

    Without MaxResults all there is is one page.
    """
    rest = sorted(things, key=order)
    token, size = params.get("NextToken"), params.get("MaxResults")
    if token:
        after = continuing.opened(call, token)
        if after is None:
            raise AwsError("InvalidNextToken", "The token provided is invalid.")
        rest = [thing for thing in rest if order(thing) > after]
    if size is None or len(rest) <= _checked(size):
        return rest, None
    shown = rest[:size]
    return shown, continuing.sealed(call, order(shown[-1]))


def rendered_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as AWS lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def made(thing: Any) -> str:
    """The order things were made in."""
    return f"{thing.created_ms:015} {thing.id}"


def _checked(size: int) -> int:
    if size not in _PAGE:
        message = (
            f"Value ( {size} ) for parameter maxResults is invalid. "
            f"Expecting a value between {_PAGE.start} and {_PAGE.stop - 1}."
        )
        raise AwsError("InvalidParameterValue", message)
    return size
