"""Build the sdist and a wheel, install each into an empty environment, and test it there.

Usage: wheel.py PYTHON. What is installed comes from dist/ alone: the tests run from a copied folder, so that
the checkout's own sources cannot be imported by accident.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"

SMOKE = ROOT / "tools" / "wheel_smoke.py"


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a command and stop at its failure."""
    subprocess.run([str(part) for part in command], check=True, cwd=cwd)


def check_contents(wheel: Path) -> None:
    """The wheel holds modules, stubs and py.typed, and no sources of the C core or of Cython."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "mailproto/py.typed" in names, "py.typed is missing from the wheel"
    wrong = [n for n in names if n.endswith((".c", ".h", ".pyx", ".pxd", ".a", ".lib"))]
    assert not wrong, f"sources in the wheel: {wrong}"
    modules = {
        n.split("/")[-1].split(".")[0] for n in names if "/_core/" in n and n.endswith((".so", ".pyd"))
    }
    sources = {p.stem for p in (ROOT / "src/mailproto/_core").glob("*.pyx")}
    assert modules == sources, f"modules {modules} are not those of the sources {sources}"
    for module in modules:
        assert f"mailproto/_core/{module}.pyi" in names, f"no stub for {module}"


def test_in_empty_environment(python: str, artefact: Path, scratch: Path) -> None:
    """Install *artefact* alone into a new environment; smoke it bare, then run the unit tests on it."""
    env = scratch / artefact.name.split("-")[0] / artefact.suffix.strip(".")
    run(python, "-m", "venv", env)
    interpreter = env / "bin" / "python"
    run(interpreter, "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1")
    run(interpreter, "-m", "pip", "install", "--quiet", artefact)
    run(interpreter, "-I", SMOKE, cwd=scratch)
    run(interpreter, "-m", "pip", "install", "--quiet", f"{artefact}[cli]")
    run(interpreter, "-m", "pip", "install", "--quiet", "--group", f"{ROOT}/pyproject.toml:test")
    copy = scratch / f"tests-{artefact.suffix.strip('.')}"
    copy.mkdir()
    shutil.copytree(ROOT / "tests", copy / "tests")
    shutil.copy(ROOT / "pyproject.toml", copy)
    run(interpreter, "-m", "pytest", "-n", "auto", "tests/unit", "tests/session", cwd=copy)


def main() -> int:
    """Build both, then test both."""
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST, ROOT)
    (wheel,) = DIST.glob("*.whl")
    (sdist,) = DIST.glob("*.tar.gz")
    check_contents(wheel)
    with tempfile.TemporaryDirectory() as scratch:
        test_in_empty_environment(python, wheel, Path(scratch))
        test_in_empty_environment(python, sdist, Path(scratch))
    print(f"built and tested: {wheel.name}, {sdist.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
