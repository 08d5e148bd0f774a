"""Versions: published, listed."""

import uuid
from dataclasses import replace

from ...functions import packages
from ...store import function_versions, functions
from ...store.database import Tx
from ...store.function_versions import Version
from ...store.functions import Function
from ..operation import Call, Params, Result
from . import code, configurations, environments, naming, paging
from .refusals import check_revision, invalid


def publish(
    tx: Tx, call: Call, function: Function, latest: Version, description: str | None = None
) -> Version:
    """$LATEST as a version that never changes; the last one again where nothing has changed."""
    published = function_versions.of_function(tx, function.id)[1:]
    if published and _are_alike(call, published[-1], latest):
        return published[-1]
    number = function.next_version
    version = replace(
        latest,
        version=str(number),
        position=number,
        revision=str(uuid.uuid4()),
        description=latest.description if description is None else description,
        modified_ms=call.now_ms,
    )
    version = environments.moved(call, latest, version)
    function_versions.add(tx, version)
    functions.save(tx, replace(function, next_version=number + 1))
    return version


def _are_alike(call: Call, version: Version, latest: Version) -> bool:
    """Whether code and configuration are the same; the rest a version has of its own."""
    as_version = replace(
        latest,
        version=version.version,
        position=version.position,
        revision=version.revision,
        description=version.description,
        modified_ms=version.modified_ms,
        environment=version.environment,
    )
    return as_version == version and environments.are_same(call, version, latest)


def _publish(call: Call, params: Params) -> Result:
    configurations.refuse_not_served(params)
    with call.database.write() as tx:
        function = naming.to_change(tx, call, params)
        latest = naming.latest(tx, function)
        check_revision(params.get("RevisionId"), latest.revision)
        _check_code(params.get("CodeSha256"), latest)
        code.check_room(tx, call, latest.code_bytes)
        version = publish(tx, call, function, latest, params.get("Description"))
    environment = environments.shown(call, function, version)
    state = configurations.ACTIVE
    return configurations.shown(function, version, state, environment, version.version)


def _check_code(given: str | None, latest: Version) -> None:
    current = packages.sha256_of(latest.package)
    if given and given != current:
        raise invalid(
            f"CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({current}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        function = naming.whole(tx, call, params)
        held = function_versions.of_function(tx, function.id)
    return paging.page(
        params,
        "Versions",
        held,
        lambda version: f"{version.position:010}",
        lambda version: configurations.listed(
            function, version, environments.shown(call, function, version), version.version
        ),
    )


OPERATIONS = (
    naming.on_function("PublishVersion", _publish),
    naming.on_function("ListVersionsByFunction", _list),
)
