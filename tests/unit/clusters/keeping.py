"""A cluster to be kept, on nodes that only pretend."""

from dataclasses import replace

from tests.unit.clusters.pretending import Machine

from sluicegate.clusters.kept import Kept
from sluicegate.clusters.machinery import ScramUser
from sluicegate.store import clusters, scram_secrets, secrets
from sluicegate.store.clusters import Cluster, Security
from sluicegate.store.scram_secrets import ScramSecret
from sluicegate.store.secrets import Secret
from sluicegate.testing import Endpoint

ID = "0b54e7d6-5cf4-4f6b-9a57-3f1e6f2f2d01-1"
SCRAM = Security(
    unauthenticated=False,
    scram=True,
    iam=False,
    tls=False,
    authority_arns=(),
    client_broker="TLS",
    in_cluster=True,
)
ORDERS = Cluster(
    id=ID,
    account="000000000000",
    region="us-east-1",
    name="orders",
    creator_arn="arn:aws:iam::000000000000:root",
    created_ms=1,
    kafka_version="3.9.x",
    node_count=2,
    subnet_ids=("subnet-1", "subnet-2"),
    security_group_ids=("sg-1",),
    security=SCRAM,
    current_version="K13V1IB3VIYZZH",
    home="own",
)


class Bench:
    """A kept cluster, its machine, the state it is kept in, and a clock that is moved by hand."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.database = endpoint.databases.state
        self.machine = Machine()
        self.now = 1000.0
        self.kept = Kept(
            ID, self.database, self.machine, self.machine, endpoint.clock, lambda: self.now
        )
        with self.database.write() as tx:
            clusters.create(tx, ORDERS)

    @property
    def cluster(self) -> Cluster:
        with self.database.read() as tx:
            found = clusters.find(tx, ID)
        assert found is not None
        return found

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.kept.step()

    def change(self) -> None:
        """Another revision of the cluster is wanted."""
        with self.database.write() as tx:
            clusters.change(tx, replace(self.cluster, security=replace(SCRAM, iam=True)))

    def lives(self) -> list[tuple[int, str]]:
        """Every node that was started, and how it ended."""
        return [(process.node.node_id, process.how) for process in self.machine.started]

    def secret(self, name: str, value: ScramUser | str) -> str:
        """A secret whose current version is `v1`, associated."""
        made = Secret(f"id-{name}", ORDERS.account, ORDERS.region, name, "AbCdEf", 1, 1)
        with self.database.write() as tx:
            secrets.create(tx, made)
            secrets.put_stages(tx, made.id, {"AWSCURRENT": "v1"})
            position = scram_secrets.next_position(tx, ID)
            asked = ScramSecret(ID, made.arn, position, 1, "arn:key", "grant")
            scram_secrets.associate(tx, asked)
        self.machine.secrets[made.arn] = value
        return made.arn

    def noted(self, arn: str) -> ScramSecret:
        with self.database.read() as tx:
            return next(each for each in scram_secrets.wanted_of(tx, ID) if each.secret_arn == arn)
