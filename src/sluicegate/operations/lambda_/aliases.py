"""Aliases: names for versions, which may divide invocations between two."""

import uuid
from dataclasses import replace
from typing import Any

from ...errors import AwsError
from ...store import event_invoke_configs, function_aliases, function_policies, functions
from ...store.database import Conflict, Tx
from ...store.function_aliases import Alias
from ...store.function_versions import LATEST
from ...store.functions import Function
from ..operation import Call, Params, Result
from . import naming, paging
from .refusals import check_revision, conflict, invalid, not_found


def _create(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        function = naming.to_change(tx, call, params)
        alias = Alias(
            function_id=function.id,
            name=params["Name"],
            version=params["FunctionVersion"],
            revision=str(uuid.uuid4()),
            description=params.get("Description") or "",
        )
        alias = _routed(tx, function, alias, params.get("RoutingConfig"))
        try:
            function_aliases.add(tx, alias)
        except Conflict:
            raise conflict(f"Alias already exists: {_arn(function, alias.name)}") from None
    return _shown(function, alias)


def _update(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        function = naming.to_change(tx, call, params)
        alias = function_aliases.find(tx, function.id, params["Name"])
        if alias is None:
            raise not_found(f"Alias not found: {_arn(function, params['Name'])}")
        check_revision(params.get("RevisionId"), alias.revision)
        changed = replace(
            alias,
            version=params.get("FunctionVersion", alias.version),
            description=params.get("Description", alias.description),
            revision=str(uuid.uuid4()),
        )
        changed = _routed(tx, function, changed, params.get("RoutingConfig"))
        function_aliases.save(tx, changed)
    return _shown(function, changed)


def _routed(tx: Tx, function: Function, alias: Alias, given: Any) -> Alias:
    """The alias with a request's routing, if what it names is there."""
    _check_version(tx, function, alias.version)
    if given is None:
        if alias.other_version == alias.version:
            raise _same(alias)
        return alias
    weights: dict[str, float] = given.get("AdditionalVersionWeights") or {}
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if not weights:
        return replace(alias, other_version="", other_weight=0.0)
    ((other, weight),) = weights.items()
    if other == alias.version:
        raise _same(alias)
    if alias.version == LATEST:
        raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    _check_version(tx, function, other)
    return replace(alias, other_version=other, other_weight=weight)


def _same(alias: Alias) -> AwsError:
    return invalid(
        f"Invalid function version {alias.version}. Function version {alias.version} is already "
        "included in routing configuration."
    )


def _check_version(tx: Tx, function: Function, version: str) -> None:
    if version not in (LATEST,) and not version.isdigit():
        raise invalid(f"{version} is not served by Sluicegate as a version of an alias.")
    naming.resolve(tx, function, version)


def _get(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        function = naming.whole(tx, call, params)
        alias = function_aliases.find(tx, function.id, params["Name"])
    if alias is None:
        raise not_found(f"Cannot find alias arn: {_arn(function, params['Name'])}")
    return _shown(function, alias)


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        function = naming.whole(tx, call, params)
        held = function_aliases.of_function(tx, function.id)
    wanted = params.get("FunctionVersion")
    if wanted:
        held = [alias for alias in held if wanted in (alias.version, alias.other_version)]
    return paging.page(
        params, "Aliases", held, lambda alias: alias.name, lambda alias: _shown(function, alias)
    )


def _delete(call: Call, params: Params) -> Result:
    """Remove an alias; one that is not there is as good as removed."""
    with call.database.write() as tx:
        function = naming.to_change(tx, call, params)
        if function_aliases.delete(tx, function.id, params["Name"]):
            function_policies.delete(tx, function.id, params["Name"])
            event_invoke_configs.delete(tx, function.id, params["Name"])
    return {}


def _arn(function: Function, name: str) -> str:
    return functions.arn_of(function.account, function.region, function.name, name)


def _shown(function: Function, alias: Alias) -> dict[str, object]:
    routing = {"AdditionalVersionWeights": {alias.other_version: alias.other_weight}}
    return {
        "AliasArn": _arn(function, alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RoutingConfig": routing if alias.other_version else None,
        "RevisionId": alias.revision,
    }


OPERATIONS = (
    naming.on_function("CreateAlias", _create),
    naming.on_function("UpdateAlias", _update),
    naming.on_function("GetAlias", _get),
    naming.on_function("ListAliases", _list),
    naming.on_function("DeleteAlias", _delete),
)
