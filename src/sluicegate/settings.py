"""Settings are data: one frozen class, each field with its one-line manual.

A value comes from a flag, else from `SLUICEGATE_<NAME>` in the environment, else from the file
`sluicegate.toml` in the working folder, else from the default. A name nobody knows stops the start:
a misspelt switch must not leave a user believing it is on.
"""

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from .errors import StartRefused
from .reach import Reach

PREFIX = "SLUICEGATE_"
FILE = "sluicegate.toml"


_PASSWORD = re.compile("://[^/@]*:[^@]*@|[?&]password=")
KAFKA_VERSION = "4.4.0"
"""The Apache Kafka whose jars are locked."""

OF_MACHINE = ("jars", "isolation", "runtime_fallback", "pythons", "function_uids")
"""Settings that say what a machine has and can do, whatever `serve` is started on it."""

ISOLATION = ("strict", "namespaces", "landlock", "none")
_YES = frozenset({"1", "true", "yes"})
_NO = frozenset({"0", "false", "no", ""})


def _setting(default: Any, manual: str, *, is_secret: bool = False) -> Any:
    return field(default=default, repr=not is_secret, metadata={"manual": manual})


@dataclass(frozen=True, slots=True)
class Settings:
    """What `serve` and the other commands are told. Field names are the settings' names."""

    state: str = _setting(
        "", "folder of everything that must survive; default: the platform's user data folder"
    )
    host: str = _setting("127.0.0.1", "address to listen on; others than loopback must be named")
    port: int = _setting(4566, "port of every AWS service; 0 takes a free one")
    account: str = _setting("000000000000", "the first account, twelve digits")
    region: str = _setting("us-east-1", "region of what Sluicegate itself makes, and of `env`")
    root_credentials: str = _setting(
        "",
        "KEY:SECRET of the account's root, for test rigs on loopback; default: random, kept",
        is_secret=True,
    )
    database: str = _setting(
        "", "postgresql://… for several machines; default: SQLite in `state`", is_secret=True
    )
    workers: int = _setting(1, "processes that run triggers; 0 leaves them to other machines")
    allow_reset: bool = _setting(False, "serve POST /sluicegate/reset for root")
    allow_hosts: str = _setting("", "further Host names clients may use, separated by commas")
    jars: str = _setting(
        "", "folder of the brokers' jars, for machines without a network; default: fetched"
    )
    kafka_version: str = _setting(
        KAFKA_VERSION, "the Apache Kafka that runs; this release has this one alone"
    )
    isolation: str = _setting(
        "",
        "strict, namespaces, landlock or none, of function code; default: the strongest that works",
    )
    runtime_fallback: str = _setting(
        "", "nearest: run a Python runtime the host lacks on the nearest it has; default: refuse"
    )
    pythons: str = _setting("", "paths of further Python interpreters, separated by commas")
    function_uids: str = _setting(
        "700000-700999", "users of the host that function code runs as, when started as root"
    )
    functions_reach: str = _setting(
        "", "HOST:PORT, separated by commas, that functions may reach by HTTP; default: nothing"
    )

    @property
    def state_folder(self) -> Path:
        """The state folder as a path, the platform's default where none is named."""
        if self.state:
            return Path(self.state).expanduser().absolute()
        # Imported here: only commands that touch the state need it.
        import platformdirs

        return Path(platformdirs.user_data_dir("sluicegate", appauthor=False))

    @property
    def cache_folder(self) -> Path:
        """The platform's cache folder: what can be made again, and outlives any state."""
        import platformdirs

        return Path(platformdirs.user_cache_dir("sluicegate", appauthor=False))

    @property
    def jars_folder(self) -> Path | None:
        """The folder that setting `jars` names."""
        return Path(self.jars).expanduser().absolute() if self.jars else None

    @property
    def of_machine(self) -> dict[str, str]:
        """The settings of this machine as variables of an environment, in any folder."""
        pythons = (str(Path(each).expanduser().absolute()) for each in self.python_paths)
        paths = {"jars": str(self.jars_folder or ""), "pythons": ",".join(pythons)}
        values = {name: paths.get(name, getattr(self, name)) for name in OF_MACHINE}
        return {f"{PREFIX}{name.upper()}": value for name, value in values.items()}

    @property
    def endpoint(self) -> str:
        """The URL clients are pointed at."""
        return f"http://{_bracketed(self.host)}:{self.port}"

    @property
    def reachable_host(self) -> str:
        """The address this machine itself reaches the listener at."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104

    @property
    def host_names(self) -> frozenset[str]:
        """Host names clients may use beside loopback's own; IPv6 addresses in brackets."""
        named = (name.strip().lower() for name in (self.host, *self.allow_hosts.split(",")))
        return frozenset(_bracketed(name) for name in named if name)

    @property
    def python_paths(self) -> tuple[str, ...]:
        """Further interpreters, by path."""
        return tuple(path.strip() for path in self.pythons.split(",") if path.strip())

    @property
    def function_uid_range(self) -> range:
        """Users that function code runs as."""
        first, last = self.function_uids.split("-")
        return range(int(first), int(last) + 1)

    @property
    def reach(self) -> Reach:
        """What functions may reach beyond the endpoint."""
        return Reach.read(self.functions_reach)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the listener."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


