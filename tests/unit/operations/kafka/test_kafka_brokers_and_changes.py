"""Bootstrap strings and nodes; security and configurations changed; configurations themselves."""

import json
from typing import Any

from tests.unit.operations.asserting import refused
from tests.unit.operations.kafka.asserting import (
    IAM_ONLY,
    KAFKA,
    SCRAM_ONLY,
    bad_request,
    created,
    running,
    started,
    stated,
    subnets,
)

from sluicegate.store import cluster_configurations, clusters
from sluicegate.testing import Endpoint

EVERYBODY: dict[str, Any] = {
    "Sasl": {"Scram": {"Enabled": True}, "Iam": {"Enabled": True}},
    "Unauthenticated": {"Enabled": True},
}
STALE = "The version of the cluster isn't current. Check the current version and try again."
MISSING = "Configuration ARN does not exist"


def brokers(endpoint: Endpoint, arn: str) -> dict[str, str]:
    answer = endpoint.client("kafka").get_bootstrap_brokers(ClusterArn=arn)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_bootstrap_strings_are_those_of_the_ways_to_log_in(endpoint: Endpoint) -> None:
    in_transit = {"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT"}}
    everybody = running(endpoint, ClientAuthentication=EVERYBODY, EncryptionInfo=in_transit)
    assert brokers(endpoint, everybody) == {
        "BootstrapBrokerString": "127.0.1.1:9092",
        "BootstrapBrokerStringTls": "127.0.1.1:9094",
        "BootstrapBrokerStringSaslScram": "127.0.1.1:9096",
        "BootstrapBrokerStringSaslIam": "127.0.1.1:9098",
    }
    by_role = running(endpoint, "by-role", ClientAuthentication=IAM_ONLY)
    assert brokers(endpoint, by_role) == {"BootstrapBrokerStringSaslIam": "127.0.1.1:9098"}
    nobody_said = running(endpoint, "nobody-said")
    assert brokers(endpoint, nobody_said) == {"BootstrapBrokerStringTls": "127.0.1.1:9094"}


def test_a_bootstrap_string_has_a_broker_per_zone(endpoint: Endpoint) -> None:
    places = {"ClientSubnets": subnets(endpoint, 3)}
    arn = running(endpoint, NumberOfBrokerNodes=6, group_info=places)
    servers = brokers(endpoint, arn)["BootstrapBrokerStringTls"]
    assert servers == "127.0.1.1:9094,127.0.1.2:9094,127.0.1.3:9094"


def test_there_are_no_bootstrap_strings_of_what_does_not_run(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), created(endpoint)
    sentence = "You can't get bootstrap broker nodes for a cluster in {} state."
    assert bad_request(kafka.get_bootstrap_brokers, ClusterArn=arn) == sentence.format("CREATING")
    stated(endpoint, arn, "FAILED", "no address is free")
    assert bad_request(kafka.get_bootstrap_brokers, ClusterArn=arn) == sentence.format("FAILED")
    kafka.delete_cluster(ClusterArn=arn)
    assert bad_request(kafka.get_bootstrap_brokers, ClusterArn=arn) == sentence.format("DELETING")


def test_nodes_are_listed_where_they_are(endpoint: Endpoint) -> None:
    places = subnets(endpoint, 2)
    arn = running(endpoint, NumberOfBrokerNodes=2, group_info={"ClientSubnets": places})
    paginator = endpoint.client("kafka").get_paginator("list_nodes")
    pages = list(paginator.paginate(ClusterArn=arn, PaginationConfig={"PageSize": 1}))
    first, second = (node for page in pages for node in page["NodeInfoList"])
    assert first["NodeARN"].startswith(arn.replace(":cluster/", ":broker/") + "/")
    assert first["NodeARN"] != second["NodeARN"]
    assert (first["NodeType"], first["InstanceType"]) == ("BROKER", "kafka.m5.large")
    assert first["AddedToClusterTime"] == "1970-01-01T00:00:00.000Z"
    assert second["BrokerNodeInfo"] == {
        "BrokerId": 2.0,
        "BrokerNodeType": "STANDARD",
        "ClientSubnet": places[1],
        "ClientVpcIpAddress": "127.0.1.2",
        "CurrentBrokerSoftwareInfo": {"KafkaVersion": "3.9.x"},
        "Endpoints": ["127.0.1.2"],
    }


def version(endpoint: Endpoint, arn: str) -> str:
    info = endpoint.client("kafka").describe_cluster(ClusterArn=arn)["ClusterInfo"]
    found: str = info["CurrentVersion"]
    return found


