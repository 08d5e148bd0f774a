"""CreateFunction and DeleteFunction."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...access import Ask
from ...errors import InvalidInput
from ...functions.packages import Package
from ...iam.model import Context
from ...store import (
    async_invocations,
    event_invoke_configs,
    function_aliases,
    function_policies,
    function_versions,
    functions,
    mappings,
    tags,
)
from ...store.database import Conflict, Tx
from ...store.function_versions import LATEST, Version
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
    tagging,
)
from .refusals import conflict, invalid, not_found

_LONGEST_NAME = 64


def layer_context(params: Params) -> Context:
    """The condition keys of what a request says of layers and code signing."""
    context: dict[str, str | tuple[str, ...]] = {}
    if params.get("Layers"):
        context["lambda:Layer"] = tuple(params["Layers"])
    if params.get("CodeSigningConfigArn"):
        context["lambda:CodeSigningConfigArn"] = params["CodeSigningConfigArn"]
    return context


def _create_asks(call: Call, params: Params) -> Iterable[Ask]:
    with call.database.read() as tx:
        what = replace(naming.meant_whole(tx, call, params), function=None, tags={})
        context = {**networks.context(call, params), **layer_context(params)}
        given = params.get("Tags")
        asks = [naming.ask(tx, "CreateFunction", what, context, given)]
        if given:
            asks.append(naming.ask(tx, "TagResource", what, request_tags=given))
    yield from asks
    for layer in params.get("Layers") or ():
        yield Ask("lambda:GetLayerVersion", layer)
    yield from roles.ask_pass(call, params.get("Role") or "", what.arn)


def _create(call: Call, params: Params) -> Result:
    function = _new(call, params)
    given = tagging.checked(params.get("Tags") or {})
    variables = _variables(params)
    zipped = code.zipped(params["Code"])
    version = configurations.changed(call, _first(call, function, params), params)
    roles.check(call, function.arn, version.role_arn)
    version = networks.joined(call, function.arn, version, params.get("VpcConfig") or {})
    with call.packages.unpacked(zipped) as package:
        with call.database.read() as tx:
            _refuse_taken(tx, function)
        version = replace(version, package=package.id, code_bytes=package.size)
        version = environments.encrypt(call, function, version, variables)
        with environments.retired_on_failure(call, function, version):
            made = _store(call, params, function, version, package, given)
    qualifier = configurations.qualifier_of(made)
    environment = {"Variables": variables} if variables else None
    return configurations.shown(function, made, configurations.CREATING, environment, qualifier)


def _new(call: Call, params: Params) -> Function:
    with call.database.read() as tx:
        what = naming.meant(tx, call, params)
    if what.account != call.account or what.region != call.region:
        raise not_found(
            f"Functions from '{what.region}' are not reachable in this region ('{call.region}')"
        )
    if len(what.name) > _LONGEST_NAME:
        raise invalid(
            f"1 validation error detected: Value '{what.name}' at 'functionName' failed to "
            f"satisfy constraint: Member must have length less than or equal to {_LONGEST_NAME}"
        )
    if what.qualifier:
        raise InvalidInput(
            f"1 validation error detected: Value '{params['FunctionName']}' at 'functionName' "
            "failed to satisfy constraint: a new function has no qualifier"
        )
    return Function(
        id=str(uuid.uuid4()),
        account=call.account,
        region=call.region,
        name=what.name,
        created_ms=call.now_ms,
    )


def _variables(params: Params) -> Mapping[str, str]:
    variables: Mapping[str, str] = (params.get("Environment") or {}).get("Variables") or {}
    environments.check(variables)
    return variables


def _first(call: Call, function: Function, params: Params) -> Version:
    if params.get("PackageType") != "Image" and not (
        params.get("Runtime") and params.get("Handler")
    ):
        raise invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment "
            "packages."
        )
    return Version(
        function_id=function.id,
        revision=str(uuid.uuid4()),
        runtime=params.get("Runtime") or "",
        handler=params.get("Handler") or "",
        role_arn=params["Role"],
        package="",
        code_bytes=0,
        modified_ms=call.now_ms,
        architecture=runtimes.architecture(call, params),
    )


def _refuse_taken(tx: Tx, function: Function) -> None:
    if functions.by_name(tx, function.account, function.region, function.name):
        raise _taken(function)


def _taken(function: Function) -> Exception:
    return conflict(f"Function already exist: {function.name}")


def _store(
    call: Call,
    params: Params,
    function: Function,
    version: Version,
    package: Package,
    given: Mapping[str, str],
) -> Version:
    """Write the new function; its first published version is answered where one is asked for."""
    try:
        with call.database.write() as tx:
            code.check_room(tx, call, package.size)
            functions.create(tx, function)
            function_versions.add(tx, version)
            # A mapping means a function by its ARN: those of one that was deleted mean this one.
            mappings.adopt(tx, function.arn, function.id)
            tags.put(tx, function.id, given)
            if params.get("Publish"):
                return publishing.publish(tx, call, function, version)
            return version
    except Conflict:
        raise _taken(function) from None


def _delete(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        function, qualifier = naming.find(tx, call, params)
        if qualifier == LATEST:
            raise invalid("$LATEST version cannot be deleted without deleting the function.")
        if qualifier:
            gone = [_delete_version(tx, function, qualifier)]
        else:
            gone = function_versions.of_function(tx, function.id)
            _delete_all(tx, function)
    for package_id in {version.package for version in gone}:
        call.packages.remove_unused(package_id)
    for version in {version.grant_id: version for version in gone}.values():
        environments.retire(call, function, version)
    call.functions.retire(function.arn)
    return {}


def _delete_version(tx: Tx, function: Function, qualifier: str) -> Version:
    if not qualifier.isdigit():
        raise invalid(
            "Value " + f"'{qualifier}' at 'qualifier' failed to satisfy constraint: "
            "an alias is deleted with DeleteAlias"
        )
    version, _ = naming.resolve(tx, function, qualifier)
    aliases = [
        alias
        for alias in function_aliases.of_function(tx, function.id)
        if qualifier in (alias.version, alias.other_version)
    ]
    if aliases:
        raise conflict(
            f"Function version {qualifier} is referenced by alias {aliases[0].name}; "
            "it cannot be deleted"
        )
    function_policies.delete(tx, function.id, qualifier)
    event_invoke_configs.delete(tx, function.id, qualifier)
    function_versions.delete(tx, function.id, qualifier)
    return version


def _delete_all(tx: Tx, function: Function) -> None:
    async_invocations.forget_function(tx, function.id)
    function_policies.delete(tx, function.id)
    event_invoke_configs.delete(tx, function.id)
    function_aliases.delete(tx, function.id)
    function_versions.delete(tx, function.id)
    functions.delete(tx, function.id)


OPERATIONS = (
    Operation("lambda", "CreateFunction", _create_asks, _create),
    naming.on_qualified("DeleteFunction", _delete),
)
