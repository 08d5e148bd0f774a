"""Kafka as it is installed."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from sluicegate.brokers.installation import install
from sluicegate.brokers.runtime import Installation
from sluicegate.errors import BrokerRefused

pytestmark = pytest.mark.brokers

INSTALL = """
import sys
from pathlib import Path
from sluicegate.brokers.installation import install
installed = install(Path(sys.argv[1]), Path(sys.argv[2]), lambda line: print(line, file=sys.stderr))
print(installed.class_path[0], installed.aot_cache)
"""

FETCH_NOTHING = """
import sys
from pathlib import Path
from sluicegate.brokers.jars import Jar, bring
bring([Jar("org.example.nowhere", "nothing", "0", "0" * 64, 1)], Path(sys.argv[1]), None, print)
"""


def test_it_is_there_at_once_when_it_is_there(kafka: Installation) -> None:
    said: list[str] = []
    cache = kafka.aot_cache.parents[2]
    assert install(cache, None, said.append) == kafka
    assert said == []
    assert kafka.aot_cache.stat().st_size > 10_000_000


def test_two_processes_make_it_once_from_a_folder_of_jars(
    kafka: Installation, tmp_path: Path
) -> None:
    jars = kafka.class_path[1].parent
    # The AOT cache is there already: it takes ten seconds, and `kafka` has had one made.
    home = tmp_path / "cache" / "brokers" / kafka.aot_cache.parent.name
    home.mkdir(mode=0o700, parents=True)
    (home / "kafka.aot").write_bytes(b"for a node that is not started")
    command = [sys.executable, "-c", INSTALL, str(tmp_path / "cache"), str(jars)]
    pipe = subprocess.PIPE
    with (home.parent / "lock").open("wb") as lock:
        # Held until both wait for it, so that they are two at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        both = [subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) for _ in range(2)]
        for process in both:
            assert process.stderr is not None
            waiting = process.stderr.readline()
            assert waiting == "another process is installing Apache Kafka; waiting for it\n"
    ends = [process.communicate() for process in both]
    assert ends[0][0] == ends[1][0] != "", ends
    assert "".join(said for _, said in ends).count("46 of 46 jars") == 1

    launcher = Path(ends[0][0].split()[0])
    # The same source makes the same bytes.
    assert launcher.read_bytes() == kafka.class_path[0].read_bytes()
    assert {path.name for path in launcher.parent.iterdir()} == {"launcher.jar", "kafka.aot"}
    kept = {path.name for path in (tmp_path / "cache" / "brokers").iterdir()}
    assert kept == {"lock", "jars", launcher.parent.name}


def test_a_folder_that_others_can_write_to_is_not_run_from(tmp_path: Path) -> None:
    (tmp_path / "brokers").mkdir()
    (tmp_path / "brokers").chmod(0o777)
    with pytest.raises(BrokerRefused, match="must be a folder of yours that only you can write"):
        install(tmp_path, None, print)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "brokers").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BrokerRefused, match="must be a folder of yours"):
        install(tmp_path, None, print)


def test_a_class_path_has_no_colon_in_a_name(tmp_path: Path) -> None:
    with pytest.raises(BrokerRefused, match="a class path has no `:` in it"):
        install(tmp_path / "a:b", None, print)


def test_a_refusal_names_no_repository(tmp_path: Path) -> None:
    # In a process of its own: the answer that says no is never closed.
    command = [sys.executable, "-c", FETCH_NOTHING, str(tmp_path / "jars")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    last = ended.stderr.splitlines()[-1]
    assert "`org.example.nowhere:nothing:0` cannot be fetched" in last
    assert "name a folder that has the jars with SLUICEGATE_JARS" in last
    assert "://" not in last
