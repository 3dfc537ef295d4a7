"""The C library as programs outside the tree find it: installed, through CMake and through pkg-config."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
EMBED = ROOT / "examples" / "embed"
TOOLS = Path(sys.executable).parent  # cmake and ninja come from PyPI
CMAKE = shutil.which("cmake", path=os.pathsep.join([str(TOOLS), os.environ.get("PATH", "")]))
NINJA = shutil.which("ninja", path=os.pathsep.join([str(TOOLS), os.environ.get("PATH", "")]))
NEEDED = {"cmake": CMAKE, "ninja": NINJA} | {
    tool: shutil.which(tool) for tool in ("nm", "readelf", "pkg-config", "make", "cc")
}
MISSING = sorted(tool for tool, path in NEEDED.items() if path is None)
WARNINGS = "-Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Werror"

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ELF files"),
    pytest.mark.skipif(not (ROOT / "cmake").is_dir(), reason="an installed wheel has no C sources"),
    pytest.mark.xdist_group("installed-library"),  # one worker builds it
    pytest.mark.timeout(600),
]


def run(*command: str | Path, cwd: Path | None = None, stdin: bytes = b"", **env: str) -> bytes:
    """What the command prints; its complaints are the failure's text."""
    result = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        check=False,
        env=os.environ | env,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout.decode()}\n{result.stderr.decode()}"
    return result.stdout


