"""An account with something of everything, as operations and keepers would have written it."""

from dataclasses import replace

from sluicegate.store import (
    cluster_nodes,
    clusters,
    function_versions,
    functions,
    mapping_leases,
    mapping_progress,
    mappings,
    scram_secrets,
)
from sluicegate.store.cluster_nodes import Node
from sluicegate.store.clusters import Cluster, Security
from sluicegate.store.database import Tx
from sluicegate.store.function_versions import Version
from sluicegate.store.functions import Function
from sluicegate.store.mapping_progress import Progress
from sluicegate.store.mappings import EventSourceMapping
from sluicegate.store.scram_secrets import ScramSecret
from sluicegate.testing import Endpoint
from sluicegate.wire.client import IN_PROCESS_URL, Credentials, to_request
from sluicegate.wire.message import Response
from sluicegate.wire.own import signed

ACCOUNT, REGION = "000000000000", "us-east-1"
ID = "b1a2c3d4-0000-4000-8000-000000000001"
OTHER_ID = "b1a2c3d4-0000-4000-8000-000000000002"
ALICE = "arn:aws:secretsmanager:us-east-1:000000000000:secret:AmazonMSK_alice-AbCdEf"
BOB = "arn:aws:secretsmanager:us-east-1:000000000000:secret:AmazonMSK_bob-AbCdEf"
TAKEN = "port 9092 on 127.5.6.1 is taken by another program; node 1 starts once it is free"
PORTS = {"CLIENT": 9092, "CLIENT_SASL_SCRAM": 9096, "REPLICATION": 9091, "CLIENT_IAM": 9098}
MINUTE = 60_000

DEMO = Cluster(
    id="a1b2-1",
    account=ACCOUNT,
    region=REGION,
    name="demo",
    creator_arn="arn:aws:iam::000000000000:root",
    created_ms=0,
    kafka_version="3.9.x",
    node_count=2,
    subnet_ids=("subnet-1",),
    security_group_ids=(),
    security=Security(True, True, False, False, (), "TLS_PLAINTEXT", False),
    current_version="K13V1IB3VIYZZH",
    state="ACTIVE",
    applied_revision=1,
)
ORDERS = EventSourceMapping(
    id=ID,
    account=ACCOUNT,
    region=REGION,
    function_id="f1",
    function_arn="arn:aws:lambda:us-east-1:000000000000:function:orders:live",
    topic="orders",
    group_id="billing",
    created_ms=0,
    last_modified_ms=0,
    event_source_arn=DEMO.arn,
    filters=('{"value":["hidden"]}',),
    state="Enabled",
    applied_revision=1,
    last_processing_result="OK",
)


def well(endpoint: Endpoint) -> None:
    """A cluster of two nodes and a user, a function, and a mapping that is nearly through."""
    now_ms = endpoint.clock.now_ms()
    with endpoint.databases.state.write() as tx:
        clusters.create(tx, replace(DEMO, created_ms=now_ms - MINUTE))
        for number in (1, 2):
            address = f"127.5.6.{number}"
            cluster_nodes.place(tx, Node(DEMO.id, number, address, PORTS, "subnet-1", "PLACED", 0))
        scram_secrets.associate(tx, ScramSecret(DEMO.id, ALICE, 0, 0, "arn:key", "grant-1"))
        scram_secrets.applied(tx, DEMO.id, ALICE, "alice", "version-1")
        _function(tx, now_ms)
        mappings.create(tx, replace(ORDERS, last_modified_ms=now_ms - MINUTE))
        mapping_leases.take(tx, ID, "worker-1", MINUTE)
        notes = (
            Progress(
                ID, 0, "worker-1", now_ms - 2_500, position=8, committed=5, end=9, in_flight=3
            ),
            Progress(ID, 1, "worker-2", now_ms - 3 * MINUTE, waits_for="the end is not known"),
        )
        mapping_progress.note_progress(tx, notes)


def _function(tx: Tx, now_ms: int) -> None:
    functions.create(tx, Function("f1", ACCOUNT, REGION, "orders", now_ms))
    latest = Version("f1", "r", "python3.13", "app.handler", "arn:role", "0" * 64, 10, now_ms)
    function_versions.add(tx, latest)
    function_versions.add(tx, replace(latest, version="1", position=1, runtime="python3.12"))


def badly(endpoint: Endpoint) -> None:
    """As `well`, but a node ended, a secret cannot be read, and a batch fails again and again."""
    well(endpoint)
    now_ms = endpoint.clock.now_ms()
    with endpoint.databases.state.write() as tx:
        clusters.set_state(tx, DEMO.id, ["ACTIVE"], "HEALING", "WAITING", TAKEN)
        scram_secrets.associate(tx, ScramSecret(DEMO.id, BOB, 1, 0, "arn:key", "grant-2"))
        scram_secrets.failed(tx, DEMO.id, BOB, "the secret's value is no JSON")
        mappings.set_result(tx, ID, "PROBLEM: Function call failed")
        note = Progress(
            *(ID, 0, "worker-1", now_ms),
            position=8,
            committed=5,
            end=9,
            in_flight=3,
            retry=4,
            last_result="Unhandled: \x1b[31mred",
            waits_for="the next attempt",
            began=5,
            dropped=2,
            last_dropped=7,
            holes=1,
            last_hole="3-5: records were gone before",
        )
        mapping_progress.note_progress(tx, [note])
        unkept = replace(ORDERS, id=OTHER_ID, topic="returns", event_source_arn=None)
        mappings.create(tx, replace(unkept, bootstrap_servers=("kafka:9092", "other:9092")))


def asked(
    endpoint: Endpoint,
    target: str,
    signer: Credentials | None = None,
    *,
    region: str = REGION,
    service: str = "sluicegate",
) -> Response:
    """The answer to a signed GET of one of Sluicegate's own paths; as root by default."""
    root = Credentials(endpoint.root.access_key, endpoint.root.secret_key)
    prepared = signed(
        "GET", IN_PROCESS_URL + target, region=region, credentials=signer or root, service=service
    )
    return endpoint.answer(to_request(prepared))
