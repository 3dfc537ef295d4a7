"""The Python examples of README and docs/ run as they stand, and the tables say what the code says."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_response_codes import SAMPLES

from mailproto.imap import SequenceSet, commands, parse_command, responses, search

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "README.md"
IMAP = ROOT / "docs" / "imap.md"
EXAMPLE = re.compile(r"<!-- runs as a test -->\n```python\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.skipif(not README.exists(), reason="README.md is not beside these tests")


def documents() -> list[Path]:
    """README.md and those of docs/; none beside tests that run on an installed wheel."""
    return [path for path in (README, *sorted((ROOT / "docs").glob("*.md"))) if path.exists()]


def examples() -> list[tuple[Path, str]]:
    """The code of each marked block."""
    return [(path, code) for path in documents() for code in EXAMPLE.findall(path.read_text())]


@pytest.mark.parametrize(("path", "code"), examples(), ids=lambda part: str(part).splitlines()[0][-60:])
def test_example(path: Path, code: str) -> None:
    exec(compile(code, str(path), "exec"), {})


def test_every_python_block_is_marked() -> None:
    blocks = sum(path.read_text().count("```python") for path in documents())
    assert blocks == len(examples()) == 6


def test_tables_are_in_step_with_the_code() -> None:
    subprocess.run([sys.executable, ROOT / "tools" / "doc_tables.py"], check=True)


def test_a_value_of_each_code_is_what_the_table_says() -> None:
    said = {
        name: value
        for names, value in re.findall(
            r"^\| ([A-Z0-9, -]+) \| RFC \d+ \| (.*) \|$", IMAP.read_text(), re.MULTILINE
        )
        for name in names.split(", ")
    }
    seen = set()
    for _, name, value in SAMPLES:
        if name not in said or (value in {None, ()} and said[name] != "`None`"):
            continue
        kinds = {type(item).__name__ for item in value} if isinstance(value, tuple) else set()
        found = f"`tuple` of `{'`, `'.join(kinds)}`" if kinds else f"`{type(value).__name__}`"
        assert said[name].replace(" two ", " ") == found.replace("NoneType", "None"), name
        seen.add(name)
    assert seen == set(said)


def test_what_is_said_of_every_value_and_command_can_be_called() -> None:
    text = IMAP.read_text()
    calls = re.findall(r"`value(\.\w+\([^`]*\))`", text)
    assert len(calls) == 2
    for call in calls:
        eval("value" + call, {"value": parse_command(b"a NOOP\r\n")})
    made = re.findall(r"`((Expunge|Store)\(set, [^`]*\))`", text)
    assert len(made) == 2
    for call, name in made:
        eval(call, {name: getattr(commands, name), "set": SequenceSet("1")})
    row = next(line for line in text.splitlines() if "LIST-STATUS (5819)" in line)
    options = eval(f"[{row.split('`List.return_options`: ')[1].split(';')[0].replace('`', '')}]")
    assert len(commands.List("", "*", return_options=options).return_options) == 3
    assert SequenceSet("1:3") != SequenceSet("1,2,3")
    assert SequenceSet("1:3").normalised() == SequenceSet("3,1,2").normalised()


@pytest.mark.parametrize("module", [commands, responses, search], ids=lambda module: module.__name__)
def test_every_class_is_in_the_table_of_capabilities(module: object) -> None:
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")  # type: ignore[attr-defined]
    ]
    told = set(re.findall(r"\w+", IMAP.read_text()))
    base = {"Command", "Response", "SearchKey"}
    assert {name for name in names if name not in told} <= base
