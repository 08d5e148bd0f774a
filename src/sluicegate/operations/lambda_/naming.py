"""From what a request calls a function to the function, and what is asked about it.

A function goes by its name, its ARN, or an ARN without its beginning; a version or alias may be
part of it, or stand beside as Qualifier. One that is not there is asked about under the ARN it
would have: whoever may not know learns nothing.

INVARIANT: what is asked about is what is acted on. An operation that has to do with a version or an
alias reads the qualifier in both places (`on_qualified`, `find`), any other in neither
(`on_function`, `whole`, `to_change`): who may do all with one alias may do nothing with another.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ...access import Ask, ResourcePolicy
from ...iam.model import Context, PolicyKind
from ...store import function_aliases, function_policies, function_versions, functions, tags
from ...store.database import Tx
from ...store.function_aliases import Alias
from ...store.function_versions import LATEST, Version
from ...store.functions import Function
from ..operation import Call, Operation, Params, Result
from .refusals import invalid, not_found

_FORM = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_.-]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)


@dataclass(frozen=True, slots=True)
class Named:
    """What a request's function name and qualifier stand for, whether it is there or not."""

    account: str
    region: str
    name: str
    qualifier: str = ""
    # The qualifier beside the name, where it is another one than the name's.
    disputed: str = ""
    function: Function | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The ARN that is judged, with the qualifier if there is one."""
        return functions.arn_of(self.account, self.region, self.name, self.qualifier)


def named(tx: Tx, call: Call, text: str, qualifier: str | None = None) -> Named:
    """What `text` and `qualifier` stand for; never fails."""
    form = _FORM.fullmatch(text)
    if form is None:
        return Named(call.account, call.region, text, qualifier or "")
    account, region = form["account"] or call.account, form["region"] or call.region
    own, given = form["qualifier"] or "", qualifier or ""
    what = Named(
        account, region, form["name"], given or own, own if given and own not in ("", given) else ""
    )
    if region != call.region:
        return what
    function = functions.by_name(tx, account, region, what.name)
    if function is None:
        return what
    found = tags.of(tx, function.id)
    return Named(
        account, region, what.name, what.qualifier, what.disputed, function=function, tags=found
    )


def meant(tx: Tx, call: Call, params: Params) -> Named:
    """What FunctionName and Qualifier of a request stand for."""
    return named(tx, call, params.get("FunctionName") or "", params.get("Qualifier"))


def find(tx: Tx, call: Call, params: Params) -> tuple[Function, str]:
    """The function a request is about, and its qualifier ("" for none)."""
    what = meant(tx, call, params)
    return found(call, what), what.qualifier


def meant_whole(tx: Tx, call: Call, params: Params) -> Named:
    """The function FunctionName stands for, whichever of its versions or aliases it goes on to."""
    return replace(meant(tx, call, params), qualifier="")


def whole(tx: Tx, call: Call, params: Params) -> Function:
    """The function a request asks something of that has no versions and no aliases."""
    return found(call, meant_whole(tx, call, params))


def to_change(tx: Tx, call: Call, params: Params) -> Function:
    """The function a request changes; refused where its name goes on to a version or an alias."""
    function, qualifier = find(tx, call, params)
    if qualifier not in ("", LATEST):
        raise invalid(
            "This operation is permitted on Lambda functions only. Aliases and versions do not "
            "support this operation. Please specify either a function name or an unqualified "
            "function ARN."
        )
    return function


def found(call: Call, what: Named) -> Function:
    """The function that was named; AWS's refusal when there is none."""
    if what.disputed:
        raise invalid(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    if what.region != call.region:
        raise not_found(
            f"Functions from '{what.region}' are not reachable in this region ('{call.region}')"
        )
    if what.function is None:
        raise not_found(f"Function not found: {what.arn}")
    return what.function


def resolve(tx: Tx, function: Function, qualifier: str) -> tuple[Version, Alias | None]:
    """The version a qualifier means, and the alias if it is one."""
    alias = None
    number = qualifier or LATEST
    if number != LATEST and not number.isdigit():
        alias = function_aliases.find(tx, function.id, number)
        number = alias.version if alias else ""
    version = function_versions.find(tx, function.id, number) if number else None
    if version is None:
        raise not_found(f"Function not found: {function.arn}:{qualifier}")
    return version, alias


def latest(tx: Tx, function: Function) -> Version:
    """$LATEST, which every function has."""
    return resolve(tx, function, LATEST)[0]


def ask(
    tx: Tx,
    action: str,
    what: Named,
    context: Context | None = None,
    request_tags: Mapping[str, str] | None = None,
) -> Ask:
    """One question: may the caller do `action` with the function that was named?"""
    policy = None
    if what.function is not None:
        stored = function_policies.find(tx, what.function.id, what.qualifier)
        if stored is not None:
            policy = ResourcePolicy(stored.text, PolicyKind.RESOURCE, uri=what.arn)
    return Ask(
        f"lambda:{action}",
        what.arn,
        context=context or {},
        tags=what.tags,
        request_tags=request_tags,
        resource_policy=policy,
        resource_account=what.account,
    )


def on_function(action: str, run: Callable[[Call, Params], Result]) -> Operation:
    """An operation on the function that FunctionName names, with all its versions and aliases."""

    def asks(call: Call, params: Params) -> Iterable[Ask]:
        with call.database.read() as tx:
            return [ask(tx, action, meant_whole(tx, call, params))]

    return Operation("lambda", action, asks, run)


def on_qualified(action: str, run: Callable[[Call, Params], Result]) -> Operation:
    """An operation on the version or alias that FunctionName or Qualifier names, if they do."""

    def asks(call: Call, params: Params) -> Iterable[Ask]:
        with call.database.read() as tx:
            return [ask(tx, action, meant(tx, call, params))]

    return Operation("lambda", action, asks, run)


def on_account(action: str, run: Callable[[Call, Params], Result]) -> Operation:
    """An operation that concerns no one function."""

    def asks(_call: Call, _params: Params) -> Iterable[Ask]:
        return [Ask(f"lambda:{action}", "*")]

    return Operation("lambda", action, asks, run)
