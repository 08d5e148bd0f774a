"""Service-linked roles: made for a service, trusted by it alone, changed by nobody else."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from ...access import Ask
from ...errors import AwsError
from ...store import accounts, identities, policies, tags
from ...store.identities import Kind, arn_of
from ..operation import Call, Operation, Params, Result
from . import documents, entities, shapes
from .asks import on
from .subjects import LINKED_PATH, missing, required, writing


@dataclass(frozen=True, slots=True)
class Linked:
    """A service's role: its name, its one policy, and whether there may be several of it."""

    role: str
    policy: str
    takes_suffix: bool = False


SERVICES = {
    "access-analyzer.amazonaws.com": Linked(
        "AWSServiceRoleForAccessAnalyzer", "AccessAnalyzerServiceRolePolicy"
    ),
    "autoscaling.amazonaws.com": Linked(
        "AWSServiceRoleForAutoScaling", "AutoScalingServiceRolePolicy", takes_suffix=True
    ),
    "batch.amazonaws.com": Linked("AWSServiceRoleForBatch", "BatchServiceRolePolicy"),
    "ecs.amazonaws.com": Linked("AWSServiceRoleForECS", "AmazonECSServiceRolePolicy"),
    "eks.amazonaws.com": Linked("AWSServiceRoleForAmazonEKS", "AmazonEKSServiceRolePolicy"),
    "elasticache.amazonaws.com": Linked(
        "AWSServiceRoleForElastiCache", "ElastiCacheServiceRolePolicy"
    ),
    "elasticloadbalancing.amazonaws.com": Linked(
        "AWSServiceRoleForElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy"
    ),
    "kafka.amazonaws.com": Linked("AWSServiceRoleForKafka", "KafkaServiceRolePolicy"),
    "kafkaconnect.amazonaws.com": Linked(
        "AWSServiceRoleForKafkaConnect", "KafkaConnectServiceRolePolicy"
    ),
    "mq.amazonaws.com": Linked("AWSServiceRoleForAmazonMQ", "AmazonMQServiceRolePolicy"),
    "opensearchservice.amazonaws.com": Linked(
        "AWSServiceRoleForAmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy"
    ),
    "ops.apigateway.amazonaws.com": Linked(
        "AWSServiceRoleForAPIGateway", "APIGatewayServiceRolePolicy"
    ),
    "organizations.amazonaws.com": Linked(
        "AWSServiceRoleForOrganizations", "AWSOrganizationsServiceTrustPolicy"
    ),
    "rds.amazonaws.com": Linked("AWSServiceRoleForRDS", "AmazonRDSServiceRolePolicy"),
    "replicator.lambda.amazonaws.com": Linked(
        "AWSServiceRoleForLambdaReplicator", "AWSLambdaReplicator"
    ),
    "support.amazonaws.com": Linked("AWSServiceRoleForSupport", "AWSSupportServiceRolePolicy"),
    "trustedadvisor.amazonaws.com": Linked(
        "AWSServiceRoleForTrustedAdvisor", "AWSTrustedAdvisorServiceRolePolicy"
    ),
}
"""The services this server knows a role of; Kafka's are those it needs."""


def create_asks(call: Call, params: Params) -> Iterable[Ask]:
    """Ask for the role the service would get."""
    service = params.get("AWSServiceName") or ""
    linked = SERVICES.get(service)
    name = "*" if linked is None else _name(linked, params.get("CustomSuffix"))
    arn = arn_of(call.account, "role", f"{LINKED_PATH}{service}/", name)
    yield Ask("iam:CreateServiceLinkedRole", arn, context={"iam:AWSServiceName": service})


def create(call: Call, params: Params) -> Result:
    """Make a service's role, with its trust policy and its one managed policy."""
    service, suffix = params["AWSServiceName"], params.get("CustomSuffix")
    linked = SERVICES.get(service)
    if linked is None:
        raise AwsError("InvalidInput", f"Service-linked roles are not supported for {service}")
    if suffix and not linked.takes_suffix:
        raise AwsError("InvalidInput", f"Custom suffix is not allowed for {service}")
    name = _name(linked, suffix)
    taken = AwsError(
        "InvalidInput",
        f"Service role name {name} has been taken in this account, please try a different suffix.",
    )
    trust = documents.service_trust(service)
    with writing(call, taken) as tx:
        entities.check_quota(tx, call, Kind.ROLE)
        role = identities.add(
            tx,
            Kind.ROLE,
            call.account,
            name,
            f"{LINKED_PATH}{service}/",
            call.now_ms,
            trust=trust,
            description=params.get("Description"),
            max_session_seconds=3600,
        )
        policy_arn = f"arn:aws:iam::aws:policy{LINKED_PATH}{linked.policy}"
        policies.attach(tx, call.account, role.id, policy_arn, call.now_ms)
    return {"Role": shapes.created_role(role, trust, {})}


def delete(call: Call, params: Params) -> Result:
    """Delete a service's role; here that is done at once, and the task only says so."""
    with writing(call) as tx:
        role = required(tx, Kind.ROLE, call, params)
        if not role.path.startswith(LINKED_PATH):
            raise missing("role", role.name)
        for arn in policies.attached(tx, role.id):
            policies.detach(tx, role.id, arn)
        tags.remove(tx, role.id)
        identities.remove(tx, role)
        task_id = f"task{role.path}{role.name}/{uuid.uuid4()}"
        accounts.note_deletion(tx, call.account, task_id, call.now_ms)
    return {"DeletionTaskId": task_id}


def status_asks(call: Call, params: Params) -> Iterable[Ask]:
    """Ask for the role that was deleted: the task id tells its path and name."""
    task_id = params.get("DeletionTaskId") or ""
    path_and_name = task_id.removeprefix("task/").rpartition("/")[0]
    arn = arn_of(call.account, "role", "/", path_and_name)
    yield Ask("iam:GetServiceLinkedRoleDeletionStatus", arn)


def status(call: Call, params: Params) -> Result:
    """What became of a deletion."""
    task_id = params["DeletionTaskId"]
    with call.database.read() as tx:
        if not accounts.is_deletion(tx, call.account, task_id):
            raise AwsError("NoSuchEntity", f"Deletion task {task_id} cannot be found.")
    return {"Status": "SUCCEEDED"}


def _name(linked: Linked, suffix: str | None) -> str:
    return f"{linked.role}_{suffix}" if suffix else linked.role


OPERATIONS = (
    Operation("iam", "CreateServiceLinkedRole", create_asks, create),
    Operation("iam", "DeleteServiceLinkedRole", on(Kind.ROLE), delete),
    Operation("iam", "GetServiceLinkedRoleDeletionStatus", status_asks, status),
)
