"""The peers of the benchmarks: each is pinned, and one that is missing is named and alone."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from benchmarks import peers
from benchmarks.end_to_end import process, table
from benchmarks.peer_environments import PEERS, CannotInstall, Peers, run
from benchmarks.rig import Ended


class Installer:
    """Makes the folder of an environment and nothing in it; cannot install some locks."""

    def __init__(self, refused: str = "") -> None:
        self.steps: list[Sequence[str]] = []
        self._refused = refused

    def __call__(self, command: Sequence[str]) -> None:
        self.steps.append(command)
        if self._refused and command[-1].endswith(f"{self._refused}.lock"):
            raise CannotInstall("no wheel for this machine")
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True, exist_ok=True)


def test_every_peer_has_an_environment_and_versions() -> None:
    assert set(PEERS) == set(peers.PEERS)
    for peer in PEERS.values():
        assert peer.versions.startswith(f"{peer.packages[0]} ")


def test_peers_of_one_lock_are_installed_once_and_not_again(tmp_path: Path) -> None:
    installer = Installer()
    first = Peers.installed(list(PEERS), tmp_path, installer)
    assert list(first.pythons) == list(PEERS) and not first.missing
    assert len(installer.steps) == 2 * len({peer.lock for peer in PEERS.values()})
    assert Peers.installed(list(PEERS), tmp_path, installer) == first
    assert len(installer.steps) == 2 * len({peer.lock for peer in PEERS.values()})


def test_a_peer_that_cannot_be_installed_is_missing_alone(tmp_path: Path) -> None:
    found = Peers.installed(list(PEERS), tmp_path, Installer(refused="quix"))
    assert found.missing == {"quix": "no wheel for this machine"}
    assert list(found.pythons) == [name for name in PEERS if name != "quix"]
    again = Installer()
    assert "quix" in Peers.installed(["quix"], tmp_path, again).pythons
    assert len(again.steps) == 2


def test_the_reason_is_the_error_of_the_installer() -> None:
    said = "print('ERROR: no such wheel\\n[notice] a newer pip', file=__import__('sys').stderr)"
    with pytest.raises(CannotInstall, match=r"^no such wheel$"):
        run([sys.executable, "-c", f"{said}; raise SystemExit(1)"])


def test_a_peer_that_ends_is_missing_with_what_it_said_last() -> None:
    there = Peers({"quix": Path("python")}, {})
    broken = [sys.executable, "-c", "raise SystemExit('first line\\nno broker')"]
    with there.missing_if(Ended, "quix"), process(broken, "", "", "") as started:
        started.wait()
        raise Ended
    assert there == Peers({}, {"quix": "no broker"})


def test_the_table_has_ratios_of_the_same_round_and_no_peer_that_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = Peers({"aiokafka": Path("python")}, {"quix": "no broker"})
    table(there, ["decode"], {"trigger decode": [200.0, 50.0], "aiokafka decode": [100.0, 50.0]})
    _, row = capsys.readouterr().out.splitlines()
    assert row.split()[:6] == ["aiokafka", "decode", "75", "1.50", "x", "(1.00-2.00)"]
    assert row.endswith(PEERS["aiokafka"].versions)
