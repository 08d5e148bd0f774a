"""What `sluicegate kafka client-config` prints, read as those read it that it is for."""

import ast
import re
from pathlib import Path

import pytest

from sluicegate.cli.kafka.configuration import configuration
from sluicegate.errors import SettingRefused, StartRefused
from sluicegate.kafka import AsIam, Connection, Plaintext, Sasl, Tls, Token

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PASSWORD = 'a"b\\c =é🔑'
NOBODY = Connection("b:9094", Tls(authorities=PEM))
ALICE = Connection("b:9096", Sasl("SCRAM-SHA-512", "alice", PASSWORD, Tls(authorities=PEM)))
"""With a password that needs every escape there is."""

BY_IAM = Connection("b:9098", AsIam(lambda: Token("t", 4e9), Tls(authorities=PEM)))


def read_properties(text: str) -> dict[str, str]:
    """As java.util.Properties does."""
    assert text.isascii()
    pairs = (line.split("=", 1) for line in text.splitlines())

    def letter(found: re.Match[str]) -> str:
        escape = found[1]
        if escape.startswith("u"):
            return chr(int(escape[1:], 16))
        return {"n": "\n", "r": "\r", "t": "\t"}.get(escape, escape)

    units = {name: re.sub(r"\\(u[0-9a-f]{4}|.)", letter, value) for name, value in pairs}
    return {
        name: value.encode("utf-16-be", "surrogatepass").decode("utf-16-be")
        for name, value in units.items()
    }


def printed(
    capsys: pytest.CaptureFixture[str], connection: Connection, form: str, file: Path | None = None
) -> str:
    configuration(connection, form, None if file is None else str(file), None, "eu-west-1")
    return capsys.readouterr().out


def test_java_clients_read_the_user_and_the_authority(capsys: pytest.CaptureFixture[str]) -> None:
    assert read_properties(printed(capsys, ALICE, "properties")) == {
        "bootstrap.servers": "b:9096",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required "
        'username="alice" password="a\\"b\\\\c =é🔑";',
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": PEM,
    }


def test_java_clients_read_the_authority_from_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    assert read_properties(printed(capsys, NOBODY, "properties", file)) == {
        "bootstrap.servers": "b:9094",
        "security.protocol": "SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(file),
    }
    assert file.read_text() == PEM
    configuration(NOBODY, "properties", str(file), None, "")


def test_librdkafka_reads_names_line_by_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    assert printed(capsys, ALICE, "librdkafka", file).splitlines() == [
        "bootstrap.servers=b:9096",
        "security.protocol=SASL_SSL",
        "sasl.mechanism=SCRAM-SHA-512",
        "sasl.username=alice",
        f"sasl.password={PASSWORD}",
        f"ssl.ca.location={file}",
    ]
    with pytest.raises(SettingRefused, match="name the FILE to write it to with --ca"):
        configuration(ALICE, "librdkafka", None, None, "")
    with pytest.raises(SettingRefused, match="cannot hold this user; ask for it --for python"):
        configuration(ALICE, "librdkafka", str(file), " ends in a space ", "")


@pytest.mark.parametrize("form", ["properties", "librdkafka", "python"])
def test_nobody_in_clear_text_needs_no_more_than_an_address(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, Connection("b:9092", Plaintext()), form)
    assert "b:9092" in text and "PLAINTEXT" in text
    assert not {"ssl.", "sasl."} & set(re.findall(r"s[as]s?l\.", text))


def test_python_reads_the_settings_of_the_library(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    program = ast.parse(printed(capsys, ALICE, "python"))
    (made,) = (each.value for each in program.body if isinstance(each, ast.Assign))
    assert ast.literal_eval(made) == ALICE.config()
    file = tmp_path / "ca.pem"
    assert f"'ssl.ca.location': {str(file)!r}" in printed(capsys, ALICE, "python", file)


def test_the_password_is_printed_only_where_it_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configuration(ALICE, "python", None, "<password of AmazonMSK_alice>", "")
    said = capsys.readouterr()
    assert "'sasl.password': '<password of AmazonMSK_alice>'," in said.out
    assert said.err == "the password is left out; have it with --show-password\n"


def test_a_file_of_something_else_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("mine")
    with pytest.raises(StartRefused, match="mine` is something else; name another --ca FILE"):
        configuration(NOBODY, "python", str(file), None, "")
    assert file.read_text() == "mine"
    with pytest.raises(StartRefused, match="cannot be written: No such file or dir"):
        configuration(NOBODY, "python", str(tmp_path / "no" / "ca.pem"), None, "")


def test_clients_by_iam_sign_for_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    configuration(BY_IAM, "properties", None, None, "eu-west-1")
    said = capsys.readouterr()
    assert read_properties(said.out) == {
        "bootstrap.servers": "b:9098",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "AWS_MSK_IAM",
        "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
        "sasl.client.callback.handler.class": (
            "software.amazon.msk.auth.iam.IAMClientCallbackHandler"
        ),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": PEM,
    }
    assert said.err.endswith("set AWS_REGION=eu-west-1\n")
    configuration(BY_IAM, "python", None, None, "eu-west-1")
    said = capsys.readouterr()
    ast.parse(said.out)
    assert "MSKAuthTokenProvider.generate_auth_token('eu-west-1')" in said.out
    assert "'oauth_cb': token,\n" in said.out and "ssl.ca.pem" in said.out
    with pytest.raises(SettingRefused, match="cannot sign for IAM"):
        configuration(BY_IAM, "librdkafka", None, None, "eu-west-1")
