"""Run the libFuzzer targets of a build folder for some seconds each; exit 1 if one finds something.

Usage: ``fuzz.py BUILD_FOLDER SECONDS_PER_TARGET [-OPTION...] [SUBJECT...]``; options are libFuzzer's. As many
targets run at once as there are processors. What a target learns stays in ``BUILD_FOLDER/corpus``, from where
the next run goes on.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fuzz_seeds import write_seeds

ROOT = Path(__file__).resolve().parent.parent
FUZZ = ROOT / "csrc" / "fuzz"
STATUS = re.compile(r"^#\d+\s.*\bcov: (\d+) ft: (\d+) corp: (\d+)/", re.MULTILINE)
STATISTIC = re.compile(r"^stat::(\w+):\s*(\d+)", re.MULTILINE)


@dataclass
class Report:
    """What one run of one target came to."""

    subject: str
    runs: int
    coverage: int
    features: int
    corpus: int
    finds: list[Path]
    failed: bool
    log: str


def run(target: Path, seconds: int, options: list[str]) -> Report:
    """Run one target on what it learnt, on the seeds made of the tests, and on ``csrc/fuzz/corpus``."""
    subject = target.name.removeprefix("fuzz_")
    build = target.parent
    learnt, finds = build / "corpus" / subject, build / "finds"
    learnt.mkdir(parents=True, exist_ok=True)
    finds.mkdir(exist_ok=True)
    before = set(finds.iterdir())
    folders = [FUZZ / "corpus" / subject, FUZZ / "found" / subject, build / "seeds" / subject]
    command = [
        str(target),
        f"-max_total_time={seconds}",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-max_len=4000",
        "-print_final_stats=1",
        f"-artifact_prefix={finds}/{subject}-",
        f"-dict={FUZZ / f'{subject}.dict'}",
        *options,
        str(learnt),
        *(str(folder) for folder in folders if folder.is_dir()),
    ]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    statistics = dict(STATISTIC.findall(result.stderr))
    status = STATUS.findall(result.stderr)
    coverage, features, corpus = (int(number) for number in (status[-1] if status else (0, 0, 0)))
    runs = int(statistics.get("number_of_executed_units", 0))
    found = sorted(set(finds.iterdir()) - before)
    return Report(subject, runs, coverage, features, corpus, found, result.returncode != 0, result.stderr)


def show(report: Report, seconds: int) -> None:
    """One line, and all that is known of a find."""
    verdict = "FOUND SOMETHING" if report.failed else "no finds"
    print(
        f"{report.subject:<9} {report.runs:>9} runs {report.runs // max(1, seconds):>6}/s  "
        f"{report.coverage:>5} edges {report.features:>6} features {report.corpus:>5} inputs  {verdict}",
        flush=True,
    )
    if not report.failed:
        return
    print(report.log[-6000:])
    for path in report.finds:
        print(f"saved as {path}")
    print(
        f"Shrink it with -minimize_crash=1, put it into csrc/fuzz/found/{report.subject}/ under a name that"
        " says what it shows (ctest replays what is there), and write a test beside the fix."
    )


def main() -> int:
    """Run the targets; see the top of the file."""
    build, seconds = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    options = [argument for argument in sys.argv[3:] if argument.startswith("-")]
    only = [argument for argument in sys.argv[3:] if not argument.startswith("-")]
    targets = sorted(p for p in build.glob("fuzz_*") if p.is_file() and os.access(p, os.X_OK))
    targets = [path for path in targets if not only or path.name.removeprefix("fuzz_") in only]
    if not targets:
        print(f"no such fuzz targets in {build}")
        return 1
    seeds = write_seeds(build / "seeds")
    print(f"{sum(seeds.values())} seeds for {len(targets)} targets, {seconds} s each", flush=True)
    failed = False
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for report in pool.map(lambda target: run(target, seconds, options), targets):
            show(report, seconds)
            failed = failed or report.failed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