def configure(source: Path, build: Path, *options: str) -> None:
    run(CMAKE, "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={NINJA}", *options)
    run(CMAKE, "--build", build)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix, moved after the installation: nothing in it may know where it was."""
    if MISSING:
        assert not os.environ.get("MAILPROTO_REQUIRE_PEERS"), f"not installed: {MISSING}"
        pytest.skip(f"not installed: {', '.join(MISSING)}")
    folder = tmp_path_factory.mktemp("library")
    quick = "-DCMAKE_C_FLAGS_RELEASE=-O1 -DNDEBUG"  # names, not speed, are looked at
    prefix = f"-DCMAKE_INSTALL_PREFIX={folder / 'first'}"
    configure(ROOT, folder / "build", "-DMAILPROTO_WERROR=ON", quick, prefix)
    run(CMAKE, "--install", folder / "build")
    shutil.rmtree(folder / "build")
    return (folder / "first").rename(folder / "moved")


def library(installed: Path, name: str) -> Path:
    (path,) = (p for p in installed.rglob(name) if not p.is_symlink())
    return path


def declared() -> set[str]:
    """The functions that the headers offer."""
    headers = (ROOT / "csrc" / "include" / "mailproto").glob("*.h")
    return {
        name
        for path in headers
        for name in re.findall(r"^MP_API [^;(]*?\b(mp_\w+)\(", path.read_text(), re.M)
    }


def symbols(path: Path, *options: str) -> list[list[str]]:
    """Rows of ``nm --format=sysv``: name, value, class, type, size, line, section."""
    text = run("nm", "--format=sysv", *options, path).decode()
    return [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.count("|") == 6]


def test_shared_library_offers_the_headers_functions_and_nothing_else(installed: Path) -> None:
    shared = library(installed, "libmailproto.so*")
    rows = symbols(shared, "--dynamic", "--defined-only", "--with-symbol-versions")
    offered = {row[0] for row in rows if row[2] == "T"}
    assert offered == {f"{name}@@MAILPROTO_0.1" for name in declared()}
    assert {row[0] for row in rows} - offered <= {"MAILPROTO_0.1", "MAILPROTO_0.1@@MAILPROTO_0.1"}
    assert shared.name == "libmailproto.so.0.1.0"
    assert "soname: [libmailproto.so.0.1]" in run("readelf", "-d", shared).decode()


def test_no_writable_data(installed: Path) -> None:
    archive = library(installed, "libmailproto.a")
    data = [
        row for row in symbols(archive) if row[6].startswith((".data", ".bss", ".tdata", ".tbss", "*COM*"))
    ]
    # tables of pointers to constants are made read-only once the loader has filled them in
    writable = [row for row in data if not row[6].startswith(".data.rel.ro")]
    assert not writable, writable
    assert any(row[6].startswith(".rodata") for row in symbols(archive)), (
        "nm shows no sections: the test is blind"
    )


def test_what_the_library_takes_from_outside(installed: Path) -> None:
    """Memory functions only; allocation in the one allocator that a caller may ask for."""
    harmless = {
        "memchr",
        "memcmp",
        "memcpy",
        "memmove",
        "memset",
        "strchr",
        "strlen",
        "_GLOBAL_OFFSET_TABLE_",
    }
    harmless |= {"__stack_chk_fail"}
    uses: dict[str, set[str]] = {}
    member = ""
    for line in run("nm", library(installed, "libmailproto.a")).decode().splitlines():
        if line.endswith(":"):
            member = line.removesuffix(".c.o:")
        elif " U " in line and not (name := line.split()[-1]).startswith("mp_"):
            uses.setdefault(name, set()).add(member)
    assert {name: members for name, members in uses.items() if name not in harmless} == {
        "realloc": {"base"},
        "free": {"base"},
    }


def check_programs(folder: Path, **env: str) -> None:
    for program in ("tokens", "loop"):
        expected = EMBED / "expected"
        got = run(folder / program, stdin=(expected / f"{program}.in").read_bytes(), **env)
        assert got == (expected / f"{program}.out").read_bytes()


@pytest.mark.parametrize("static", ["ON", "OFF"])
def test_programs_built_with_cmake(installed: Path, tmp_path: Path, static: str) -> None:
    source = shutil.copytree(EMBED, tmp_path / "embed")
    options = [f"-DCMAKE_PREFIX_PATH={installed}", f"-DSTATIC={static}", f"-DCMAKE_C_FLAGS={WARNINGS}"]
    configure(source, tmp_path / "build", *options)
    check_programs(tmp_path / "build")
    needs = b"libmailproto.so.0.1" in (tmp_path / "build" / "tokens").read_bytes()
    assert needs == (static == "OFF")


def test_another_minor_version_is_refused(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(x C)\nfind_package(mailproto 0.2 CONFIG REQUIRED)\n"
    )
    with pytest.raises(AssertionError, match="compatible with requested version"):
        configure(tmp_path, tmp_path / "build", f"-DCMAKE_PREFIX_PATH={installed}")


def pkg_config(installed: Path, *options: str) -> list[str]:
    path = library(installed, "mailproto.pc").parent
    return run("pkg-config", *options, "mailproto", PKG_CONFIG_PATH=str(path)).decode().split()


def test_programs_built_with_pkg_config(installed: Path, tmp_path: Path) -> None:
    source = shutil.copytree(EMBED, tmp_path / "embed")
    run(
        "make",
        f"CFLAGS={WARNINGS}",
        cwd=source,
        PKG_CONFIG_PATH=str(library(installed, "mailproto.pc").parent),
    )
    check_programs(source, LD_LIBRARY_PATH=str(library(installed, "libmailproto.so*").parent))


def test_pkg_config_follows_the_moved_folder(installed: Path, tmp_path: Path) -> None:
    flags = pkg_config(installed, "--cflags", "--libs")
    include, folder = (Path(flag[2:]).resolve() for flag in flags[:2])
    assert include == installed / "include" and folder == library(installed, "libmailproto.so*").parent
    assert pkg_config(installed, "--modversion") == ["0.1.0"]


def test_a_static_program_through_pkg_config(installed: Path, tmp_path: Path) -> None:
    flags = pkg_config(installed, "--static", "--cflags", "--libs")
    for program in ("tokens", "loop"):
        sources = [EMBED / f"{program}.c", EMBED / "input.c"]
        run("cc", "-std=c11", *WARNINGS.split(), "-static", "-o", tmp_path / program, *sources, *flags)
    check_programs(tmp_path)


def test_a_cplusplus_program(installed: Path, tmp_path: Path) -> None:
    if shutil.which("c++") is None:
        assert not os.environ.get("MAILPROTO_REQUIRE_PEERS"), "not installed: c++"
        pytest.skip("not installed: c++")
    source = tmp_path / "version.cc"
    source.write_text(
        "#include <mailproto/mailproto.h>\n#include <iostream>\n"
        "int main() { std::cout << mp_version() << ' ' << mp_limits_client().max_depth; }\n"
    )
    flags = pkg_config(installed, "--cflags", "--libs")
    run("c++", "-std=c++17", *WARNINGS.split(), "-o", tmp_path / "version", source, *flags)
    folder = library(installed, "libmailproto.so*").parent
    assert run(tmp_path / "version", LD_LIBRARY_PATH=str(folder)) == b"0.1.0 100"
