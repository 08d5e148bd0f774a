"""`sluicegate kafka client-config`: what a Kafka client needs to get in, as its file wants it."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import SettingRefused, StartRefused
from ...kafka import AsIam, Connection, Plaintext, Sasl, Tls
from ..table import plain


@dataclass(frozen=True, slots=True)
class Way:
    """A connection, and the file that has the brokers' authority, where there is one."""

    connection: Connection
    file: Path | None = None
    region: str = ""

    @property
    def is_iam(self) -> bool:
        """Whether who uses it signs with credentials of AWS's."""
        return isinstance(self.connection.credentials, AsIam)

    @property
    def sasl(self) -> Sasl | None:
        """The login, where there is one."""
        login = self.connection.credentials
        return login if isinstance(login, Sasl) else None

    @property
    def authority(self) -> str:
        """Who signs the brokers' certificates, as PEM; "" over plaintext."""
        login = self.connection.credentials
        tls = login.tls if isinstance(login, Sasl | AsIam) else login
        return tls.authorities if isinstance(tls, Tls) else ""

    @property
    def protocol(self) -> str:
        """Kafka's name of it."""
        if self.sasl or self.is_iam:
            return "SASL_SSL"
        return "PLAINTEXT" if isinstance(self.connection.credentials, Plaintext) else "SSL"


def configuration(
    connection: Connection, form: str, file: str | None, password: str | None, region: str
) -> None:
    """Print it; `password` stands in for the one there is, `file` gets the brokers' authority."""
    path = None if file is None else Path(file).absolute()
    way = Way(_hidden(connection, password), path, region)
    text = _FORMS[form](way)
    if way.file is not None:
        _write(way.file, way.authority)
    print(text)
    if password is not None and way.sasl is not None:
        print("the password is left out; have it with --show-password", file=sys.stderr)
    if way.is_iam:
        print(_SIGNING[form].format(region=plain(region)), file=sys.stderr)


_SIGNING = {
    "properties": "it signs with the AWS credentials of its environment, by aws-msk-iam-auth on "
    "its class path; set AWS_REGION={region}",
    "python": "it signs with the AWS credentials of its environment, by "
    "aws-msk-iam-sasl-signer-python",
}


def _hidden(connection: Connection, password: str | None) -> Connection:
    login = connection.credentials
    if password is None or not isinstance(login, Sasl):
        return connection
    return replace(connection, credentials=replace(login, password=password))


def _write(file: Path, authority: str) -> None:
    if not authority:
        print("there is no authority to write: the brokers listen in clear text", file=sys.stderr)
        return
    try:
        if not file.exists():
            file.write_text(authority)
        elif file.read_bytes() != authority.encode():
            raise StartRefused(f"`{plain(str(file))}` is something else; name another --ca FILE")
    except OSError as error:
        raise StartRefused(
            f"`{plain(str(file))}` cannot be written: {error.strerror}; name another --ca FILE"
        ) from None


def properties(way: Way) -> str:
    """For Java clients: `--command-config FILE`, `--producer.config FILE`."""
    given = {
        "bootstrap.servers": way.connection.bootstrap_servers,
        "security.protocol": way.protocol,
    }
    if way.sasl:
        given["sasl.mechanism"] = way.sasl.mechanism
        user, password = (_in_jaas(each) for each in (way.sasl.username, way.sasl.password))
        given["sasl.jaas.config"] = (
            "org.apache.kafka.common.security.scram.ScramLoginModule required "
            f"username={user} password={password};"
        )
    if way.is_iam:
        given |= _BY_IAM
    if way.authority:
        given["ssl.truststore.type"] = "PEM"
        if way.file:
            given["ssl.truststore.location"] = str(way.file)
        else:
            given["ssl.truststore.certificates"] = way.authority
    return "\n".join(f"{name}={_in_properties(value)}" for name, value in given.items())


# As AWS's library for Java says.
_BY_IAM = {
    "sasl.mechanism": "AWS_MSK_IAM",
    "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
    "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
}


def _in_jaas(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _in_properties(text: str) -> str:
    """A value as java.util.Properties reads it from a file of any encoding."""
    units = text.encode("utf-16-be")
    letters = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    shown = [
        _ESCAPES.get(chr(unit)) or (chr(unit) if 32 <= unit < 127 else f"\\u{unit:04x}")
        for unit in letters
    ]
    return "".join(shown)


_ESCAPES: Mapping[str, str] = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def librdkafka(way: Way) -> str:
    """For `kcat -F FILE`, and whatever else reads librdkafka's names line by line."""
    if way.is_iam:
        raise SettingRefused("such a file cannot sign for IAM; ask for it --for python")
    if way.authority and way.file is None:
        raise SettingRefused(
            "such a file cannot hold the brokers' authority; name the FILE to write it to with --ca"
        )
    lines = _named(way)
    if any(value != value.strip() or not value.isprintable() for value in lines.values()):
        raise SettingRefused("such a file cannot hold this user; ask for it --for python")
    return "\n".join(f"{name}={value}" for name, value in lines.items())


def python(way: Way) -> str:
    """For confluent-kafka: a program that gets in, and prints the topics it sees."""
    lines = [f"    {name!r}: {_in_python(value)}," for name, value in _named(way).items()]
    if way.is_iam:
        lines.append("    'oauth_cb': token,")
    return "\n".join(
        (
            *(_signer(way.region) if way.is_iam else ()),
            "from confluent_kafka.admin import AdminClient",
            "",
            "settings = {",
            *lines,
            "}",
            "print(sorted(AdminClient(settings).list_topics(timeout=10).topics))",
        )
    )


def _signer(region: str) -> tuple[str, ...]:
    """What makes tokens by AWS's signer."""
    made = f"MSKAuthTokenProvider.generate_auth_token({region!a})"
    return (
        "from aws_msk_iam_sasl_signer import MSKAuthTokenProvider",
        "",
        "",
        "def token(_):",
        f"    text, expires_ms = {made}",
        "    return text, expires_ms / 1000",
        "",
        "",
    )


def _named(way: Way) -> dict[str, str]:
    """By librdkafka's names; what it calls back is no text."""
    given: dict[str, Any] = way.connection.config()
    given.pop("oauth_cb", None)
    if way.file is not None and given.pop("ssl.ca.pem", None):
        given["ssl.ca.location"] = str(way.file)
    return given


def _in_python(value: str) -> str:
    lines = value.splitlines(keepends=True)
    if len(lines) < 2:
        return ascii(value)
    shown = "".join(f"\n        {line!a}" for line in lines)
    return f"({shown}\n    )"


_FORMS: Mapping[str, Callable[[Way], str]] = {
    "properties": properties,
    "librdkafka": librdkafka,
    "python": python,
}