def test_security_is_changed_and_the_change_can_be_watched(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), running(endpoint, ClientAuthentication=IAM_ONLY)
    old = version(endpoint, arn)
    answer = kafka.update_security(
        ClusterArn=arn, CurrentVersion=old, ClientAuthentication=SCRAM_ONLY
    )
    operation = answer["ClusterOperationArn"]
    cluster = arn.rpartition(":cluster/")[2]
    assert operation.startswith(f"{KAFKA}:cluster-operation/{cluster}/")
    info = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]
    assert (info["State"], info["ActiveOperationArn"]) == ("UPDATING", operation)
    assert info["CurrentVersion"] != old
    both = {"Scram": {"Enabled": True}, "Iam": {"Enabled": True}}
    assert info["ClientAuthentication"]["Sasl"] == both
    told = kafka.describe_cluster_operation(ClusterOperationArn=operation)["ClusterOperationInfo"]
    assert (told["OperationType"], told["OperationState"]) == (
        "UPDATE_SECURITY",
        "UPDATE_IN_PROGRESS",
    )
    assert told["SourceClusterInfo"]["ClientAuthentication"]["Sasl"]["Scram"] == {"Enabled": False}
    assert told["TargetClusterInfo"]["ClientAuthentication"]["Sasl"] == both
    assert set(info["ClientAuthentication"]) == {"Sasl"}
    started(endpoint, arn)
    (listed,) = kafka.list_cluster_operations(ClusterArn=arn)["ClusterOperationInfoList"]
    assert (listed["OperationArn"], listed["OperationState"]) == (operation, "UPDATE_COMPLETE")
    (summary,) = kafka.list_cluster_operations_v2(ClusterArn=arn)["ClusterOperationInfoList"]
    assert summary["ClusterType"] == "PROVISIONED"
    described = kafka.describe_cluster_operation_v2(ClusterOperationArn=operation)
    assert (
        described["ClusterOperationInfo"]["Provisioned"]["TargetClusterInfo"]
        == (told["TargetClusterInfo"])
    )
    assert kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]["State"] == "ACTIVE"


def test_whoever_is_let_in_is_shown_once_something_was_said_of_it(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), running(endpoint)

    def shown() -> Any:
        described = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]
        return described.get("ClientAuthentication")

    assert shown() is None
    kafka.update_security(
        ClusterArn=arn, CurrentVersion=version(endpoint, arn), ClientAuthentication=SCRAM_ONLY
    )
    started(endpoint, arn)
    scram = {"Scram": {"Enabled": True}, "Iam": {"Enabled": False}}
    assert shown() == {"Sasl": scram, "Unauthenticated": {"Enabled": True}}
    assert set(brokers(endpoint, arn)) == {
        "BootstrapBrokerStringTls",
        "BootstrapBrokerStringSaslScram",
    }
    closed = {"Unauthenticated": {"Enabled": False}}
    kafka.update_security(
        ClusterArn=arn, CurrentVersion=version(endpoint, arn), ClientAuthentication=closed
    )
    assert shown() == {"Sasl": scram, **closed}


def test_a_change_that_failed_says_so(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), running(endpoint, ClientAuthentication=IAM_ONLY)
    operation = kafka.update_security(
        ClusterArn=arn, CurrentVersion=version(endpoint, arn), ClientAuthentication=SCRAM_ONLY
    )["ClusterOperationArn"]
    stated(endpoint, arn, "FAILED", "no")
    told = kafka.describe_cluster_operation(ClusterOperationArn=operation)["ClusterOperationInfo"]
    assert told["OperationState"] == "UPDATE_FAILED"


def test_security_is_changed_only_where_there_is_something_to_change(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), running(endpoint, ClientAuthentication=IAM_ONLY)

    def refusal(**params: Any) -> str:
        asked = {"ClusterArn": arn, "CurrentVersion": version(endpoint, arn)} | params
        return bad_request(kafka.update_security, **asked)

    assert refusal(CurrentVersion="K13V1IB3VIYZZH", ClientAuthentication=SCRAM_ONLY) == STALE
    assert refusal(ClientAuthentication=IAM_ONLY) == (
        "The request does not include any updates to the security setting of the cluster. "
        "Verify the request, then try again."
    )
    named = {"Unauthenticated": {"Enabled": False}}
    assert "does not include any updates" in refusal(ClientAuthentication=named)
    off = {"Sasl": {"Iam": {"Enabled": False}}}
    assert refusal(ClientAuthentication=off) == (
        "At least one way of client authentication must be turned on."
    )
    at_rest = {"EncryptionAtRest": {"DataVolumeKMSKeyId": "alias/mine"}}
    assert refusal(EncryptionInfo=at_rest) == "Encryption at rest cannot be changed."
    open_inside = {"EncryptionInTransit": {"InCluster": False}}
    everybody = off | {"Unauthenticated": {"Enabled": True}}
    assert refusal(EncryptionInfo=open_inside, ClientAuthentication=everybody) == (
        "Encryption within the cluster cannot be changed."
    )
    stated(endpoint, arn, "HEALING", "no")
    message = refusal(ClientAuthentication=SCRAM_ONLY)
    assert message == "You can't update a cluster in HEALING state."


