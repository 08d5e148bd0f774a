"""What a node is told when it is started."""

from dataclasses import replace
from pathlib import Path

from tests.unit.brokers.test_configuration import PLAN

from sluicegate.brokers.nodes import arguments
from sluicegate.brokers.plan import Gate


def test_a_node_without_a_gate_is_told_of_none() -> None:
    assert arguments(PLAN) == ("server.properties", "data", PLAN.kafka_id)


def test_a_node_finds_its_gate_from_its_own_folder() -> None:
    gate = Gate(Path("/nodes/gate.sock"), Path("/nodes/1/changes"))
    assert arguments(replace(PLAN, gate=gate))[3:] == ("../gate.sock", "changes")
