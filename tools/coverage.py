"""Line coverage of the C core by its own tests and the fuzz corpora; exit 1 below the floor.

Usage: ``coverage.py BUILD_FOLDER [--missing]``. The folder was configured with ``-DMAILPROTO_COVERAGE=ON
-DMAILPROTO_TESTS=ON`` and built by clang. ``--missing`` lists the lines that nothing ran. The tests of the
Python package are not counted, so that what is shown is what the C tests and the fuzz targets assert.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from fuzz_seeds import write_seeds

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "csrc" / "src"
#: Percent of lines. Well below what is reached: it is there to notice a test that no longer runs.
FLOOR = 90.0


def tool(name: str) -> str:
    """An LLVM tool; Debian puts the version behind its name."""
    for candidate in (name, f"{name}-14", *(f"{name}-{version}" for version in range(22, 14, -1))):
        if path := shutil.which(candidate):
            return path
    sys.exit(f"coverage needs {name} (Debian: llvm-14)")


def run_all(build: Path) -> list[Path]:
    """Run the tests, and replay what the fuzzers start from and have learnt; return the programs."""
    profiles = build / "profiles"
    shutil.rmtree(profiles, ignore_errors=True)
    environment = os.environ | {"LLVM_PROFILE_FILE": f"{profiles}/%m-%p.profraw"}
    programs = sorted(
        path
        for path in [*build.glob("test_*"), *build.glob("replay_*")]
        if path.is_file() and not path.suffix
    )
    if not programs:
        sys.exit(f"no tests in {build}")
    write_seeds(build / "seeds")
    for program in programs:
        arguments = []
        if program.name.startswith("replay_"):
            subject = program.name.removeprefix("replay_")
            folders = [
                ROOT / "csrc" / "fuzz" / "corpus" / subject,
                ROOT / "csrc" / "fuzz" / "found" / subject,
                build / "seeds" / subject,
                ROOT / "build" / "fuzz" / "corpus" / subject,
            ]
            files = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
            inputs = build / f"inputs_{subject}.txt"
            inputs.write_text("".join(f"{path}\n" for path in files))
            arguments = [f"@{inputs}"]
        result = subprocess.run(
            [program, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if result.returncode:
            sys.exit(f"{program.name} failed:\n{result.stderr[-3000:]}")
    merged = build / "coverage.profdata"
    raw = [str(path) for path in profiles.glob("*.profraw")]
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", "-o", str(merged), *raw], check=True)
    return programs


def measure(build: Path, programs: list[Path]) -> dict[Path, dict[int, bool]]:
    """For each file of the core: which of its lines with code were run."""
    objects = [argument for program in programs for argument in ("-object", str(program))]
    command = [
        tool("llvm-cov"),
        "export",
        "-format=lcov",
        f"-instr-profile={build / 'coverage.profdata'}",
        *objects,
    ]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines: dict[Path, dict[int, bool]] = {}
    current: dict[int, bool] = {}
    for row in text.splitlines():
        key, _, value = row.partition(":")
        if key == "SF":
            path = Path(value).resolve()
            current = lines.setdefault(path, {}) if path.parent == SOURCES else {}
        elif key == "DA":
            number, count = value.split(",")[:2]
            current[int(number)] = current.get(int(number), False) or int(count) > 0
    return dict(sorted(lines.items()))


def ranges(numbers: list[int]) -> str:
    """``3-5, 9`` for ``[3, 4, 5, 9]``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def main() -> int:
    """Print a row for each file, and the total."""
    build = Path(sys.argv[1]).resolve()
    lines = measure(build, run_all(build))
    total = ran = 0
    table = []
    print(f"{'file':<24} {'lines':>6} {'not run':>8} {'percent':>8}")
    for path, counted in lines.items():
        missing = sorted(number for number, hit in counted.items() if not hit)
        total += len(counted)
        ran += len(counted) - len(missing)
        percent = 100 * (1 - len(missing) / max(1, len(counted)))
        table.append({"file": path.name, "lines": len(counted), "missing": missing})
        print(f"{path.name:<24} {len(counted):>6} {len(missing):>8} {percent:>8.1f}")
        if missing and "--missing" in sys.argv:
            print(f"    {ranges(missing)}")
    percent = 100 * ran / max(1, total)
    print(f"{'all of csrc/src':<24} {total:>6} {total - ran:>8} {percent:>8.1f}")
    (build / "coverage.json").write_text(json.dumps(table, indent=1))
    if percent < FLOOR:
        print(f"below {FLOOR} percent")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
