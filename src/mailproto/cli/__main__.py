"""``python -m mailproto.cli``."""

from mailproto.cli import main

main()
