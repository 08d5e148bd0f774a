"""What a mapping and a survey's findings make a poller of, and what keeps them from it."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.triggers.keeping import LATEST, MAPPING, ORDERS

from sluicegate.errors import Unavailable
from sluicegate.execution import ExecutionRoles, criteria
from sluicegate.execution.findings import AsRole, Connection, Password
from sluicegate.execution.roles import NOT_ASSUMED
from sluicegate.execution.versions import Choice
from sluicegate.testing import Endpoint
from sluicegate.triggers import problems
from sluicegate.triggers.kept import CannotPoll
from sluicegate.triggers.sources import Sources
from sluicegate.wire.client import Credentials

SERVERS = ("127.0.0.1:1",)


class Bench:
    """Sources whose calls go to a real control path; `is_there` says whether it answers."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.is_there = True
        self.choice: Choice | None = Choice(ORDERS, LATEST)
        versions: Any = SimpleNamespace(choice=lambda *_: self.choice)
        self.sources = Sources(
            endpoint.databases.state,
            endpoint.vault,
            self.client,
            ExecutionRoles(self.client, endpoint.vault, endpoint.clock),
            endpoint.functions,
            versions,
            endpoint.clock,
            "worker",
        )

    def client(self, service: str, region: str, credentials: Any) -> Any:
        if not self.is_there:
            raise Unavailable("nobody answers")
        signing = Credentials(credentials.access_key, credentials.secret_key, credentials.token)
        return self.endpoint.client(service, region=region, credentials=signing)


@pytest.fixture
def bench(endpoint: Endpoint) -> Bench:
    return Bench(endpoint)


@pytest.mark.parametrize(
    ("password", "authority", "problem"),
    [
        ("", None, problems.LOGIN_FAILED),
        ("p", "-----BEGIN CERTIFICATE-----", problems.CERTIFICATE_INVALID),
    ],
)
def test_what_no_client_can_be_made_of_is_a_problem(
    bench: Bench, password: str, authority: str | None, problem: problems.Problem
) -> None:
    login = Password("SCRAM-SHA-512", "u", password)
    found = Connection(SERVERS, is_tls=True, login=login, group_id="g", authority=authority)
    with pytest.raises(CannotPoll) as refused:
        bench.sources.polling(MAPPING, found, is_first=False)
    told = refused.value.problem
    assert (told.text, told.reason) == (problem.text, problem.reason)


def test_a_role_without_a_session_cannot_log_in_and_silence_is_told_apart(bench: Bench) -> None:
    found = Connection(SERVERS, is_tls=True, login=AsRole(), group_id="g")
    with pytest.raises(CannotPoll) as refused:
        bench.sources.polling(MAPPING, found, is_first=False)
    told = refused.value.problem
    assert (told.text, told.detail) == (problems.LOGIN_FAILED.text, NOT_ASSUMED)

    latest = replace(MAPPING, starting_position="LATEST")
    with pytest.raises(CannotPoll) as refused:
        bench.sources.polling(latest, found, is_first=True)
    assert refused.value.problem == problems.LOGIN_FAILED

    bench.choice = None
    with pytest.raises(CannotPoll) as refused:
        bench.sources.polling(MAPPING, found, is_first=False)
    assert refused.value.problem.detail == "the function is gone"

    bench.choice, bench.is_there = Choice(ORDERS, LATEST), False
    with pytest.raises(Unavailable):
        bench.sources.polling(MAPPING, found, is_first=False)


def test_a_key_that_refuses_is_told_and_silence_is_not(bench: Bench) -> None:
    kms = bench.endpoint.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    made = kms.generate_data_key(
        KeyId=key, KeySpec="AES_256", EncryptionContext=criteria.context(MAPPING.arn)
    )
    sealed = criteria.close(
        bench.endpoint.vault, MAPPING, made["Plaintext"], made["CiphertextBlob"], ("{}",)
    )
    mapping = replace(MAPPING, sealed_filters=sealed, kms_key_arn=key)
    login = Password("PLAIN", "u", "p")
    found = Connection(SERVERS, is_tls=True, login=login, group_id="g")
    with pytest.raises(CannotPoll) as refused:
        bench.sources.polling(mapping, found, is_first=False)
    assert "cannot decrypt the filter criteria" in refused.value.problem.text
    bench.is_there = False
    with pytest.raises(Unavailable):
        bench.sources.polling(mapping, found, is_first=False)
