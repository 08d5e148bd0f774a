"""What the documentation says of settings, commands, operations, versions and files is so."""

import re
import runpy
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.house.sources import ROOT, shown, texts

import sluicegate
from sluicegate.cli import main
from sluicegate.settings import FIELDS

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_FLAG = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def help_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """What `sluicegate COMMAND --help` prints."""
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def flags_of(text: str) -> set[str]:
    """The flags a table or a help text begins its lines with."""
    heads = re.findall(r"^(?:\| `|  )(-[^|\n]*?)(?:\||  |$)", text, re.MULTILINE)
    return {flag for head in heads for flag in _FLAG.findall(head)} - {"-h", "--help"}


def sections(text: str, level: str = "##") -> Mapping[str, str]:
    """The parts of a page, by their second-level headings; or of a part, by those of its own."""
    parts = re.split(rf"^{level} (.*)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def commands_of(text: str) -> set[str]:
    """The commands a help text lists."""
    return set(re.findall(r"^    ([a-z][a-z-]*)(?: |$)", text, re.MULTILINE))


def test_the_page_of_settings_has_every_setting_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", page("settings.md"), re.MULTILINE)
    assert rows == list(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_a_setting_is_described_as_the_command_line_does(name: str) -> None:
    field = FIELDS[name]
    default = str(field.default).lower() if field.type is bool else str(field.default)
    variable = f"`SLUICEGATE_{name.upper()}`"
    cells = ["", variable, f"`{default}`" if default else "", field.metadata["manual"], ""]
    (row,) = re.findall(rf"^\| `{name}` .*$", page("settings.md"), re.MULTILINE)
    shown_flag, *shown_cells = (cell.strip() for cell in row.split("|")[2:])
    assert shown_cells == cells[1:]
    flag = f"`--{name.replace('_', '-')}`"
    assert shown_flag == ("none" if name == "root_credentials" else flag)


def test_the_page_of_commands_has_every_command_and_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    commands = commands_of(help_of(capsys))
    assert commands
    assert {f"sluicegate {command}" for command in commands} == set(sections(page("commands.md")))


def test_the_page_of_commands_has_every_flag_and_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for heading, text in sections(page("commands.md")).items():
        command = heading.removeprefix("sluicegate ")
        manual, common = help_of(capsys, command), re.split("^### ", text, flags=re.MULTILINE)[0]
        verbs, parts = commands_of(manual), sections(text, "###")
        assert set(parts) == {f"{heading} {verb}" for verb in verbs}
        for verb in verbs:
            flags = flags_of(help_of(capsys, command, verb))
            assert flags_of(common) | flags_of(parts[f"{heading} {verb}"]) == flags, verb
        assert verbs or flags_of(manual) == flags_of(common) != set(), command


def test_the_page_of_operations_is_what_is_served() -> None:
    rendered = runpy.run_path(str(ROOT / "scripts" / "operations-page"))["page"]()
    assert page("operations.md") == rendered, "run scripts/operations-page > docs/operations.md"


def test_the_version_is_the_newest_of_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    assert newest and newest[1] == sluicegate.__version__


def test_links_in_markdown_lead_to_files_that_are_there() -> None:
    broken = {
        f"{shown(path)}: {link}"
        for path, text in texts().items()
        if path.suffix == ".md"
        for link in _LINK.findall(_CODE.sub("", text))
        if not _leads_somewhere(path, link)
    }
    assert broken == set()


def _leads_somewhere(page: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return False
    return not anchor or anchor in _anchors(target.read_text())


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
