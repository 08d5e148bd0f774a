"""Where nodes listen."""

import re
from collections.abc import Callable

import pytest

from sluicegate.brokers.addresses import choose, taken_port
from sluicegate.brokers.listeners import Endpoint, Listener
from sluicegate.errors import BrokerRefused

IsFree = Callable[[str, int], bool]


def free(_address: str, _port: int) -> bool:
    return True


def all_but(*taken: tuple[str, int]) -> IsFree:
    return lambda address, port: (address, port) not in taken


def test_nodes_have_msks_ports_on_addresses_that_end_in_their_number() -> None:
    endpoints = choose("one", [1, 2, 3], whole_network=True, is_free=free)
    assert [endpoint.port(Listener.CLIENT_SASL_SCRAM) for endpoint in endpoints] == [9096] * 3
    networks = {endpoint.address.rpartition(".")[0] for endpoint in endpoints}
    assert len(networks) == 1
    assert [endpoint.address.rpartition(".")[2] for endpoint in endpoints] == ["1", "2", "3"]


def test_a_cluster_prefers_the_same_and_another_cluster_others() -> None:
    def drawn(kafka_id: str) -> tuple[Endpoint, ...]:
        return choose(kafka_id, [1], whole_network=True, is_free=free)

    assert drawn("one") == drawn("one")
    assert len({drawn(str(number)) for number in range(100)}) > 95


def test_addresses_keep_away_from_where_others_are() -> None:
    for number in range(200):
        (endpoint,) = choose(str(number), [1], whole_network=True, is_free=free)
        assert re.fullmatch(r"127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.1", endpoint.address)


@pytest.mark.parametrize("listener", Listener)
def test_an_address_with_any_port_taken_is_passed_over(listener: Listener) -> None:
    (first,) = choose("one", [1], whole_network=True, is_free=free)
    taken = all_but((first.address, first.port(listener)))
    (second,) = choose("one", [1], whole_network=True, is_free=taken)
    assert second != first


def test_what_other_clusters_have_is_passed_over_though_they_do_not_run() -> None:
    (first,) = choose("one", [1], whole_network=True, is_free=free)
    (second,) = choose("one", [1], [first], whole_network=True, is_free=free)
    assert second != first


def test_elsewhere_each_node_has_a_row_of_ports() -> None:
    endpoints = choose("one", [1, 2, 3], whole_network=False, is_free=free)
    assert {endpoint.address for endpoint in endpoints} == {"127.0.0.1"}
    ports = {endpoint.port(listener) for endpoint in endpoints for listener in Listener}
    assert len(ports) == 3 * len(Listener)
    assert all(20_000 < port < 30_100 for port in ports)


def test_where_no_address_is_free_ports_are() -> None:
    def only_localhost(address: str, _port: int) -> bool:
        return address == "127.0.0.1"

    (endpoint,) = choose("one", [1], whole_network=True, is_free=only_localhost)
    assert endpoint.address == "127.0.0.1"


def test_when_nothing_is_free_it_says_what_is_needed() -> None:
    with pytest.raises(BrokerRefused, match="no free loopback ports for the brokers"):
        choose("one", [1], is_free=lambda _address, _port: False)


def test_the_port_that_is_taken_is_told_of_those_that_are_needed() -> None:
    endpoint = Endpoint("127.70.0.1")
    taken = all_but(("127.70.0.1", 9094), ("127.70.0.1", 9096))
    everything = [Listener.CLIENT_SASL_SCRAM, Listener.CLIENT_SECURE, Listener.REPLICATION]
    assert taken_port(endpoint, everything, is_free=taken) == 9094
    assert taken_port(endpoint, [Listener.REPLICATION], is_free=taken) is None
