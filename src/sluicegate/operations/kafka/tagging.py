"""Tags of clusters. Vpc-connections, replicators and channels, which MSK tags too, are not here."""

from collections.abc import Iterable, Mapping

from ...access import Ask
from ...store import tags
from ...store.clusters import Cluster
from ...store.database import Tx
from ..operation import Call, Operation, Params, Result
from . import naming
from .refusals import invalid, missing

_MOST_TAGS = 50
_LONGEST_KEY, _LONGEST_VALUE = 128, 256


def check(sent: Mapping[str, str], present: Mapping[str, str] | None = None) -> None:
    """Refuse tags that a cluster which has `present` may not take."""
    problem = ""
    if any(not 1 <= len(key) <= _LONGEST_KEY for key in sent):
        problem = f"A tag key must have 1 to {_LONGEST_KEY} characters."
    elif any(len(value) > _LONGEST_VALUE for value in sent.values()):
        problem = f"A tag value can have at most {_LONGEST_VALUE} characters."
    elif any(key.lower().startswith("aws:") for key in sent):
        problem = "Tag keys that begin with aws: are reserved for AWS."
    elif len({*sent, *(present or {})}) > _MOST_TAGS:
        problem = f"A cluster can have at most {_MOST_TAGS} tags."
    if problem:
        raise invalid(problem, "tags")


def _tag_asks(call: Call, params: Params) -> Iterable[Ask]:
    yield naming.ask(call, params.get("ResourceArn") or "", request_tags=params.get("Tags") or {})


def _untag_asks(call: Call, params: Params) -> Iterable[Ask]:
    keys = tuple(params.get("TagKeys") or ())
    context = {"aws:TagKeys": keys} if keys else {}
    yield naming.ask(call, params.get("ResourceArn") or "", context=context)


def _list_asks(call: Call, params: Params) -> Iterable[Ask]:
    yield naming.ask(call, params.get("ResourceArn") or "")


def _tag(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        cluster = _cluster(tx, call, params)
        check(params["Tags"], tags.of(tx, cluster.id))
        tags.put(tx, cluster.id, params["Tags"])
    return {}


def _untag(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        tags.remove(tx, _cluster(tx, call, params).id, params["TagKeys"])
    return {}


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        return {"Tags": tags.of(tx, _cluster(tx, call, params).id)}


def _cluster(tx: Tx, call: Call, params: Params) -> Cluster:
    arn = params["ResourceArn"]
    cluster = naming.found(tx, call, arn)
    if cluster is not None:
        return cluster
    if not naming.is_cluster(arn):
        raise invalid("Invalid input resource arn")
    raise missing("resourceArn")


OPERATIONS = (
    Operation("kafka", "TagResource", _tag_asks, _tag),
    Operation("kafka", "UntagResource", _untag_asks, _untag),
    Operation("kafka", "ListTagsForResource", _list_asks, _list),
)
