"""Print the compiled modules, one a line: what stubtest compares with the .pyi files."""

from pathlib import Path

CORE = Path(__file__).resolve().parent.parent / "src" / "mailproto" / "_core"

for source in sorted(CORE.glob("*.pyx")):
    print(f"mailproto._core.{source.stem}")