def test_a_change_that_brokers_cannot_start_with_is_put_right_by_another(
    endpoint: Endpoint,
) -> None:
    kafka, cluster = endpoint.client("kafka"), running(endpoint)

    def changed(name: str, text: bytes) -> str:
        info = {"Arn": configured(endpoint, name, text=text)["Arn"], "Revision": 1}
        asked = {"ClusterArn": cluster, "CurrentVersion": version(endpoint, cluster)}
        answer = kafka.update_cluster_configuration(**asked, ConfigurationInfo=info)
        return str(answer["ClusterOperationArn"])

    def states() -> dict[str, str]:
        told = kafka.list_cluster_operations(ClusterArn=cluster)["ClusterOperationInfoList"]
        return {each["OperationArn"]: each["OperationState"] for each in told}

    first = changed("first", b"num.io.threads=3")
    started(endpoint, cluster)
    bad = changed("bad", b"num.io.threads=1000000000")
    stated(endpoint, cluster, "HEALING", "broker 1 ended: out of memory")
    good = changed("good", b"num.io.threads=2")
    assert list(states()) == [good, bad, first]
    assert list(states().values()) == ["UPDATE_IN_PROGRESS", "UPDATE_FAILED", "UPDATE_COMPLETE"]
    with endpoint.databases.state.write() as tx:
        clusters.set_state(tx, cluster.rpartition("/")[2], ("HEALING",), "ACTIVE")
    started(endpoint, cluster)
    assert list(states().values()) == ["UPDATE_COMPLETE", "UPDATE_FAILED", "UPDATE_COMPLETE"]


def test_an_operation_that_is_not_there_is_not_found(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), running(endpoint)
    cluster = arn.rpartition(":cluster/")[2]
    nothing = f"{KAFKA}:cluster-operation/{cluster}/0f0e0d0c-1111-2222-3333-444455556666"
    describe = kafka.describe_cluster_operation
    assert refused(describe, status=404, ClusterOperationArn=nothing)[0] == "NotFoundException"
    message = bad_request(describe, ClusterOperationArn=arn)
    assert message == "The parameter value contains one or more characters that are not valid."


def configured(endpoint: Endpoint, name: str = "strict", **more: Any) -> dict[str, Any]:
    text = more.pop("text", b"# ours\nauto.create.topics.enable=false\nnum.partitions : 3\n")
    made: dict[str, Any] = endpoint.client("kafka").create_configuration(
        Name=name, ServerProperties=text, **more
    )
    return made


def test_a_configuration_has_revisions_that_stay(endpoint: Endpoint) -> None:
    kafka = endpoint.client("kafka")
    made = configured(endpoint, KafkaVersions=["3.9.x"], Description="first")
    arn = made["Arn"]
    assert arn.startswith(f"{KAFKA}:configuration/strict/")
    assert (made["State"], made["LatestRevision"]["Revision"]) == ("ACTIVE", 1)
    updated = kafka.update_configuration(
        Arn=arn, ServerProperties=b"num.partitions=5", Description="second"
    )
    assert updated["LatestRevision"]["Revision"] == 2
    told = kafka.describe_configuration(Arn=arn)
    assert (told["Name"], told["KafkaVersions"], told["Description"]) == (
        "strict",
        ["3.9.x"],
        "second",
    )
    first = kafka.describe_configuration_revision(Arn=arn, Revision=1)
    assert first["ServerProperties"].startswith(b"# ours\n")
    assert first["Description"] == "first"
    (listed,) = kafka.list_configurations()["Configurations"]
    assert listed["LatestRevision"]["Revision"] == 2
    paginator = kafka.get_paginator("list_configuration_revisions")
    pages = paginator.paginate(Arn=arn, PaginationConfig={"PageSize": 1})
    assert [each["Revision"] for page in pages for each in page["Revisions"]] == [1, 2]
    with endpoint.databases.state.read() as tx:
        settings = cluster_configurations.settings(tx, arn, 1)
    assert settings == {"auto.create.topics.enable": "false", "num.partitions": "3"}


