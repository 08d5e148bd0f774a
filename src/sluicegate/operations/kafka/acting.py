"""Whom MSK acts as: itself, for one cluster, and the role that is linked to it."""

from ...errors import AwsError
from ...store import identities
from ...store.clusters import Cluster
from ...store.identities import Kind
from ..operation import Actor, Call, Params, Result, RoleSession

SERVICE = "kafka.amazonaws.com"
_ROLE = "AWSServiceRoleForKafka"
_SESSION = "AmazonMSK"


def ensure_role(call: Call) -> None:
    """Make the account's service-linked role as the caller, where there is none yet."""
    if _has_role(call):
        return
    asked = {"AWSServiceName": SERVICE}
    try:
        call.calls.forward(call, "iam", "CreateServiceLinkedRole", asked)
    except AwsError as error:
        # Somebody else's first cluster came between: its role is as good.
        if error.code != "InvalidInput" or not _has_role(call):
            raise


def as_itself(call: Call, cluster_arn: str, service: str, operation: str, params: Params) -> Result:
    """A call that MSK makes as itself, for a cluster."""
    return call.calls.as_service(call, Actor(SERVICE, cluster_arn), service, operation, params)


def as_role(call: Call, cluster: Cluster, service: str, operation: str, params: Params) -> Result:
    """A call that MSK makes as its service-linked role, for a cluster."""
    role_arn = call.arn("iam", f"role/aws-service-role/{SERVICE}/{_ROLE}", is_global=True)
    session = RoleSession(Actor(SERVICE, cluster.arn), role_arn, _SESSION)
    return call.calls.as_role(call, session, service, operation, params)


def _has_role(call: Call) -> bool:
    with call.database.read() as tx:
        return identities.find(tx, Kind.ROLE, call.account, _ROLE) is not None
