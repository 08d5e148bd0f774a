"""Tags of roots, units, accounts and policies: fifty at most."""

from ...store import tags
from ...store.database import Tx
from ...store.organizations import nodes, policies
from ...store.organizations.organizations import Organization
from ..operation import Call, Operation, Params, Result
from .asks import arn_of, on
from .membership import reading, writing
from .paging import page
from .refusals import beyond, invalid, refused

_MOST = 50


def given(params: Params) -> dict[str, str]:
    """The tags of a request as a mapping; duplicates and AWS's own prefix are refused."""
    sent = params.get("Tags") or ()
    found = {tag["Key"]: tag["Value"] for tag in sent}
    if len(found) != len(sent):
        raise invalid("DUPLICATE_TAG_KEY")
    if any(key.lower().startswith("aws:") for key in found):
        raise invalid("INVALID_SYSTEM_TAGS_PARAMETER")
    if len(found) > _MOST:
        raise beyond("MAX_TAG_LIMIT_EXCEEDED")
    return found


def _tag(call: Call, params: Params) -> Result:
    new = given(params)
    with writing(call) as (tx, organization):
        arn = _tagged(tx, organization, params)
        if len(tags.of(tx, arn) | new) > _MOST:
            raise beyond("MAX_TAG_LIMIT_EXCEEDED")
        tags.put(tx, arn, new)
    return {}


def _untag(call: Call, params: Params) -> Result:
    with writing(call) as (tx, organization):
        tags.remove(tx, _tagged(tx, organization, params), params["TagKeys"])
    return {}


def _list(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        own = tags.of(tx, _tagged(tx, organization, params))
    return page(
        call,
        params,
        "Tags",
        sorted(own.items()),
        lambda pair: pair[0],
        lambda pair: {"Key": pair[0], "Value": pair[1]},
    )


def _tagged(tx: Tx, organization: Organization, params: Params) -> str:
    """The ARN of what a call names, which must be there and not be AWS's."""
    name = params["ResourceId"]
    if name.startswith("p-"):
        policy = policies.find(tx, organization, name)
        is_there = policy is not None and not policy.is_aws
    else:
        is_there = nodes.find(tx, organization, name) is not None
    if not is_there:
        raise refused("TargetNotFoundException")
    return arn_of(tx, organization, name)


_ON_ANY = on("ResourceId")

OPERATIONS = (
    Operation("organizations", "TagResource", _ON_ANY, _tag),
    Operation("organizations", "UntagResource", _ON_ANY, _untag),
    Operation("organizations", "ListTagsForResource", _ON_ANY, _list),
)