def test_a_property_that_is_not_msk_s_to_set_is_refused_in_its_words(endpoint: Endpoint) -> None:
    kafka = endpoint.client("kafka")
    text = b"super.users=User:eve\nnum.partitions=many\nzookeeper.session.timeout.ms=18000"
    message = bad_request(
        kafka.create_configuration, Name="bad", KafkaVersions=["3.9.x"], ServerProperties=text
    )
    assert json.loads(message) == [
        {
            "name": "super.users",
            "value": "User:eve",
            "errorMessages": [
                "Key 'super.users' is not supported by at least one Apache Kafka version. "
                "Key checked against versions: [3.9.x]"
            ],
        },
        {
            "name": "num.partitions",
            "value": "many",
            "errorMessages": ["Value 'many' is not valid for key 'num.partitions'."],
        },
    ]
    assert kafka.list_configurations()["Configurations"] == []


def test_properties_are_text_as_java_writes_it(endpoint: Endpoint) -> None:
    kafka = endpoint.client("kafka")
    text = b"! ours\n\nnum.io.threads\t4\nlog.cleanup.policy = delete,\\\n compact\nnum.partitions"
    message = bad_request(kafka.create_configuration, Name="bad", ServerProperties=text)
    assert [fault["name"] for fault in json.loads(message)] == ["num.partitions"]
    message = bad_request(kafka.create_configuration, Name="bad", ServerProperties=b"\xff")
    assert message == "The server properties must be UTF-8 text."
    message = bad_request(kafka.create_configuration, Name="bad", ServerProperties=b"#" * 65537)
    assert message == "The server properties must be text of at most 65536 bytes."


def test_a_configuration_s_name_is_taken_once_and_made_of_letters(endpoint: Endpoint) -> None:
    kafka = endpoint.client("kafka")
    configured(endpoint)
    code, message = refused(
        kafka.create_configuration, status=409, Name="strict", ServerProperties=b""
    )
    assert (code, message) == ("ConflictException", "A resource with this name already exists.")
    message = bad_request(kafka.create_configuration, Name="a_b", ServerProperties=b"")
    assert message == "The parameter value contains one or more characters that are not valid."


def test_a_configuration_in_use_stays(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), configured(endpoint)["Arn"]
    cluster = created(endpoint, ConfigurationInfo={"Arn": arn, "Revision": 1})
    info = kafka.describe_cluster(ClusterArn=cluster)["ClusterInfo"]
    assert info["CurrentBrokerSoftwareInfo"] == {
        "ConfigurationArn": arn,
        "ConfigurationRevision": 1,
        "KafkaVersion": "3.9.x",
    }
    assert bad_request(kafka.delete_configuration, Arn=arn) == (
        "Configuration is in use by one or more clusters. Dissociate the configuration from the "
        "clusters."
    )
    kafka.delete_cluster(ClusterArn=cluster)
    with endpoint.databases.state.write() as tx:
        clusters.remove(tx, cluster.rpartition("/")[2])
    assert kafka.delete_configuration(Arn=arn)["State"] == "DELETING"
    assert bad_request(kafka.describe_configuration, Arn=arn) == MISSING
    configured(endpoint)


def test_a_configuration_is_for_its_versions_and_revisions(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), configured(endpoint, KafkaVersions=["3.8.x"])["Arn"]
    cluster = running(endpoint)

    def refusal(**info: Any) -> str:
        return bad_request(
            kafka.update_cluster_configuration,
            ClusterArn=cluster,
            CurrentVersion=version(endpoint, cluster),
            ConfigurationInfo={"Arn": arn, "Revision": 1} | info,
        )

    assert refusal() == ("The configuration is for Kafka versions [3.8.x], the cluster's is 3.9.x.")
    assert refusal(Revision=2) == "Configuration revision does not exist"
    assert refusal(Arn=arn[:-1]) == MISSING
    message = bad_request(kafka.describe_configuration_revision, Arn=arn, Revision=7)
    assert message == "Configuration revision does not exist"
    message = bad_request(
        kafka.create_configuration, Name="x", KafkaVersions=["9.9"], ServerProperties=b""
    )
    assert message.startswith("Unsupported KafkaVersion [9.9].")


def test_a_cluster_takes_another_configuration(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), configured(endpoint)["Arn"]
    cluster = running(endpoint)

    def ask() -> dict[str, Any]:
        return {
            "ClusterArn": cluster,
            "CurrentVersion": version(endpoint, cluster),
            "ConfigurationInfo": {"Arn": arn, "Revision": 1},
        }

    operation = kafka.update_cluster_configuration(**ask())["ClusterOperationArn"]
    told = kafka.describe_cluster_operation(ClusterOperationArn=operation)["ClusterOperationInfo"]
    assert told["OperationType"] == "UPDATE_CLUSTER_CONFIGURATION"
    assert told["TargetClusterInfo"] == {"ConfigurationInfo": {"Arn": arn, "Revision": 1}}
    started(endpoint, cluster)
    message = bad_request(kafka.update_cluster_configuration, **ask())
    assert message == "The cluster has this configuration already."
