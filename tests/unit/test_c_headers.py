"""The C headers: each stands on its own in C11 and in C++17, and offers every function that it declares."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

CSRC = Path(__file__).resolve().parent.parent.parent / "csrc"
HEADERS = sorted((CSRC / "include" / "mailproto").glob("*.h"))

pytestmark = pytest.mark.skipif(not HEADERS, reason="an installed wheel has no C headers")

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
#: A function's declaration at the start of a line, with what stands before its name.
DECLARATION = re.compile(r"^([\w* ]*?)\b(mp_\w+)\([^;{]*\)\s*;", re.MULTILINE)


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
@pytest.mark.parametrize("compiler, standard", [("gcc", "c11"), ("g++", "c++17")])
def test_each_header_compiles_alone(header: Path, compiler: str, standard: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    unit = tmp_path / ("alone.c" if standard.startswith("c1") else "alone.cc")
    # twice: the guard works
    unit.write_text(f'#include "mailproto/{header.name}"\n' * 2)
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]
    command = [compiler, f"-std={standard}", *warnings, "-fsyntax-only", f"-I{CSRC / 'include'}", str(unit)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_every_declared_function_is_offered_and_defined(header: Path) -> None:
    sources = "\n".join(path.read_text() for path in sorted((CSRC / "src").glob("*.c")))
    for before, name in DECLARATION.findall(COMMENT.sub("", header.read_text())):
        assert before.startswith("MP_API "), f"{header.name}: {name} lacks MP_API"
        assert re.search(rf"^[\w* ]*\b{name}\(", sources, re.MULTILINE), (
            f"{header.name}: {name} is not defined"
        )


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_a_header_opens_with_its_manual(header: Path) -> None:
    text = header.read_text()
    assert text.startswith("/* "), f"{header.name}: no overview"
    assert 'extern "C"' in text or not DECLARATION.search(COMMENT.sub("", text))


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_every_function_has_its_contract(header: Path) -> None:
    """A comment stands above each declaration or the group that it is in, or behind it on its line."""
    lines = header.read_text().split("\n")
    for number, line in enumerate(lines):
        if not line.startswith("MP_API ") or "/*" in line:
            continue
        above = number - 1
        while lines[above].strip() and not lines[above].endswith("*/"):
            above -= 1
        assert lines[above].endswith("*/"), f"{header.name}:{number + 1}: {line} has no contract"


def test_the_umbrella_header_includes_every_other() -> None:
    umbrella = (CSRC / "include" / "mailproto" / "mailproto.h").read_text()
    for header in HEADERS:
        if header.name != "mailproto.h":
            assert f'#include "mailproto/{header.name}"' in umbrella, header.name
