"""What follows a failure: the same again, in halves, or giving up."""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, replace

from .answer import Failed, PartlyFailed, Response, Throttled, TooLarge
from .records import Batch, batch_of

_FIRST_PAUSE_MS = 100
_LONGEST_PAUSE_MS = 30_000
_JITTER = 0.2
_CAP_WITH_DESTINATION = 10

RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
TOO_LARGE = "MaximumPayloadSizeExceeded"
TOO_OLD = "RecordAgeExceeded"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long records are tried. None = without end; retries do not count the first attempt."""

    retries: int | None = None
    age_ms: int | None = None
    bisect: bool = False

    @classmethod
    def on_demand(cls, *, has_destination: bool) -> "RetryPolicy":
        """On-demand mode has no parameters; a destination would never be used without a cap."""
        return cls(_CAP_WITH_DESTINATION if has_destination else None)

    @classmethod
    def provisioned(
        cls, *, attempts: int, age_seconds: int, bisect: bool, has_destination: bool
    ) -> "RetryPolicy":
        """The parameters of provisioned mode, -1 meaning without end.

        Without end and with a destination, AWS caps the retries silently, as on demand.
        """
        retries = None if attempts < 0 else attempts
        if retries is None and has_destination:
            retries = _CAP_WITH_DESTINATION
        return cls(retries, None if age_seconds < 0 else age_seconds * 1000, bisect)


@dataclass(frozen=True, slots=True)
class Piece:
    """A batch, or what is left of one, that is tried on its own.

    `failures` count against the policy; they are in memory alone, so a crash begins them anew.
    `pauses` say how long the next one is. `invocations` are all that there were.
    """

    batch: Batch
    failures: int = 0
    pauses: int = 0
    invocations: int = 0
    response: Response | None = None

    def only(self, offsets: Mapping[int, Container[int]]) -> "Piece":
        """The piece with those records, by partition."""
        shares = (
            share.only(offsets[share.partition])
            for share in self.batch.shares
            if share.partition in offsets
        )
        return replace(self, batch=batch_of(shares))


@dataclass(frozen=True, slots=True)
class Again:
    """Try the piece again, after a pause."""

    piece: Piece
    pause_ms: int


@dataclass(frozen=True, slots=True)
class Split:
    """Try the halves, one after the other, each on its own; the first after a pause."""

    first: Piece
    second: Piece
    pause_ms: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Discard the piece; `condition` is why, as the invocation record says it."""

    piece: Piece
    condition: str


Step = Again | Split | GiveUp


def next_step(
    piece: Piece,
    answer: Failed | PartlyFailed | Throttled | TooLarge,
    policy: RetryPolicy,
    jitter: float,
) -> Step:
    """What to do with a piece none of whose records is delivered.

    `jitter`, from -1 to 1, moves the pause by a fifth at most. A function that did not run is no
    attempt. Halving is none either, and begins the pauses anew: what fails always is found within
    log2(records) + 1 rounds, and has all its retries then.
    """
    match answer:
        case Throttled():
            return _again(piece, jitter)
        case TooLarge():
            if len(piece.batch) > 1:
                return Split(*_halves(piece), pause_ms=0)
            return GiveUp(piece, TOO_LARGE)
        case Failed(response) | PartlyFailed(_, response):
            tried = replace(piece, invocations=piece.invocations + 1, response=response)
            # A partial answer has isolated its failures itself.
            if policy.bisect and len(piece.batch) > 1 and isinstance(answer, Failed):
                return Split(*_halves(tried), pause_ms=_pause_ms(0, jitter))
            if policy.retries is not None and tried.failures >= policy.retries:
                return GiveUp(tried, RETRIES_EXHAUSTED)
            return _again(replace(tried, failures=tried.failures + 1), jitter)


def aged(piece: Piece, policy: RetryPolicy, wall_ms: int) -> Mapping[int, frozenset[int]]:
    """The records of the piece that are too old to be tried, by partition.

    By their own timestamps, which need not rise: a record without one does not age.
    """
    if policy.age_ms is None:
        return {}
    oldest_ms = wall_ms - policy.age_ms
    found = {
        share.partition: frozenset(
            record.offset for record in share if 0 <= record.timestamp < oldest_ms
        )
        for share in piece.batch.shares
    }
    return {partition: offsets for partition, offsets in found.items() if offsets}


def only(piece: Piece | GiveUp, partitions: Collection[int]) -> Piece | GiveUp | None:
    """What a piece has of those partitions; None when that is nothing."""
    shares = batch_in(piece).shares
    kept = [share for share in shares if share.partition in partitions]
    if len(kept) == len(shares):
        return piece
    if not kept:
        return None
    if isinstance(piece, GiveUp):
        return replace(piece, piece=replace(piece.piece, batch=batch_of(kept)))
    return replace(piece, batch=batch_of(kept))


def batch_in(piece: Piece | GiveUp) -> Batch:
    """What a piece has left."""
    return piece.batch if isinstance(piece, Piece) else piece.piece.batch


def _again(piece: Piece, jitter: float) -> Again:
    return Again(replace(piece, pauses=piece.pauses + 1), _pause_ms(piece.pauses, jitter))


def _halves(piece: Piece) -> tuple[Piece, Piece]:
    first, second = piece.batch.halves()
    return (
        replace(piece, batch=first, failures=0, pauses=0),
        replace(piece, batch=second, failures=0, pauses=0),
    )


def _pause_ms(pauses: int, jitter: float) -> int:
    # The exponent is bound, or the power would grow with a failure that lasts for days.
    pause = min(_FIRST_PAUSE_MS << min(pauses, 16), _LONGEST_PAUSE_MS)
    return round(pause * (1 + _JITTER * jitter))
