"""The users, groups, roles and policies a call is about: found, missing, protected."""

from collections.abc import Iterator
from contextlib import contextmanager

from ... import aws_policies
from ...arn import Arn
from ...errors import AwsError
from ...iam.model import PrincipalKind
from ...store import identities, policies
from ...store.database import Conflict, Tx
from ...store.identities import Entity, Kind
from ...store.policies import ManagedPolicy
from ..operation import Call, Params

LINKED_PATH = "/aws-service-role/"


@contextmanager
def writing(call: Call, taken: AwsError | None = None) -> Iterator[Tx]:
    """A write transaction; `taken` is the answer when another row holds the name already."""
    try:
        with call.database.write() as tx:
            yield tx
    except Conflict:
        raise taken or AwsError(
            "ConcurrentModification",
            "The request was rejected because multiple requests to change this object were "
            "submitted simultaneously. Wait a few minutes and submit your request again.",
        ) from None


def find(tx: Tx, kind: Kind, call: Call, params: Params) -> Entity | None:
    """The user, group or role a call names; without a name, the user who calls."""
    name = params.get(f"{kind.value}Name")
    if name is None and kind is Kind.USER and call.caller.principal.kind is PrincipalKind.USER:
        return identities.by_id(tx, kind, call.caller.entity_id)
    return identities.find(tx, kind, call.account, name) if name else None


def required(tx: Tx, kind: Kind, call: Call, params: Params) -> Entity:
    """As `find`; NoSuchEntity when there is none."""
    entity = find(tx, kind, call, params)
    if entity is not None:
        return entity
    name = params.get(f"{kind.value}Name")
    if name is None:
        raise AwsError(
            "ValidationError", "Must specify userName when calling with non-User credentials"
        )
    raise missing(kind.noun, name)


def modifiable(tx: Tx, kind: Kind, call: Call, params: Params) -> Entity:
    """As `required`; a service-linked role is refused, only its service may change it."""
    entity = required(tx, kind, call, params)
    if kind is Kind.ROLE and entity.path.startswith(LINKED_PATH):
        raise AwsError(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{entity.name}' - "
            "this role is only modifiable by AWS",
        )
    return entity


def missing(noun: str, name: str, by: str = "name") -> AwsError:
    """NoSuchEntity, for a user, group, role, key or embedded policy."""
    return AwsError("NoSuchEntity", f"The {noun} with {by} {name} cannot be found.")


def taken(kind: Kind, name: str) -> AwsError:
    """EntityAlreadyExists, for a user, group or role."""
    return AwsError("EntityAlreadyExists", f"{kind.value} with name {name} already exists.")


def managed(tx: Tx, call: Call, arn: str) -> ManagedPolicy:
    """The account's own policy with this ARN; else NoSuchEntity (AWS's cannot be changed)."""
    policy = policies.find(tx, parsed(arn))
    if policy is None or policy.account != call.account:
        raise missing_policy(arn)
    return policy


def exists(tx: Tx, call: Call, arn: str) -> bool:
    """Whether the account may use a managed policy of this ARN: its own or one of AWS's."""
    if aws_policies.is_aws(parsed(arn)):
        return aws_policies.find(arn) is not None
    policy = policies.find(tx, arn)
    return policy is not None and policy.account == call.account


def missing_policy(arn: str) -> AwsError:
    """NoSuchEntity, for a managed policy that is read or detached."""
    return AwsError("NoSuchEntity", f"Policy {arn} was not found.")


def parsed(arn: str) -> str:
    """The ARN of a managed policy, or the answer to what is none."""
    found = Arn.find(arn)
    if found is None or found.service != "iam" or not found.resource.startswith("policy/"):
        raise AwsError("ValidationError", "Invalid ARN:  Could not be parsed!")
    return arn


def exclusive(params: Params, one: str, other: str) -> None:
    """Refuse two members that may not be sent together."""
    if params.get(one) is not None and params.get(other):
        raise AwsError("InvalidInput", f"{one} and {other} are mutually exclusive.")
