"""The `serve` of the demo: which of the user's settings are its too."""

from pathlib import Path

import pytest

from sluicegate.settings import Settings, load


def test_what_a_machine_has_is_told_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sluicegate.toml").write_text('isolation = "none"\nport = 7\njars = "jars"')
    environment = {"SLUICEGATE_PYTHONS": "py/3.12, /usr/bin/python3.11", "SLUICEGATE_STATE": "x"}
    settings = load({"runtime_fallback": "nearest"}, environment, tmp_path)
    assert settings.of_machine == {
        "SLUICEGATE_JARS": str(tmp_path / "jars"),
        "SLUICEGATE_ISOLATION": "none",
        "SLUICEGATE_RUNTIME_FALLBACK": "nearest",
        "SLUICEGATE_PYTHONS": f"{tmp_path}/py/3.12,/usr/bin/python3.11",
        "SLUICEGATE_FUNCTION_UIDS": "700000-700999",
    }
    assert load({}, settings.of_machine, Path("/")).of_machine == settings.of_machine
    assert load({}, Settings().of_machine, Path("/")) == Settings()
