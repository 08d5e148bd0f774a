"""Would it be allowed: SimulatePrincipalPolicy, SimulateCustomPolicy, and the keys to ask about."""

from collections.abc import Iterable

from ...access import Ask
from ...arn import Arn
from ...errors import AwsError, InvalidInput
from ...iam.model import Context
from ...iam.places import distinct, mentioned
from ...store import identities, tags
from ...store.database import Tx
from ...store.identities import Entity, Kind
from ..operation import Call, Operation, Params, Result
from . import simulated_callers as callers
from . import simulated_policies
from .asks import on_all
from .paging import Page
from .simulated_policies import Policies
from .simulation import Simulation
from .subjects import missing

# Characters of policies times questions. More of it comes in more pages; seconds, at the worst.
_MOST_WORK = 50_000_000

_EC2_OPTIONS = frozenset(
    f"EC2-VPC-{volume}{subnet}" for volume in ("InstanceStore", "EBS") for subnet in ("", "-Subnet")
)
_MANUAL = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html"


def on_source(call: Call, params: Params) -> Iterable[Ask]:
    """Ask for the user, group or role whose policies are told of."""
    arn = params.get("PolicySourceArn") or ""
    with call.database.read() as tx:
        entity = _find(tx, call, arn)
        own = tags.of(tx, entity.id) if entity is not None else {}
    has_tags = entity is not None and entity.kind is not Kind.GROUP
    yield Ask(
        f"iam:{call.operation}",
        entity.arn if entity is not None else arn or "*",
        context={f"iam:ResourceTag/{key}": value for key, value in own.items()},
        tags=own if has_tags else None,
        shown=arn,
    )


def simulate_principal(call: Call, params: Params) -> Result:
    """What a user, group or role may do, by its policies as they are and those sent along."""
    left_out = params.get("PolicyExclusionList") or ()
    with call.database.read() as tx:
        entity = _required(tx, call, params["PolicySourceArn"])
        own = simulated_policies.stored(tx, entity, left_out)
        its_tags = tags.of(tx, entity.id)
    sent = params.get("CallerArn")
    caller = callers.named(sent) if sent else callers.itself(entity, its_tags)
    if not sent and entity.kind is Kind.GROUP and params.get("ResourcePolicy"):
        caller = callers.named(entity.arn)
    return _simulated(call, params, caller, own)


def simulate_custom(call: Call, params: Params) -> Result:
    """What policies allow that nobody need have."""
    sent = params.get("CallerArn")
    if not sent and params.get("ResourcePolicy"):
        raise _invalid("Invalid caller - Caller cannot be null or empty.")
    caller = callers.named(sent) if sent else callers.nobody(call.account)
    return _simulated(call, params, caller, Policies())


def _simulated(call: Call, params: Params, caller: callers.Caller, own: Policies) -> Result:
    principal, context = caller
    simulation = Simulation(
        principal,
        _covered(
            {**context, **own.place.keys("Principal")},
            callers.entries(params.get("ContextEntries") or ()),
        ),
        simulated_policies.with_sent(own, params),
        _resources(params),
        callers.owner(params),
    )
    actions = list(enumerate(params["ActionNames"]))
    for _, action in actions:
        _check_action(action, params.get("ResourceHandlingOption"))
    page = _page(call, params)
    work = len(simulation.resources) * max(simulation.policies.size, 1)
    if work > _MOST_WORK:
        raise InvalidInput("that many resources and policies are too much; simulate fewer at once")
    page.limit = min(page.limit, _MOST_WORK // work)
    return page.of(
        "EvaluationResults",
        actions,
        lambda one: f"{one[0]:06}",
        lambda one: simulation.result(one[1]),
    )


def _covered(context: Context, entries: Context) -> Context:
    """What is known of the caller; what is sent along covers it, in whatever letter case."""
    sent = {key.lower() for key in entries}
    kept = {key: value for key, value in context.items() if key.lower() not in sent}
    return {**kept, **entries}


def _resources(params: Params) -> tuple[str, ...]:
    resources = tuple(params.get("ResourceArns") or ("*",))
    if resources == ("*",):
        if params.get("ResourcePolicy"):
            raise _no_entity("*")
        return resources
    for resource in resources:
        if Arn.find(resource) is None:
            raise _invalid(f"ResourceNames are not in a valid ARN format: {resource}.")
    return resources


def _check_action(action: str, option: str | None) -> None:
    if ":" not in action:
        raise _invalid("The action is invalid since it is missing names")
    if option and (action.lower() != "ec2:runinstances" or option not in _EC2_OPTIONS):
        raise _invalid(
            "Invalid input resource handling options. Action does not support resource handling "
            f"options: {action}. Please refer to the documentation for more details: {_MANUAL}"
        )


def _page(call: Call, params: Params) -> Page:
    try:
        return Page(call.operation, params)
    except AwsError:
        raise _invalid("Invalid marker for pagination.") from None


def keys_of_principal(call: Call, params: Params) -> Result:
    """The condition keys that a user's, group's or role's policies ask for, and those sent."""
    with call.database.read() as tx:
        entity = _required(tx, call, params["PolicySourceArn"])
        own = simulated_policies.stored(tx, entity)
    return _keys(own, params)


def keys_of_custom(_call: Call, params: Params) -> Result:
    """The condition keys that policies ask for."""
    return _keys(Policies(), params)


def _keys(own: Policies, params: Params) -> Result:
    policies = simulated_policies.with_sent(own, params)
    asked = (*policies.identity, *(policies.boundary or ()))
    found = distinct(key for one in asked for keys in mentioned(one.text) for key in keys)
    return {"ContextKeyNames": list(found)}


def _find(tx: Tx, call: Call, arn: str) -> Entity | None:
    kind, account, name = callers.entity_named(arn) or (Kind.USER, "", "")
    return identities.find(tx, kind, account, name) if account == call.account else None


def _required(tx: Tx, call: Call, arn: str) -> Entity:
    named = callers.entity_named(arn)
    if named is None:
        raise _no_entity(arn)
    entity = _find(tx, call, arn)
    if entity is None:
        raise missing(named[0].noun, named[2])
    return entity


def _no_entity(arn: str) -> AwsError:
    return _invalid(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInput", message)


OPERATIONS = (
    Operation("iam", "SimulatePrincipalPolicy", on_source, simulate_principal),
    Operation("iam", "SimulateCustomPolicy", on_all(), simulate_custom),
    Operation("iam", "GetContextKeysForPrincipalPolicy", on_source, keys_of_principal),
    Operation("iam", "GetContextKeysForCustomPolicy", on_all(), keys_of_custom),
)