FIELDS: Mapping[str, "dataclasses.Field[Any]"] = {f.name: f for f in dataclasses.fields(Settings)}


def load(flags: Mapping[str, object], environment: Mapping[str, str], folder: Path) -> Settings:
    """The settings in force; `StartRefused` names the first one that is unknown or wrong."""
    values: dict[str, Any] = {}
    values.update(_from_file(folder / FILE))
    values.update(_from_environment(environment))
    values.update({name: value for name, value in flags.items() if value is not None})
    if _PASSWORD.search(str(flags.get("database") or "")):
        raise StartRefused(
            "a password in `--database` shows in process lists; put the URL into "
            "SLUICEGATE_DATABASE, or the password into a .pgpass file"
        )
    read: dict[str, Any] = {name: _read(name, value) for name, value in values.items()}
    settings = Settings(**read)
    _check(settings)
    return settings


def _from_file(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartRefused(f"`{path}` is not valid TOML: {error}") from None
    for name in values:
        _known(name, f"`{name}` in `{path}`")
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    values = {}
    for variable, value in environment.items():
        if variable.startswith(PREFIX):
            name = variable.removeprefix(PREFIX).lower()
            _known(name, f"`{variable}` in the environment")
            values[name] = value
    return values


def _known(name: str, where: str) -> None:
    if name not in FIELDS:
        raise StartRefused(f"{where} is not a setting; settings are {', '.join(sorted(FIELDS))}")


def _read(name: str, value: object) -> object:
    kind = FIELDS[name].type
    if kind is bool:
        return _read_bool(name, value)
    if kind is int:
        try:
            return int(str(value))
        except ValueError:
            raise StartRefused(f"setting `{name}` takes a whole number, not `{value}`") from None
    return str(value)


def _read_bool(name: str, value: object) -> bool:
    word = str(value).lower()
    if word not in _YES | _NO:
        raise StartRefused(f"setting `{name}` takes true or false, not `{value}`")
    return word in _YES


def _check(settings: Settings) -> None:
    if not re.fullmatch(r"\d{12}", settings.account):
        raise StartRefused(f"setting `account` takes twelve digits, not `{settings.account}`")
    if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d", settings.region):
        raise StartRefused(f"setting `region` takes an AWS region name, not `{settings.region}`")
    if not 0 <= settings.port <= 65535:
        raise StartRefused(f"setting `port` takes 0 to 65535, not `{settings.port}`")
    if not 0 <= settings.workers <= 64:
        raise StartRefused(f"setting `workers` takes 0 to 64, not `{settings.workers}`")
    if settings.database and not settings.database.startswith("postgresql://"):
        raise StartRefused("setting `database` takes a `postgresql://` URL")
    if settings.kafka_version != KAFKA_VERSION:
        raise StartRefused(
            f"setting `kafka_version` takes {KAFKA_VERSION}, the one this release runs, "
            f"not `{settings.kafka_version}`"
        )
    _check_functions(settings)
    if settings.root_credentials:
        # The value itself stays out of the sentence: it is a secret.
        if not re.fullmatch(r"\w{1,128}:[^\s:]{1,128}", settings.root_credentials):
            raise StartRefused("setting `root_credentials` takes `KEY:SECRET`")
        if not settings.is_loopback:
            raise StartRefused("setting `root_credentials` holds on a loopback address only")


def _check_functions(settings: Settings) -> None:
    if settings.isolation not in ("", *ISOLATION):
        raise StartRefused(
            f"setting `isolation` takes {', '.join(ISOLATION)}, not `{settings.isolation}`"
        )
    if settings.runtime_fallback not in ("", "nearest"):
        raise StartRefused(
            f"setting `runtime_fallback` takes nearest, not `{settings.runtime_fallback}`"
        )
    found = re.fullmatch(r"(\d{1,9})-(\d{1,9})", settings.function_uids)
    # Of user 0 no kernel keeps function code apart; the others of the system are somebody.
    if not found or not 1000 <= int(found[1]) <= int(found[2]):
        raise StartRefused(
            f"setting `function_uids` takes two numbers from 1000 on, FIRST-LAST, "
            f"not `{settings.function_uids}`"
        )
    try:
        Reach.read(settings.functions_reach)
    except ValueError as error:
        raise StartRefused(f"setting `functions_reach` takes HOST:PORT, …: {error}") from None
