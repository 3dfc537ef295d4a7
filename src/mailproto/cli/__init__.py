"""The ``mailproto`` command. Subcommands live in the modules beside this one."""


def main() -> None:
    """Run the command line."""
    raise SystemExit("mailproto: no commands yet")
