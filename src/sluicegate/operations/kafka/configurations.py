"""MSK configurations and their revisions."""

import re
import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...access import Ask
from ...arn import Arn
from ...clock import to_datetime
from ...store import cluster_configurations, clusters
from ...store.cluster_configurations import Configuration, Revision
from ...store.database import Conflict, Tx
from ..operation import Call, Operation, Params, Result
from . import naming, paging, properties, versions
from .refusals import MALFORMED, invalid, taken

_RESOURCE = re.compile(r"configuration/[0-9A-Za-z-]{1,256}/[0-9a-f-]{36}-[0-9]{1,8}")
_LONGEST_NAME = 256
_MOST, _MOST_REVISIONS = 100, 50

_MISSING = "Configuration ARN does not exist"
_NO_REVISION = "Configuration revision does not exist"
_IN_USE = (
    "Configuration is in use by one or more clusters. Dissociate the configuration from the "
    "clusters."
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A configuration's revision that a cluster is to have."""

    arn: str
    revision: int


def chosen(tx: Tx, call: Call, info: Mapping[str, Any], kafka_version: str) -> Chosen:
    """The revision ConfigurationInfo names, if a cluster of that version may have it."""
    found = _configuration(tx, call, info["Arn"], "configurationInfo")
    revision = _revision(tx, found, info["Revision"], "configurationInfo")
    if found.kafka_versions and kafka_version not in found.kafka_versions:
        allowed = ", ".join(found.kafka_versions)
        raise invalid(
            f"The configuration is for Kafka versions [{allowed}], the cluster's is "
            f"{kafka_version}.",
            "configurationInfo",
        )
    return Chosen(found.arn, revision.revision)


def ask(call: Call, text: str) -> Ask:
    """May the caller do the operation to the configuration with this ARN?"""
    arn = naming.resource(call, "configuration", text)
    return Ask(f"kafka:{call.operation}", arn, shown=text)


def _on_configuration(action: str, run: Callable[[Call, Params], Result]) -> Operation:
    def asks(call: Call, params: Params) -> Iterable[Ask]:
        yield ask(call, params.get("Arn") or "")

    return Operation("kafka", action, asks, run)


def _create_asks(call: Call, params: Params) -> Iterable[Ask]:
    name = params.get("Name") or ""
    yield Ask("kafka:CreateConfiguration", call.arn("kafka", f"configuration/{name}/*"))


def _create(call: Call, params: Params) -> Result:
    name = params["Name"]
    if not naming.NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise invalid(MALFORMED, "name")
    allowed = tuple(dict.fromkeys(params.get("KafkaVersions") or ()))
    for version in allowed:
        versions.check(version)
    made = Configuration(
        id=f"{uuid.uuid4()}-{1 + secrets.randbelow(25)}",
        account=call.account,
        region=call.region,
        name=name,
        kafka_versions=allowed,
        created_ms=call.now_ms,
    )
    first = _new_revision(call, made, 1, params)
    try:
        with call.database.write() as tx:
            if len(cluster_configurations.of_account(tx, call.account, call.region)) >= _MOST:
                raise invalid(f"An account can have at most {_MOST} configurations.")
            cluster_configurations.create(tx, made)
            cluster_configurations.add_revision(tx, first)
    except Conflict:
        raise taken("name") from None
    return {
        "Arn": made.arn,
        "CreationTime": to_datetime(made.created_ms),
        "LatestRevision": _shown_revision(first),
        "Name": made.name,
        "State": "ACTIVE",
    }


def _update(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        found = _configuration(tx, call, params["Arn"])
        last = cluster_configurations.revisions(tx, found.id)[-1]
        if last.revision >= _MOST_REVISIONS:
            raise invalid(f"A configuration can have at most {_MOST_REVISIONS} revisions.")
        revision = _new_revision(call, found, last.revision + 1, params)
        cluster_configurations.add_revision(tx, revision)
    return {"Arn": found.arn, "LatestRevision": _shown_revision(revision)}


def _describe(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        return _shown(tx, _configuration(tx, call, params["Arn"]))


def _describe_revision(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        found = _configuration(tx, call, params["Arn"])
        revision = _revision(tx, found, params["Revision"], "revision")
    return {
        "Arn": found.arn,
        **_shown_revision(revision),
        "ServerProperties": revision.properties.encode(),
    }


def _delete(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        found = _configuration(tx, call, params["Arn"])
        if clusters.with_configuration(tx, found.arn):
            raise invalid(_IN_USE, "arn")
        cluster_configurations.remove(tx, found.id)
    return {"Arn": found.arn, "State": "DELETING"}


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        found = cluster_configurations.of_account(tx, call.account, call.region)
        return paging.page(
            params, "Configurations", found, lambda each: each.name, lambda each: _shown(tx, each)
        )


def _list_revisions(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        found = _configuration(tx, call, params["Arn"])
        revisions = cluster_configurations.revisions(tx, found.id)
    return paging.page(params, "Revisions", revisions, lambda each: each.revision, _shown_revision)


def _new_revision(call: Call, of: Configuration, number: int, params: Params) -> Revision:
    against = of.kafka_versions or tuple(versions.VERSIONS)
    text, settings = properties.checked(params["ServerProperties"], against)
    return Revision(of.id, number, params.get("Description"), text, settings, call.now_ms)


def _configuration(tx: Tx, call: Call, text: str, parameter: str = "arn") -> Configuration:
    arn = Arn.find(text)
    is_own = arn is not None and (arn.account, arn.region) == (call.account, call.region)
    if is_own and _RESOURCE.fullmatch(arn.resource):  # type: ignore[union-attr]
        found = cluster_configurations.by_arn(tx, text)
        if found is not None:
            return found
    raise invalid(_MISSING, parameter)


def _revision(tx: Tx, of: Configuration, number: int, parameter: str) -> Revision:
    for revision in cluster_configurations.revisions(tx, of.id):
        if revision.revision == number:
            return revision
    raise invalid(_NO_REVISION, parameter)


def _shown(tx: Tx, configuration: Configuration) -> dict[str, object]:
    last = cluster_configurations.revisions(tx, configuration.id)[-1]
    return {
        "Arn": configuration.arn,
        "CreationTime": to_datetime(configuration.created_ms),
        "Description": last.description or "",
        "KafkaVersions": list(configuration.kafka_versions),
        "LatestRevision": _shown_revision(last),
        "Name": configuration.name,
        "State": "ACTIVE",
    }


def _shown_revision(revision: Revision) -> dict[str, object]:
    return {
        "CreationTime": to_datetime(revision.created_ms),
        "Description": revision.description,
        "Revision": revision.revision,
    }


OPERATIONS = (
    Operation("kafka", "CreateConfiguration", _create_asks, _create),
    _on_configuration("UpdateConfiguration", _update),
    _on_configuration("DescribeConfiguration", _describe),
    _on_configuration("DescribeConfigurationRevision", _describe_revision),
    _on_configuration("DeleteConfiguration", _delete),
    naming.on_account("ListConfigurations", "/v1/configurations", _list),
    _on_configuration("ListConfigurationRevisions", _list_revisions),
)
