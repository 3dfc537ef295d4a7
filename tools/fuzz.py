"""Run every libFuzzer target of a build folder for some seconds each; exit 1 at the first find."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FUZZ = ROOT / "csrc" / "fuzz"


def run(target: Path, seconds: int) -> int:
    """Run one target on a scratch corpus seeded from ``csrc/fuzz/corpus/<subject>``."""
    subject = target.name.removeprefix("fuzz_")
    scratch = target.parent / "corpus" / subject
    scratch.mkdir(parents=True, exist_ok=True)
    command = [
        str(target),
        f"-max_total_time={seconds}",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-max_len=4096",
        "-print_final_stats=1",
        f"-artifact_prefix={target.parent}/find-{subject}-",
        str(scratch),
    ]
    seeds = FUZZ / "corpus" / subject
    if seeds.is_dir():
        command.append(str(seeds))
    dictionary = FUZZ / f"{subject}.dict"
    if dictionary.exists():
        command.append(f"-dict={dictionary}")
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    stats = dict(
        line.removeprefix("stat::").split(":", 1)
        for line in result.stderr.splitlines()
        if line.startswith("stat::")
    )
    runs = stats.get("number_of_executed_units", "?").strip()
    print(
        f"{target.name}: {runs} runs, {'no finds' if result.returncode == 0 else 'FOUND SOMETHING'}",
        flush=True,
    )
    if result.returncode:
        print(result.stderr[-6000:])
    return result.returncode


def main() -> int:
    """Usage: fuzz.py BUILD_FOLDER SECONDS_PER_TARGET."""
    build, seconds = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    targets = sorted(p for p in build.glob("fuzz_*") if p.is_file() and os.access(p, os.X_OK))
    if not targets:
        print(f"no fuzz targets in {build}")
        return 1
    return max(1 if run(target, seconds) else 0 for target in targets)


if __name__ == "__main__":
    sys.exit(main())
