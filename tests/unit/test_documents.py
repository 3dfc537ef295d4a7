"""The Python examples of README and docs/ run as they stand, and the tables say what the code says."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mailproto.imap import commands, responses, search

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
