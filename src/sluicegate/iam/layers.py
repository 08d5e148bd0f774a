"""What a question is judged against, and what comes out."""

from dataclasses import dataclass, field

from .model import Effect, Grant, Layer, ResourceRule
from .policy import Policy


@dataclass(frozen=True, slots=True)
class Attached:
    """A compiled policy and where it hangs: `uri` is its ARN, empty for an inline policy.

    `name` tells inline policies apart; `attached_to` is the ARN it is attached to or embedded in.
    `text` is the document as it is stored, for whoever records the decision.
    """

    policy: Policy
    uri: str = ""
    name: str = ""
    attached_to: str = ""
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Layers:
    """Everything a question is judged against. None or () = the layer is absent and sets no limit.

    `identity`: the principal's own policies, inline, managed and through groups.
    `boundary`, `session`, `endpoint`: each allows what any of its policies allows.
    `service_control`, `resource_control`: one tuple per level, root first; every level must allow.
    `resource`: the resource's own policy; `resource_account` owns the resource ("" = the
    principal's account). `resource_layer` is the word for it in denials (RESOURCE or TRUST).
    `grants`: of a KMS key; they allow in addition to policies.
    """

    identity: tuple[Attached, ...] = ()
    boundary: tuple[Attached, ...] | None = None
    session: tuple[Attached, ...] | None = None
    endpoint: tuple[Attached, ...] | None = None
    service_control: tuple[tuple[Attached, ...], ...] = ()
    resource_control: tuple[tuple[Attached, ...], ...] = ()
    resource: Attached | None = None
    resource_account: str = ""
    resource_layer: Layer = Layer.RESOURCE
    resource_rule: ResourceRule = ResourceRule.EITHER
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A statement that applied: its index and Sid in the policy it stands in."""

    attached: Attached
    index: int
    sid: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Check:
    """What one layer said, and the statements that made it say so."""

    layer: Layer
    effect: Effect
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, the layer that refused (None when allowed) and what each layer said.

    `reason` is a short word for outcomes no statement explains: `root`, `grant`,
    `always allowed`.
    """

    effect: Effect
    checks: tuple[Check, ...] = field(default=())
    layer: Layer | None = None
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the call may go ahead."""
        return self.effect is Effect.ALLOW
