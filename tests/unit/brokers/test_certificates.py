"""Certificates that clients' platforms take."""

import datetime
import ipaddress
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from sluicegate.brokers import authority
from sluicegate.brokers.certificates import self_signed, signed_leaf
from sluicegate.brokers.listeners import Endpoint
from sluicegate.brokers.plan import Certificate
from sluicegate.clock import SystemClock
from sluicegate.testing import Endpoint as Api

NOW = datetime.datetime(2026, 11, 26, tzinfo=datetime.UTC)
NAME = "b-1.orders.abc123.c1.kafka.eu-west-1.amazonaws.com"


def issued() -> tuple[x509.Certificate, x509.Certificate, str]:
    ca, key = self_signed("Brokers", NOW)
    pem = signed_leaf(ca, key, "b-1", ["127.70.1.1", "127.0.0.1", "localhost", NAME], NOW)
    leaf, root = x509.load_pem_x509_certificates(pem.encode())
    return leaf, root, pem


@pytest.mark.parametrize(
    "subject",
    [
        x509.IPAddress(ipaddress.ip_address("127.70.1.1")),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.DNSName("localhost"),
        x509.DNSName(NAME),
    ],
)
def test_a_client_that_trusts_the_authority_takes_each_name(
    subject: x509.IPAddress | x509.DNSName,
) -> None:
    leaf, root, _ = issued()
    verifier = PolicyBuilder().store(Store([root])).time(NOW).build_server_verifier(subject)
    assert verifier.verify(leaf, [])[0] == leaf


def test_it_takes_no_other_name_and_no_other_authority() -> None:
    leaf, root, _ = issued()
    builder = PolicyBuilder().time(NOW)
    elsewhere = x509.DNSName("b-2.example.com")
    with pytest.raises(VerificationError):
        builder.store(Store([root])).build_server_verifier(elsewhere).verify(leaf, [])
    other, _ = self_signed("Brokers", NOW)
    store = Store([x509.load_pem_x509_certificate(other.encode())])
    with pytest.raises(VerificationError):
        builder.store(store).build_server_verifier(x509.DNSName(NAME)).verify(leaf, [])


def test_a_node_may_serve_and_call_and_sign_nothing() -> None:
    leaf, root, pem = issued()
    uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(uses) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not leaf.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert leaf.not_valid_after_utc - NOW == datetime.timedelta(days=825)
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == leaf.public_key()
    assert leaf.issuer == root.subject
    assert re.findall("BEGIN ([A-Z ]+)-", pem) == ["PRIVATE KEY", "CERTIFICATE", "CERTIFICATE"]


def test_the_states_authority_signs_what_no_repr_shows(own_endpoint: Api) -> None:
    def issue() -> Certificate:
        databases, vault = own_endpoint.databases, own_endpoint.vault
        return authority.issue(databases.state, vault, SystemClock(), Endpoint("127.70.1.1"), NAME)

    first, second = issue(), issue()
    assert first.trusted == second.trusted and first.pem != second.pem
    assert first.pem.endswith(first.trusted)
    assert "PRIVATE" not in repr(first)
