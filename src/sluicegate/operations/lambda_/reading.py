"""GetFunction, GetFunctionConfiguration, ListFunctions."""

from collections.abc import Mapping

from ...errors import AccessDenied
from ...store import function_versions, functions
from ...store.function_versions import LATEST, Version
from ...store.functions import Function
from ..operation import Call, Params, Result
from . import code, configurations, environments, naming, paging


def _configuration(call: Call, params: Params) -> tuple[Function, Version, dict[str, object]]:
    with call.database.read() as tx:
        function, qualifier = naming.find(tx, call, params)
        version, _ = naming.resolve(tx, function, qualifier)
    environment = environments.shown(call, function, version)
    shown = configurations.shown(function, version, configurations.ACTIVE, environment, qualifier)
    return function, version, shown


def _get_configuration(call: Call, params: Params) -> Result:
    return _configuration(call, params)[2]


def _get(call: Call, params: Params) -> Result:
    function, version, shown = _configuration(call, params)
    reserved = function.reserved_concurrency
    return {
        "Configuration": shown,
        "Code": {"RepositoryType": "S3", "Location": code.url(call, version.package)},
        **_tags(call, function),
        "Concurrency": None if reserved is None else {"ReservedConcurrentExecutions": reserved},
    }


def _tags(call: Call, function: Function) -> Mapping[str, object]:
    """The tags, for who may list them: asked as a call of its own."""
    try:
        tags = call.calls.forward(call, "lambda", "ListTags", {"Resource": function.arn})["Tags"]
    except AccessDenied as error:
        return {"TagsError": {"ErrorCode": "AccessDeniedException", "Message": error.message}}
    return {"Tags": tags or None}


def _list(call: Call, params: Params) -> Result:
    if params.get("FunctionVersion") == "ALL":
        return _list_all(call, params)
    size = paging.size(params)
    with call.database.read() as tx:
        found = functions.of_account(
            tx, call.account, call.region, after=paging.start(params), limit=size + 1
        )
        held = [(each, naming.latest(tx, each)) for each in found[:size]]
    return {
        "Functions": [_entry(call, function, version, "") for function, version in held],
        "NextMarker": paging.marker(held[-1][0].name) if len(found) > size else None,
    }


def _list_all(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        found = {each.id: each for each in functions.of_account(tx, call.account, call.region)}
        held = function_versions.of_many(tx, found)
    versions = [(function, version) for function in found.values() for version in held[function.id]]
    return paging.page(
        params,
        "Functions",
        versions,
        lambda each: f"{each[0].name}:{each[1].position:010}",
        lambda each: _entry(call, each[0], each[1], each[1].version or LATEST),
    )


def _entry(call: Call, function: Function, version: Version, qualifier: str) -> object:
    environment = environments.shown(call, function, version)
    return configurations.listed(function, version, environment, qualifier)


OPERATIONS = (
    naming.on_qualified("GetFunction", _get),
    naming.on_qualified("GetFunctionConfiguration", _get_configuration),
    naming.on_account("ListFunctions", _list),
)
