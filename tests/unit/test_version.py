"""The version stands in four files; a release changes all of them."""

import re
import tomllib
from pathlib import Path

import mailproto

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_places_agree() -> None:
    project = ROOT / "pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == mailproto.__version__
    cmake = ROOT / "CMakeLists.txt"
    if cmake.exists():  # not beside the tests that run on an installed wheel
        (version,) = re.findall(r"^project\(mailproto VERSION ([\d.]+)", cmake.read_text(), re.MULTILINE)
        assert version == mailproto.__version__
        header = (ROOT / "csrc" / "include" / "mailproto" / "mailproto.h").read_text()
        assert re.findall(r'^#define MP_VERSION "([\d.]+)"', header, re.MULTILINE) == [version]
        numbers = re.findall(r"^#define MP_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header, re.MULTILINE)
        assert ".".join(numbers) == version
