"""The C core alone: its tape against Dovecot's parser on the same octets, and its work counted.

Both programs are built on the spot: without a C compiler the rows say so, and so does the first without
Debian's ``dovecot-dev``.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench import corpora

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
DOVECOT_HEADERS = Path("/usr/include/dovecot")
DOVECOT_LIBRARY = Path("/usr/lib/dovecot")
TAPE_GOAL = 4


def _compiler() -> str | None:
    return shutil.which(os.environ.get("CC", "cc"))


def _sources() -> list[str]:
    return [str(path) for path in sorted((CSRC / "src").glob("*.c"))]


def _build(compiler: str, *arguments: str, where: str | None = None) -> None:
    subprocess.run([compiler, "-DMP_STATIC", f"-I{CSRC / 'include'}", *arguments], check=True, cwd=where)


def has_dovecot() -> bool:
    """Whether Dovecot's parser can be linked."""
    return (DOVECOT_HEADERS / "imap-parser.h").exists() and (DOVECOT_LIBRARY / "libdovecot.so").exists()


def tape(scale: float, rounds: int) -> tuple[list[str], bool]:
    """Lines to print, and whether an answer was wrong."""
    title = "C core alone: tape of envelope rows"
    compiler = _compiler()
    if compiler is None:
        return [f"{title}: skipped, there is no C compiler"], False
    with tempfile.TemporaryDirectory() as made:
        here = Path(made)
        rows = here / "rows"
        rows.write_bytes(corpora.fetch_envelopes(max(4, int(2000 * scale))))
        program, theirs = str(here / "tape"), []
        if has_dovecot():
            other = str(here / "dovecot.o")
            dovecot = f"-std=gnu11 -O3 -DHAVE_CONFIG_H -I{DOVECOT_HEADERS} -c"
            _build(compiler, *shlex.split(dovecot), str(ROOT / "bench/c/tape_dovecot.c"), "-o", other)
            theirs = [
                "-DHAVE_DOVECOT", other, f"-L{DOVECOT_LIBRARY}", "-ldovecot", f"-Wl,-rpath,{DOVECOT_LIBRARY}",
            ]  # fmt: skip
        ours = ["-std=gnu11", "-O3", "-flto", str(ROOT / "bench/c/tape.c"), *_sources()]
        _build(compiler, *ours, *theirs, "-o", program)
        told = subprocess.run(
            [program, str(rows), str(max(1, rounds))], check=True, capture_output=True, text=True
        ).stdout.split()
    found = dict(zip(told[::3], zip(told[1::3], told[2::3], strict=True), strict=True))
    ours = float(found["ours"][0])
    lines = [f"{title}: {ours:,.0f} ns"]
    if "dovecot" not in found:
        return [*lines, "    Dovecot's C parser: skipped, dovecot-dev is not installed"], False
    if found["dovecot"][1] != found["ours"][1]:
        return [f"{title}: WRONG ANSWER: {found['ours'][1]} tokens, Dovecot's {found['dovecot'][1]}"], True
    spent = float(found["dovecot"][0])
    ratio = spent / ours
    mark = "ok" if ratio >= TAPE_GOAL else "SHORT"
    lines.append(f"    {'Dovecot C parser':<20} {spent:>14,.0f} ns  {ratio:7.1f}x  goal {TAPE_GOAL}x {mark}")
    return lines, False


def growth() -> tuple[list[str], bool]:
    """Lines to print, and whether work for each octet grew with the input: see csrc/tests/work.c."""
    title = "any input, n / 2n / 4n and one octet at a time"
    compiler = _compiler()
    if compiler is None:
        return [f"{title}: skipped, there is no C compiler"], False
    with tempfile.TemporaryDirectory() as made:
        here = Path(made)
        counted = [
            "-O2",
            "-fsanitize-coverage=trace-pc",
            "-include",
            str(CSRC / "tests/work_counted.h"),
            "-c",
        ]
        try:
            _build(compiler, "-std=c11", *counted, *_sources(), where=made)
        except subprocess.CalledProcessError:
            return [f"{title}: skipped, {compiler} cannot count basic blocks"], False
        objects = [str(path) for path in sorted(here.glob("*.o"))]
        _build(compiler, "-std=c11", "-O2", str(CSRC / "tests/work.c"), *objects, "-o", str(here / "work"))
        told = subprocess.run([str(here / "work")], check=False, capture_output=True, text=True)
    grew = told.returncode != 0
    lines = [f"{title}: counted work, goal linear {'SHORT' if grew else 'ok'}"]
    return lines + ["    " + line for line in told.stdout.splitlines()], grew
