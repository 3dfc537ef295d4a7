"""A literal of 64 MB that streams: what it takes of memory.

Run as a program it streams one and prints two numbers: octets of resident memory above what there was before,
and octets of the literal seen.
"""

from __future__ import annotations

import subprocess
import sys

MEGABYTE = 1 << 20
SIZE = 64 * MEGABYTE
READ = 64 * 1024
GOAL = MEGABYTE


def resident() -> int:
    """Octets of resident memory at their highest, from the kernel."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    raise OSError("no VmHWM")


def streams() -> bool:
    """Whether the reader takes ``stream_above``."""
    from mailproto.imap import ResponseReader

    try:
        ResponseReader(stream_above=READ)
    except TypeError:
        return False
    return True


def stream(size: int) -> int:
    """Octets of the literal that came as chunks."""
    from mailproto.imap import ResponseReader
    from mailproto.imap.events import LiteralChunk

    reader = ResponseReader(stream_above=READ)
    piece = bytes(READ)
    seen = 0
    reader.feed(b"* 1 FETCH (UID 7 BODY[] {%d}\r\n" % size)
    for _ in range(size // READ):
        reader.feed(piece)
        for event in reader:
            if isinstance(event, LiteralChunk):
                seen += len(event.data)
    reader.feed(b")\r\n")
    for event in reader:
        if isinstance(event, LiteralChunk):
            seen += len(event.data)
    return seen


def memory(scale: float) -> tuple[list[str], bool]:
    """Lines to print, and whether an answer was wrong."""
    size = max(MEGABYTE, int(SIZE * scale)) // READ * READ
    title = f"a literal of {size // MEGABYTE} MiB streamed: resident memory above the base"
    if not sys.platform.startswith("linux"):
        return [f"{title}: skipped, only Linux tells it"], False
    if not streams():
        return [f"{title}: skipped, the reader does not stream"], False
    told = subprocess.run(
        [sys.executable, "-m", "bench.streaming", str(size)], check=True, capture_output=True, text=True
    ).stdout.split()
    held, seen = int(told[0]), int(told[1])
    if seen != size:
        return [f"{title}: WRONG ANSWER: {seen:,} octets of {size:,}"], True
    mark = "ok" if held < GOAL else "SHORT"
    return [f"{title}: {held // 1024:,} KiB  goal under 1 MiB {mark}"], False


if __name__ == "__main__":
    stream(MEGABYTE)  # what is made once
    before = resident()
    octets = stream(int(sys.argv[1]))
    print(resident() - before, octets)
