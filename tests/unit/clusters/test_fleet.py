"""The brokers of a machine that has no room for them."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.system.waiting import until
from tests.unit.clusters.keeping import SCRAM

from sluicegate.brokers.plan import ClientCertificates
from sluicegate.clusters.fleet import Fleet, client_certificates
from sluicegate.clusters.gate import Doors, Gatekeeper
from sluicegate.clusters.machinery import NotNow
from sluicegate.store.clusters import Cluster
from sluicegate.testing import Endpoint


def _no_gatekeeper(_: Cluster) -> Gatekeeper:
    raise AssertionError("no cluster starts here")


def test_what_is_in_the_way_of_kafka_is_told_and_tried_again_after_a_pause(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    lock = tmp_path / "cache" / "brokers" / "lock"
    lock.mkdir(parents=True)
    lock.parent.chmod(0o700)
    told: list[str] = []
    database, vault, clock = endpoint.databases.state, endpoint.vault, endpoint.clock
    folder, cache = tmp_path / "clusters", tmp_path / "cache"
    doors = Doors(folder, tmp_path / "changes", _no_gatekeeper)
    fleet = Fleet(folder, cache, None, database, vault, clock, told.append, doors)
    with pytest.raises(NotNow):
        fleet.ready()
    until(lambda: bool(told), "the reason to be told")
    reason = (
        f"Apache Kafka cannot be installed: Is a directory: `{lock}`; see that there is room and "
        "that it may be written to, or name another folder with XDG_CACHE_HOME"
    )
    for _ in range(20):
        with pytest.raises(NotNow) as refused:
            fleet.ready()
        assert str(refused.value) == reason
    for thread in threading.enumerate():
        if thread.name == "install":
            thread.join()
    assert told == [reason]


@pytest.mark.parametrize(
    ("tls", "unauthenticated", "certificates"),
    [
        (False, True, ClientCertificates.NONE),
        (True, False, ClientCertificates.REQUIRED),
        (True, True, ClientCertificates.REQUESTED),
    ],
)
def test_certificates_are_required_of_those_who_must_say_who_they_are(
    tls: bool, unauthenticated: bool, certificates: ClientCertificates
) -> None:
    asked = replace(SCRAM, tls=tls, unauthenticated=unauthenticated)
    assert client_certificates(asked) is certificates
