"""Build the C core and its tests for machines that are not at hand, and run the tests where that can be.

Usage: ``cross.py BUILD_FOLDER [TARGET... | all]``. The compiler is zig's, from PyPI (``ziglang``): one
package holds clang and the C libraries of all targets. Foreign Linux targets run under qemu's user mode,
s390x among them because it is big-endian. Warnings are errors. A first link makes zig build the target's C
library, up to two minutes of processor time: some targets are only compiled, unless they are asked for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Target:
    """A target as zig names it, CMake's name for its system, and what runs its programs."""

    triple: str
    system: str
    runner: tuple[str, ...] | None = None  # None: cannot run here
    library: bool = False  # build the shared library too
    link: bool = True  # by default

    @property
    def processor(self) -> str:
        return self.triple.split("-")[0]


#: qemu looks for a target's C library where Debian's libc6-*-cross packages put it.
TARGETS = [
    Target("aarch64-linux-gnu", "Linux", ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"), library=True),
    Target("s390x-linux-gnu", "Linux", ("qemu-s390x", "-L", "/usr/s390x-linux-gnu")),
    Target("x86_64-linux-musl", "Linux", (), library=True),
    Target("aarch64-macos", "Darwin", library=True),
    Target("x86_64-windows-gnu", "Windows", library=True, link=False),
    Target("aarch64-linux-musl", "Linux", ("qemu-aarch64",), link=False),
    Target("x86_64-macos", "Darwin", link=False),
]


def zig() -> str:
    """The compiler's path."""
    spec = find_spec("ziglang")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("cross builds need ziglang from PyPI: pip install --group cross")
    return str(Path(next(iter(spec.submodule_search_locations))) / "zig")


def wrapper(folder: Path, name: str) -> Path:
    """A program of its own for one of zig's subcommands: CMake wants a single word for these."""
    path = folder / f"zig-{name}"
    path.write_text(f'#!/bin/sh\nexec "{zig()}" {name} "$@"\n')
    path.chmod(0o755)
    return path


#: As CMakeLists.txt has them, and as errors.
FLAGS = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wno-sign-conversion", "-Werror"]


def compile_only(target: Target, folder: Path) -> tuple[bool, str]:
    """Compile the core and its tests, without CMake: it links a program to find out about the compiler."""
    here = folder / f"{target.triple}-objects"
    here.mkdir(exist_ok=True)
    sources = [path for part in ("src", "tests") for path in sorted((ROOT / "csrc" / part).glob("*.c"))]
    includes = [f"-I{ROOT / 'csrc' / part}" for part in ("include", "src", "tests")]
    command = [zig(), "cc", "-target", target.triple, *FLAGS, "-DMP_STATIC", *includes, "-c"]
    for path in sources:  # one by one: zig would link several into one object
        result = subprocess.run(
            [*command, path, "-o", f"{path.stem}.o"],
            cwd=here,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if result.returncode:
            return False, result.stderr[-6000:]
    return True, f"compiled {len(sources)} files"


def build(target: Target, folder: Path) -> tuple[bool, str]:
    """Configure, build and test one target; False and the output of what failed, or True and a summary."""
    here = folder / target.triple
    tools = Path(sys.executable).parent
    options = {
        "CMAKE_MAKE_PROGRAM": tools / "ninja",
        "CMAKE_SYSTEM_NAME": target.system,
        "CMAKE_SYSTEM_PROCESSOR": target.processor,
        "CMAKE_C_COMPILER": f"{zig()};cc;-target;{target.triple}",
        "CMAKE_AR": folder / "zig-ar",
        "CMAKE_RANLIB": folder / "zig-ranlib",
        "CMAKE_C_COMPILER_LAUNCHER": "",  # zig has a cache of its own
        "CMAKE_BUILD_TYPE": "Debug",
        "CMAKE_C_FLAGS_DEBUG": "-O1",
        "MAILPROTO_TESTS": "ON",
        "MAILPROTO_WERROR": "ON",
        "MAILPROTO_LIBRARY": "ON" if target.library else "OFF",
    }
    runner = None
    if target.runner is not None:
        runner = [shutil.which(target.runner[0]), *target.runner[1:]] if target.runner else []
        if runner and runner[0] is None:
            if os.environ.get("MAILPROTO_REQUIRE_PEERS"):
                return False, f"{target.runner[0]} is not installed"
            runner = None
        elif runner:
            options["CMAKE_CROSSCOMPILING_EMULATOR"] = ";".join(str(word) for word in runner)
    commands: list[list[str | Path]] = [
        [
            "cmake",
            "-S",
            ROOT,
            "-B",
            here,
            "-G",
            "Ninja",
            *(f"-D{key}={value}" for key, value in options.items()),
        ],
        ["cmake", "--build", here, "--", "--quiet"],
    ]
    if runner is not None:
        commands.append(["ctest", "--test-dir", here, "--output-on-failure", "--timeout", "120"])
    output = ""
    for program, *arguments in commands:
        result = subprocess.run(
            [tools / str(program), *arguments], capture_output=True, text=True, errors="replace", check=False
        )
        output = result.stdout + result.stderr
        if result.returncode:
            return False, output[-6000:]
    if runner is None:
        return True, "built"
    summary = next((line for line in output.splitlines() if "tests passed" in line), "no tests ran")
    return "100% tests passed" in summary, f"built, {summary}"


def main() -> int:
    """Build all targets, or those named."""
    folder, only = Path(sys.argv[1]).resolve(), sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("ar", "ranlib"):
        wrapper(folder, name)
    every = only == ["all"]
    targets = [target for target in TARGETS if every or not only or target.triple in only]
    if not targets:
        sys.exit(f"no such target; there are {', '.join(target.triple for target in TARGETS)}")
    failed = False

    def timed(target: Target) -> tuple[Target, bool, str, float]:
        start = time.monotonic()
        linked = target.link or bool(only)
        ok, text = build(target, folder) if linked else compile_only(target, folder)
        return target, ok, text, time.monotonic() - start

    # two at once: zig builds a target's C library mostly on one processor
    with ThreadPoolExecutor(max_workers=2) as pool:
        for target, ok, text, seconds in pool.map(timed, targets):
            print(f"{target.triple:<20} {seconds:>6.1f} s  {text if ok else 'FAILED'}", flush=True)
            if not ok:
                print(text)
                failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
