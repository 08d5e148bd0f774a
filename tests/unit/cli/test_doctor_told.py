"""What `sluicegate doctor` prints of an examination."""

import json
from pathlib import Path

import pytest
from tests.unit.operations.doctor.diagnosing import Trigger
from tests.unit.operations.lambda_.mapping_asserting import ELEVEN, permit

from sluicegate.cli import main
from sluicegate.cli.doctor import told
from sluicegate.testing import Endpoint


def test_the_text_tells_each_check_and_of_a_denial_what_to_add(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    permit(endpoint, *[each for each in ELEVEN if each != "ec2:DescribeVpcs"])
    document = trigger.examined().document
    lines = told([document], None)
    assert lines[0] == f"orders → orders ({trigger.id})  Creating · No records processed"
    assert lines[1] == "  ✓ trust       allowed: sts:AssumeRole"
    at = lines.index("  ✗ network     denied: ec2:DescribeVpcs")
    assert lines[at + 1 : at + 3] == [
        "                ec2:DescribeVpcs on *: no identity-based policy allows it",
        "                  add to a policy of the role: "
        '{"Effect": "Allow", "Action": "ec2:DescribeVpcs", "Resource": "*"}',
    ]
    assert lines[at + 3].startswith("                next: sluicegate explain ")
    command = "  all that the role lacks: aws iam put-role-policy --role-name worker "
    assert lines[-1].startswith(command)
    assert json.dumps(document["statements"]) in lines[-1]


def test_one_action_on_many_resources_is_told_once(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    permit(endpoint, *[each for each in ELEVEN if each != "ec2:CreateNetworkInterface"])
    lines = told([trigger.examined().document], None)
    (line,) = (line for line in lines if line.strip().startswith("ec2:CreateNetworkInterface on"))
    assert line.count("arn:aws:ec2:") == 3
    (added,) = (line for line in lines if line.strip().startswith("add to"))
    statement = json.loads(added.partition("role: ")[2])
    assert len(statement["Resource"]) == 3


def test_what_others_wrote_cannot_command_the_terminal(endpoint: Endpoint) -> None:
    document = Trigger(endpoint).examined().document
    document["last_processing_result"] = "\x1b[2J"
    document["checks"][0]["what"] = "two\nlines"
    assert all(line.isprintable() for line in told([document], None))


def test_where_there_are_no_mappings_it_says_so() -> None:
    check = {"name": "interfaces", "verdict": "ok", "what": "none", "next": "", "permissions": []}
    lines = told([], {"checks": [check]})
    assert lines == ["there are no event source mappings here", "", "  ✓ interfaces  none"]


def test_it_is_asked_wrongly_with_two_mappings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "orders", "bills", "--state", str(tmp_path)])
    assert ended.value.code == 2
    assert "unrecognized arguments: bills" in capsys.readouterr().err


def test_a_mapping_to_come_is_told_as_one(endpoint: Endpoint) -> None:
    document = Trigger(endpoint).examined().document
    document |= {"mapping": "", "state": "", "last_processing_result": ""}
    assert told([document], None)[0] == "orders → orders  no mapping yet"


@pytest.mark.parametrize("flags", [["--source", "kafka:9092"], ["--topic", "orders"]])
def test_a_mapping_to_come_is_asked_for_with_all_of_it(
    endpoint: Endpoint, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["doctor", "orders", *flags, "--state", str(endpoint.state)]
    assert main(command) == 2
    assert "sluicegate doctor FUNCTION --source ARN --topic TOPIC" in capsys.readouterr().err
