"""The layers: a module imports only from its own layer and from those below it."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent.parent / "src" / "mailproto"

#: From the bottom up; what stands together may import each other.
LAYERS = [
    {"errors", "exact", "limits", "streamed"},
    {"_core"},
    {"imap", "pop3", "sasl", "wirelog"},
    {"aio", "blocking", "tls", "clients"},
    {"store", "server", "sync", "cli"},
]
#: Layers that import no third-party package: `import mailproto` must need nothing but the interpreter.
BARE = {name for layer in LAYERS[:3] for name in layer} | {"blocking", "aio"}
OURS_OR_STANDARD = {"mailproto", "cython", "cpython", "libc", "__future__"}

CIMPORT = re.compile(r"^\s*from\s+([\w.]+)\s+c?import|^\s*c?import\s+([\w.]+)", re.MULTILINE)


def part_of(path: Path) -> str:
    """The layer's name that a file belongs to: ``imap`` for ``imap/client.py``."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py").removesuffix(".pyx")


def level(part: str) -> int:
    """Which layer a part is in, counted from the bottom."""
    for number, layer in enumerate(LAYERS):
        if part in layer:
            return number
    raise AssertionError(f"mailproto.{part} is in no layer: add it to LAYERS and to the picture in README.md")


def imports(path: Path) -> set[str]:
    """Every dotted name that a file imports, at whatever depth in the file."""
    text = path.read_text()
    if path.suffix != ".py":
        return {a or b for a, b in CIMPORT.findall(text)}
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the full name"
            module = node.module or ""
            found.update(
                f"{module}.{alias.name}" if module == "mailproto" else module for alias in node.names
            )
    return found


FILES = sorted(
    path
    for pattern in ("*.py", "*.pyx", "*.pxd", "*.pxi")
    for path in PACKAGE.rglob(pattern)
    if path != PACKAGE / "__init__.py"
)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    part = part_of(path)
    here = level(part)
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "mailproto":
            target = rest.split(".")[0]
            if target and target in {part_of(p) for p in FILES}:
                assert level(target) <= here, f"{path.relative_to(PACKAGE)} imports upwards: {name}"


@pytest.mark.parametrize(
    "path", [p for p in FILES if part_of(p) in BARE], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_the_core_needs_no_third_party_package(path: Path) -> None:
    for name in imports(path):
        top = name.split(".")[0]
        optional = top == "uvloop" and part_of(path) == "aio"
        assert optional or top in OURS_OR_STANDARD or top in sys.stdlib_module_names, (
            f"{path.relative_to(PACKAGE)} imports {name}"
        )


def test_only_one_file_knows_the_names_of_c() -> None:
    for path in PACKAGE.rglob("*.py*"):
        if path.suffix in {".pyx", ".pxd"} and path.name != "c_mailproto.pxd":
            assert 'cdef extern from "mailproto/' not in path.read_text(), path
