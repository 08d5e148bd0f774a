"""UpdateFunctionCode and UpdateFunctionConfiguration."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...access import Ask
from ...functions.packages import Package
from ...store import function_versions
from ...store.database import Tx
from ...store.function_versions import Version
from ...store.functions import Function
from ..operation import Call, Operation, Params, Result
from . import (
    code,
    configurations,
    environments,
    naming,
    networks,
    publishing,
    roles,
    runtimes,
)
from .creation import layer_context
from .refusals import check_revision, in_progress


def _update_code(call: Call, params: Params) -> Result:
    configurations.refuse_not_served(params)
    function, latest = _meant(call, params)
    zipped = code.zipped(params)
    with call.packages.unpacked(zipped) as package:
        if params.get("DryRun"):
            changed = _with_code(call, latest, params, package)
            return _answer(call, function, changed, configurations.ACTIVE)
        with call.database.write() as tx:
            function, latest = _unchanged(tx, call, params, function)
            code.check_room(tx, call, package.size)
            changed = _with_code(call, latest, params, package)
            function_versions.save(tx, changed)
            if params.get("Publish"):
                changed = publishing.publish(tx, call, function, changed)
    call.functions.retire(function.arn)
    call.packages.remove_unused(latest.package)
    return _answer(call, function, changed, configurations.UPDATING)


def _with_code(call: Call, latest: Version, params: Params, package: Package) -> Version:
    return replace(
        latest,
        revision=str(uuid.uuid4()),
        modified_ms=call.now_ms,
        package=package.id,
        code_bytes=package.size,
        architecture=runtimes.architecture(call, params, latest.architecture),
    )


def _configuration_asks(call: Call, params: Params) -> Iterable[Ask]:
    context = {**networks.context(call, params), **layer_context(params)}
    with call.database.read() as tx:
        what = naming.meant_whole(tx, call, params)
        asks = [naming.ask(tx, "UpdateFunctionConfiguration", what, context)]
    yield from asks
    for layer in params.get("Layers") or ():
        yield Ask("lambda:GetLayerVersion", layer)
    if params.get("Role") is not None:
        yield from roles.ask_pass(call, params["Role"], what.arn)


def _update_configuration(call: Call, params: Params) -> Result:
    function, latest = _meant(call, params)
    changed = configurations.changed(call, latest, params)
    if params.get("Role"):
        roles.check(call, function.arn, changed.role_arn)
    if "VpcConfig" in params:
        changed = networks.joined(call, function.arn, changed, params["VpcConfig"])
    changed = _with_variables(call, function, latest, changed, params)
    changed = replace(changed, revision=str(uuid.uuid4()), modified_ms=call.now_ms)
    with environments.retired_on_failure(call, function, changed), call.database.write() as tx:
        _, now = _unchanged(tx, call, params, function)
        if now.revision != latest.revision:
            raise in_progress(function.arn)
        function_versions.save(tx, changed)
    call.functions.retire(function.arn)
    if changed.grant_id != latest.grant_id:
        environments.retire(call, function, latest)
    return _answer(call, function, changed, configurations.UPDATING)


def _with_variables(
    call: Call, function: Function, latest: Version, changed: Version, params: Params
) -> Version:
    """The version with its variables for its role, under its key: new ones, or the old again."""
    given = params.get("Environment")
    if given is not None:
        variables = given.get("Variables") or {}
        environments.check(variables)
        encrypted = environments.encrypt(call, function, changed, variables)
        return environments.unchanged(call, function, latest, encrypted, variables)
    if latest.environment is None:
        return changed
    if changed.kms_key != latest.kms_key:
        variables = environments.readable(call, function, latest)
        return environments.encrypt(call, function, changed, variables)
    if changed.role_arn != latest.role_arn or params.get("Role"):
        # Also for the same ARN: it may be another role than the one that was granted the key.
        return environments.grant(call, function, changed, latest.grant_key)
    return changed


def _meant(call: Call, params: Params) -> tuple[Function, Version]:
    """The function and $LATEST, as they are before nested calls."""
    with call.database.read() as tx:
        return _latest(tx, call, params)


def _latest(tx: Tx, call: Call, params: Params) -> tuple[Function, Version]:
    function = naming.to_change(tx, call, params)
    latest = naming.latest(tx, function)
    check_revision(params.get("RevisionId"), latest.revision)
    return function, latest


def _unchanged(tx: Tx, call: Call, params: Params, function: Function) -> tuple[Function, Version]:
    """The same, unless the function was deleted and made anew in the meantime."""
    now, latest = _latest(tx, call, params)
    if now.id != function.id:
        raise in_progress(function.arn)
    return now, latest


def _answer(call: Call, function: Function, version: Version, state: Mapping[str, str]) -> Result:
    environment = environments.shown(call, function, version)
    qualifier = configurations.qualifier_of(version)
    return configurations.shown(function, version, state, environment, qualifier)


OPERATIONS = (
    naming.on_function("UpdateFunctionCode", _update_code),
    Operation("lambda", "UpdateFunctionConfiguration", _configuration_asks, _update_configuration),
)
