"""No secret stands in clear in any file of the state, and no log or error repeats one."""

from pathlib import Path
from typing import Any

import pytest

from sluicegate.operations.secretsmanager.envelopes import Value
from sluicegate.testing import Endpoint

PLANTED = "planted-s3cret-value-7f21"


def test_no_planted_secret_is_in_any_file(own_endpoint: Endpoint, tmp_path: Path) -> None:
    client, kms = own_endpoint.client("secretsmanager"), own_endpoint.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    for name, params in (("default", {}), ("own", {"KmsKeyId": key})):
        replicas = [{"Region": "eu-west-1"}]
        client.create_secret(Name=name, SecretString=PLANTED, AddReplicaRegions=replicas, **params)
        client.put_secret_value(SecretId=name, SecretBinary=PLANTED.encode() * 2)
        client.get_secret_value(SecretId=name)
    data_key = kms.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"]
    kms.encrypt(KeyId=key, Plaintext=PLANTED.encode())
    # Open still, so that the write-ahead logs are there too; then closed, and all in one file.
    assert_nowhere(tmp_path, PLANTED.encode(), data_key)
    own_endpoint.close()
    assert_nowhere(tmp_path, PLANTED.encode(), data_key)


def assert_nowhere(folder: Path, *planted: bytes) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.stat().st_size for path in files)
    for path in files:
        content = path.read_bytes()
        assert not any(each in content for each in planted), path.name


def test_a_value_prints_nothing_of_itself() -> None:
    value = Value.given({"SecretString": PLANTED})
    assert PLANTED not in repr(value)


def test_errors_and_logs_do_not_repeat_a_value(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    client: Any = endpoint.client("secretsmanager")
    caplog.set_level("DEBUG", logger="sluicegate")
    client.create_secret(Name="s", SecretString="x")
    for params in (
        {"SecretId": "s", "SecretString": PLANTED, "VersionStages": ["x" * 257]},
        {"SecretId": "nope", "SecretString": PLANTED},
        {"SecretId": "s", "SecretString": PLANTED * 5000},
    ):
        with pytest.raises(client.exceptions.ClientError) as caught:
            client.put_secret_value(**params)
        assert PLANTED not in str(caught.value.response)
    assert PLANTED not in caplog.text
