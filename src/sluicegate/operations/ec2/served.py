"""How an operation on networks is served: one transaction, the default network, dry runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...access import Ask
from ...errors import AwsError
from ...store.database import Tx
from ...store.ec2 import regions
from ...store.ec2.things import Place
from ..operation import Call, Operation, Params, Result
from . import defaults

Asks = Callable[[Call, Tx, Params], list[Ask]]
Run = Callable[[Call, Tx, Params], Result]


def place_of(call: Call) -> Place:
    """Whose networks a call means."""
    return Place(call.account, call.region)


def reading(name: str, asks: Asks, run: Run) -> Operation:
    """An operation that changes nothing."""

    def answer(call: Call, params: Params) -> Result:
        with _network(call) as tx:
            return _unless_dry(params, run(call, tx, params))

    return Operation("ec2", name, _asking(asks), answer)


def writing(name: str, asks: Asks, run: Run) -> Operation:
    """An operation that changes something, in one transaction."""

    def answer(call: Call, params: Params) -> Result:
        with call.database.write() as tx:
            defaults.provide(tx, place_of(call), call.now_ms)
            # A dry run leaves the block with an error, which undoes what it did: it is the very
            # call, not a guess at it.
            return _unless_dry(params, run(call, tx, params))

    return Operation("ec2", name, _asking(asks), answer)


def _asking(asks: Asks) -> Callable[[Call, Params], list[Ask]]:
    def questions(call: Call, params: Params) -> list[Ask]:
        # Without the default network, if it is not there yet: who is denied changes nothing, and
        # nobody can name what is not made.
        with call.database.read() as tx:
            return asks(call, tx, params)

    return questions


@contextmanager
def _network(call: Call) -> Iterator[Tx]:
    """A transaction that sees the region's default network, made here on first touch."""
    place = place_of(call)
    with call.database.read() as tx:
        if regions.is_known(tx, place):
            yield tx
            return
    with call.database.write() as tx:
        defaults.provide(tx, place, call.now_ms)
        yield tx


def _unless_dry(params: Params, result: Result) -> Result:
    if params.get("DryRun"):
        message = "Request would have succeeded, but DryRun flag is set."
        raise AwsError("DryRunOperation", message, status=412)
    return result
