"""Internet gateways: create, attach, detach, delete, describe."""

from collections.abc import Mapping

from ...access import Ask
from ...errors import AwsError
from ...store import tags
from ...store.database import Tx
from ...store.ec2 import surroundings
from ...store.ec2.surroundings import InternetGateway
from ..operation import Call, Params, Result
from . import limits, questions, tagging
from .kinds import GATEWAY, VPC
from .listing import Listing, made, rendered_tags
from .served import place_of, writing


def _rendered(_call: Call, gateway: InternetGateway) -> Mapping[str, object]:
    attachment = {"State": "available", "VpcId": gateway.vpc_id}
    return {
        "InternetGatewayId": gateway.id,
        "OwnerId": gateway.account,
        "Attachments": [attachment] if gateway.vpc_id else [],
        "Tags": rendered_tags(gateway.tags),
    }


LISTING: Listing[InternetGateway] = Listing(
    GATEWAY,
    "InternetGatewayIds",
    "InternetGateways",
    {
        "attachment.state": lambda gateway: ["available"] if gateway.vpc_id else [],
        "attachment.vpc-id": lambda gateway: [gateway.vpc_id] if gateway.vpc_id else [],
        "internet-gateway-id": lambda gateway: [gateway.id],
        "owner-id": lambda gateway: [gateway.account],
    },
    _rendered,
    made,
)


def _asks_create(call: Call, _tx: Tx, params: Params) -> list[Ask]:
    return questions.created(call, params, GATEWAY)


def _create(call: Call, tx: Tx, params: Params) -> Result:
    sent = tagging.sent(params, GATEWAY)
    place = place_of(call)
    count = len(surroundings.gateways(tx, place)) + 1
    limits.keep(count, limits.GATEWAYS, "InternetGatewayLimitExceeded")
    gateway_id = surroundings.create_gateway(tx, place, call.now_ms)
    tags.put(tx, gateway_id, sent)
    gateway = GATEWAY.require(tx, place, gateway_id)
    return {"InternetGateway": _rendered(call, gateway)}


def _asks_delete(call: Call, tx: Tx, params: Params) -> list[Ask]:
    return [questions.existing(call, tx, GATEWAY, params.get("InternetGatewayId"))]


def _delete(call: Call, tx: Tx, params: Params) -> Result:
    gateway = GATEWAY.require(tx, place_of(call), params["InternetGatewayId"])
    if gateway.vpc_id:
        message = f"The internetGateway '{gateway.id}' has dependencies and cannot be deleted."
        raise AwsError("DependencyViolation", message)
    surroundings.delete_gateway(tx, gateway.id)
    return {}


def _asks_both(call: Call, tx: Tx, params: Params) -> list[Ask]:
    return [
        *_asks_delete(call, tx, params),
        questions.existing(call, tx, VPC, params.get("VpcId")),
    ]


def _attach(call: Call, tx: Tx, params: Params) -> Result:
    place = place_of(call)
    gateway = GATEWAY.require(tx, place, params["InternetGatewayId"])
    vpc = VPC.require(tx, place, params["VpcId"])
    if gateway.vpc_id:
        message = f"resource {gateway.id} is already attached to network {gateway.vpc_id}"
        raise AwsError("Resource.AlreadyAssociated", message)
    if surroundings.attached_gateway(tx, vpc.id):
        message = f"Network {vpc.id} already has an internet gateway attached"
        raise AwsError("InvalidParameterValue", message)
    surroundings.attach_gateway(tx, gateway.id, vpc.id)
    return {}


def _detach(call: Call, tx: Tx, params: Params) -> Result:
    place = place_of(call)
    gateway = GATEWAY.require(tx, place, params["InternetGatewayId"])
    vpc = VPC.require(tx, place, params["VpcId"])
    if gateway.vpc_id != vpc.id:
        message = f"resource {gateway.id} is not attached to network {vpc.id}"
        raise AwsError("Gateway.NotAttached", message)
    surroundings.attach_gateway(tx, gateway.id, None)
    return {}


OPERATIONS = (
    LISTING.operation("DescribeInternetGateways"),
    writing("CreateInternetGateway", _asks_create, _create),
    writing("AttachInternetGateway", _asks_both, _attach),
    writing("DetachInternetGateway", _asks_both, _detach),
    writing("DeleteInternetGateway", _asks_delete, _delete),
)
