"""The AWS CLI, unchanged, from an environment of its own."""

import json
from base64 import b64decode
from pathlib import Path

from .aws_cli import answer, aws
from .server import Server


def test_the_steps_of_the_permissions_page(calm: Server) -> None:
    assert answer(calm, "sts", "get-caller-identity")["Account"] == "000000000000"
    version = answer(
        calm,
        *("iam", "get-policy-version", "--version-id", "v2", "--policy-arn"),
        "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole",
    )["PolicyVersion"]
    (statement,) = version["Document"]["Statement"]
    assert {"kafka:DescribeCluster", "logs:PutLogEvents"} <= set(statement["Action"])
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
    answer(
        calm,
        *("iam", "create-role", "--role-name", "orders"),
        *("--assume-role-policy-document", json.dumps(trust)),
    )
    attach = (
        *("iam", "attach-role-policy", "--role-name", "orders", "--policy-arn"),
        "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole",
    )
    answer(calm, *attach)
    answer(calm, *attach)
    attached = answer(calm, "iam", "list-attached-role-policies", "--role-name", "orders")
    assert [each["PolicyName"] for each in attached["AttachedPolicies"]] == [
        "AWSLambdaMSKExecutionRole"
    ]


def test_a_fresh_user_may_call_nothing_of_msk(calm: Server) -> None:
    answer(calm, "iam", "create-user", "--user-name", "alice")
    key = answer(calm, "iam", "create-access-key", "--user-name", "alice")["AccessKey"]
    signer = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    denied = aws(calm, "kafka", "list-clusters", **signer)
    # The CLI says 254 or 255 for a refused call, by version.
    assert denied.returncode in (254, 255)
    assert (
        "(AccessDeniedException) when calling the ListClusters operation: "
        "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: "
        "kafka:ListClusters on resource: arn:aws:kafka:us-east-1:000000000000:/v1/clusters "
        "because no identity-based policy allows the kafka:ListClusters action"
    ) in denied.stderr


def test_secrets_logs_and_networks(calm: Server) -> None:
    made = answer(calm, "secretsmanager", "create-secret", "--name", "s", "--secret-string", "x")
    read = answer(calm, "secretsmanager", "get-secret-value", "--secret-id", made["ARN"])
    assert read["SecretString"] == "x"
    answer(calm, "logs", "create-log-group", "--log-group-name", "/aws/lambda/orders")
    groups = answer(calm, "logs", "describe-log-groups")["logGroups"]
    assert [each["logGroupName"] for each in groups] == ["/aws/lambda/orders"]
    (vpc,) = answer(calm, "ec2", "describe-vpcs", "--filters", "Name=isDefault,Values=true")["Vpcs"]
    assert vpc["CidrBlock"] == "172.31.0.0/16"
    aliases = answer(calm, "kms", "list-aliases")["Aliases"]
    assert "alias/aws/secretsmanager" in [each["AliasName"] for each in aliases]


def test_pages_waiters_and_formats(server: Server) -> None:
    for name in ("ann", "bob", "eve"):
        answer(server, "iam", "create-user", "--user-name", name)
    answer(server, "iam", "wait", "user-exists", "--user-name", "ann")
    names = ("--query", "Users[].UserName")
    first = answer(server, "iam", "list-users", "--max-items", "2", "--page-size", "1")
    assert [user["UserName"] for user in first["Users"]] == ["ann", "bob"]
    rest = ("--starting-token", first["NextToken"])
    assert answer(server, "iam", "list-users", *rest, *names) == ["eve"]
    text = aws(server, "iam", "list-users", *names, "--output", "text")
    assert text.stdout == "ann\tbob\teve\n"
    table = aws(server, "iam", "list-users", "--output", "table").stdout
    assert "ListUsers" in table and "arn:aws:iam::000000000000:user/eve" in table
    details = ("iam", "get-account-authorization-details", "--filter", "User", "--page-size", "1")
    users = answer(server, *details)["UserDetailList"]
    assert [user["UserName"] for user in users] == ["ann", "bob", "eve"]


def test_bytes_are_read_from_files(calm: Server, tmp_path: Path) -> None:
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(b"\x00plain")
    key = answer(calm, "kms", "create-key")["KeyMetadata"]["KeyId"]
    encrypt = ("kms", "encrypt", "--key-id", key, "--plaintext", f"fileb://{plain}")
    sealed.write_bytes(b64decode(answer(calm, *encrypt)["CiphertextBlob"]))
    opened = answer(calm, "kms", "decrypt", "--ciphertext-blob", f"fileb://{sealed}")
    assert b64decode(opened["Plaintext"]) == b"\x00plain"
