"""Settings: where they come from, and what stops the start."""

import re
from pathlib import Path

import pytest

from sluicegate.errors import StartRefused
from sluicegate.serve.orders import Orders
from sluicegate.settings import KAFKA_VERSION, Settings, load


def test_defaults_are_loopback_and_the_port_scripts_know(tmp_path: Path) -> None:
    settings = load({}, {}, tmp_path)
    assert settings.endpoint == "http://127.0.0.1:4566"
    assert settings.is_loopback


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "sluicegate.toml").write_text('port = 1\nhost = "127.0.0.2"\nregion = "eu-west-1"')
    environment = {"SLUICEGATE_PORT": "2", "SLUICEGATE_HOST": "127.0.0.3", "OTHER": "x"}
    settings = load({"port": 3, "host": None}, environment, tmp_path)
    assert (settings.port, settings.host, settings.region) == (3, "127.0.0.3", "eu-west-1")


def test_the_kafka_that_runs_may_be_named(tmp_path: Path) -> None:
    named = load({}, {"SLUICEGATE_KAFKA_VERSION": KAFKA_VERSION}, tmp_path)
    assert named == load({}, {}, tmp_path) and named.kafka_version == KAFKA_VERSION


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"SLUICEGATE_PROT": "1"}, "`SLUICEGATE_PROT` in the environment is not a setting"),
        ({"SLUICEGATE_PORT": "x"}, "setting `port` takes a whole number, not `x`"),
        ({"SLUICEGATE_PORT": "70000"}, "setting `port` takes 0 to 65535"),
        ({"SLUICEGATE_ACCOUNT": "12"}, "setting `account` takes twelve digits"),
        ({"SLUICEGATE_REGION": "mars"}, "setting `region` takes an AWS region name"),
        ({"SLUICEGATE_ALLOW_RESET": "maybe"}, "setting `allow_reset` takes true or false"),
        ({"SLUICEGATE_DATABASE": "mysql://x"}, "setting `database` takes a `postgresql://` URL"),
        ({"SLUICEGATE_ISOLATION": "some"}, "setting `isolation` takes strict, namespaces"),
        ({"SLUICEGATE_RUNTIME_FALLBACK": "any"}, "setting `runtime_fallback` takes nearest"),
        ({"SLUICEGATE_FUNCTION_UIDS": "0-9"}, "setting `function_uids` takes two numbers"),
        ({"SLUICEGATE_FUNCTION_UIDS": "2000"}, "setting `function_uids` takes two numbers"),
        (
            {"SLUICEGATE_FUNCTIONS_REACH": "example.org:443, example.com"},
            "setting `functions_reach` takes HOST:PORT, …: `example.com` has no port; say "
            "`example.com:443`, or `:*` for any",
        ),
        (
            {"SLUICEGATE_KAFKA_VERSION": "3.9.1"},
            f"setting `kafka_version` takes {KAFKA_VERSION}, the one this release runs, "
            "not `3.9.1`",
        ),
        ({"SLUICEGATE_ROOT_CREDENTIALS": "test"}, "takes `KEY:SECRET`"),
        (
            {"SLUICEGATE_ROOT_CREDENTIALS": "test:test", "SLUICEGATE_HOST": "0.0.0.0"},
            "holds on a loopback address only",
        ),
    ],
)
def test_a_wrong_or_unknown_setting_stops_the_start(
    environment: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(StartRefused, match=re.escape(sentence)):
        load({}, environment, tmp_path)


def test_an_unknown_name_in_the_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "sluicegate.toml").write_text("enforcement = false")
    with pytest.raises(StartRefused, match=r"`enforcement` in .* is not a setting"):
        load({}, {}, tmp_path)


def test_a_file_that_is_no_toml_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "sluicegate.toml").write_text("port = ")
    with pytest.raises(StartRefused, match="is not valid TOML"):
        load({}, {}, tmp_path)


def test_the_secret_of_wrong_root_credentials_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(StartRefused) as refused:
        load({}, {"SLUICEGATE_ROOT_CREDENTIALS": "key:hush hush"}, tmp_path)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("end", ["key:hush@db/x", "db/x?password=hush"])
def test_a_password_in_a_flag_is_refused(end: str, tmp_path: Path) -> None:
    """Arguments show in process lists."""
    with pytest.raises(StartRefused, match="SLUICEGATE_DATABASE") as refused:
        load({"database": f"postgresql://{end}"}, {}, tmp_path)
    assert "hush" not in str(refused.value)
    assert load({}, {"SLUICEGATE_DATABASE": f"postgresql://{end}"}, tmp_path).database
    assert load({"database": "postgresql://key@db/x"}, {}, tmp_path).database


def test_settings_print_no_secret() -> None:
    settings = Settings(root_credentials="key:hush", database="postgresql://key:hush@db/x")
    assert "hush" not in repr(settings) and "hush" not in repr(Orders(settings, 3, 4))


def test_functions_reach_what_is_listed_and_nothing_by_default(tmp_path: Path) -> None:
    assert not load({}, {}, tmp_path).reach
    settings = load({"functions_reach": "example.org:443"}, {}, tmp_path)
    assert settings.reach.allows("example.org", 443) and not settings.reach.allows(
        "example.org", 80
    )


@pytest.mark.parametrize("word", ["1", "true", "YES"])
def test_switches_take_the_usual_words(word: str, tmp_path: Path) -> None:
    assert load({}, {"SLUICEGATE_ALLOW_RESET": word}, tmp_path).allow_reset


def test_ipv6_addresses_are_bracketed_in_the_endpoint() -> None:
    settings = Settings(host="fd00::1", allow_hosts="Example.test, [fd00::2]")
    assert settings.endpoint == "http://[fd00::1]:4566"
    assert settings.host_names == {"[fd00::1]", "example.test", "[fd00::2]"}
