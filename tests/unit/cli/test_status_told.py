"""What `sluicegate status` prints: the same text for the same state, and what else it may say."""

import json
import shutil
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.api.watched import ID, asked, badly, well

from sluicegate.cli import main
from sluicegate.cli.answers import refusal
from sluicegate.cli.reach import Reach, reach
from sluicegate.cli.status import told
from sluicegate.errors import StartRefused
from sluicegate.settings import Settings
from sluicegate.testing import Endpoint
from sluicegate.wire.client import Credentials
from sluicegate.wire.message import Response

UNNAMED = {"host": None, "port": None, "region": None, "state": None}
OF_AWS = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture(autouse=True)
def _nothing_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*OF_AWS, "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def document(endpoint: Endpoint, query: str = "") -> Any:
    found = json.loads(asked(endpoint, f"/sluicegate/status{query}").body)
    # The one time of day that is printed.
    for function in found["functions"]:
        function["last_modified"] = "2026-11-01T09:14:03Z"
    return found | {"version": "0.0.0"}


@pytest.mark.parametrize(
    ("name", "fill"),
    [("nothing", lambda _endpoint: None), ("well", well), ("badly", badly)],
)
def test_the_text_is_as_kept(
    endpoint: Endpoint, name: str, fill: Callable[[Endpoint], None]
) -> None:
    fill(endpoint)
    kept = Path(__file__).with_name(f"status_{name}.txt")
    assert "\n".join(told(document(endpoint))) + "\n" == kept.read_text()


def test_one_mapping_is_told_with_what_belongs_to_it(endpoint: Endpoint) -> None:
    badly(endpoint)
    lines = told(document(endpoint, f"?mapping={ID}"))
    assert [line for line in lines if line.startswith("!")]
    assert not any("returns" in line for line in lines)


def test_a_policy_is_told_by_its_version_once_for_a_cluster(endpoint: Endpoint) -> None:
    well(endpoint)
    found = document(endpoint)
    found["clusters"][0]["policy_version"] = "K13V1IB3VIYZZH"
    heads, first, second = told(found)[2:5]
    assert heads.endswith("  POLICY") and first.endswith("  K13V1IB3VIYZZH")
    assert second.endswith("SCRAM")


def test_every_line_of_a_problem_ends_with_what_to_do_next(endpoint: Endpoint) -> None:
    badly(endpoint)
    lines = [line for line in told(document(endpoint)) if line.startswith("! ")]
    assert len(lines) == 5 and all("; next: " in line for line in lines)


def test_what_others_wrote_cannot_command_the_terminal(endpoint: Endpoint) -> None:
    badly(endpoint)
    assert all(line.isprintable() for line in told(document(endpoint)))


def test_a_denial_leads_to_explain(endpoint: Endpoint) -> None:
    answer = asked(endpoint, "/sluicegate/status", endpoint.user("alice").credentials)
    decision = answer.headers["x-sluicegate-authorization-id"]
    assert refusal(answer, "") == (
        "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: "
        "sluicegate:GetStatus on resource: * because no identity-based policy allows the "
        f"sluicegate:GetStatus action; run `sluicegate explain {decision}`"
    )


def test_other_refusals_lead_somewhere_too(endpoint: Endpoint) -> None:
    gone = refusal(asked(endpoint, f"/sluicegate/status?mapping={ID}"), "look elsewhere")
    assert gone.endswith("us-east-1; look elsewhere")
    stranger = Credentials("AKIA0000000000000000", "secret")
    unknown = refusal(asked(endpoint, "/sluicegate/status", stranger), "")
    assert unknown.endswith('; run `eval "$(sluicegate env)"` against the `serve` you mean')
    odd = refusal(Response(502, {}, b"<html>"), "")
    assert odd.startswith("the endpoint answered 502; ")


def test_what_is_no_uuid_is_wrong_usage(
    tmp_path: Path, fresh_state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = str(shutil.copytree(fresh_state, tmp_path / "state"))
    assert main(["status", "orders", "--state", state]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "`orders` is not the UUID of an event source mapping" in said.err
    with pytest.raises(SystemExit) as ended:
        main(["status", "--nonsense"])
    assert ended.value.code == 2


def test_the_environment_says_where_to_unless_a_flag_does(
    fresh_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(state=str(fresh_state), port=4567, region="eu-west-1")
    for name, value in zip(OF_AWS, ("http://127.0.0.1:9/", "us-west-2", "AKIA", "s"), strict=True):
        monkeypatch.setenv(name, value)
    named = reach(settings, Namespace(**UNNAMED))
    assert named == Reach("http://127.0.0.1:9", "us-west-2", Credentials("AKIA", "s"))
    flags = UNNAMED | {"port": 4567, "region": "eu-west-1", "state": str(fresh_state)}
    flagged = reach(settings, Namespace(**flags))
    assert (flagged.endpoint_url, flagged.region) == ("http://127.0.0.1:4567", "eu-west-1")
    assert flagged.credentials.access_key != "AKIA"


def test_without_any_credentials_it_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match=r"run `eval \"\$\(sluicegate env\)\"`"):
        reach(Settings(state=str(tmp_path)), Namespace(**UNNAMED))
