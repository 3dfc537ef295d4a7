"""The ``mailproto`` command. Each subcommand lives in the module of its name beside this one.

Nothing here imports a third-party package or a subcommand before it is asked for: ``mailproto decode`` works
without what ``mailproto serve`` needs, and a command whose extra is not installed says so in one line.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from mailproto.errors import MailprotoError

if TYPE_CHECKING:
    import click

#: Subcommand -> what it does. The module ``mailproto.cli.NAME`` defines ``command``, a click command.
COMMANDS: Final[dict[str, str]] = {
    "demo": "Show IMAP and POP3 at work on an embedded store.",
    "serve": "Serve IMAP and POP3 from a data folder.",
    "user": "Add, list and delete accounts, and set passwords.",
    "deliver": "Put a message from standard input into a user's INBOX.",
    "mirror": "Keep an offline copy of a mail account in Maildir folders.",
    "decode": "Turn an IMAP or POP3 stream into one JSON line a unit.",
}

#: The status of what may work later, or once an administrator has put it right (sysexits.h): a mail transfer
#: agent keeps the message.
EX_TEMPFAIL: Final = 75

#: Third-party module -> the extra that brings it.
EXTRAS: Final[dict[str, str]] = {
    "click": "cli",
    "rich": "cli",
    "argon2": "server",
    "cryptography": "server",
    "psycopg": "postgres",
    "aiosmtpd": "server",
}


class CommandError(MailprotoError):
    """A command failed for a reason that its user can act on; the text is one line, ``status`` the exit
    status.
    """

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


def printable(text: str) -> str:
    """The text with every control character shown as an escape, so that nothing drives the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 when it worked, 2 for a wrong use, 1 for anything else.

    Whatever goes wrong is one line on standard error. ``MAILPROTO_DEBUG=1`` in the environment shows the
    traceback of an internal error.
    """
    raise SystemExit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit status."""
    try:
        return _run(arguments)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            return _internal(error)
        return _fail(f"this needs the extra {extra!r}: pip install 'mailproto[{extra}]'")
    except CommandError as error:
        return _fail(str(error), error.status)
    except MailprotoError as error:
        return _fail(str(error))
    except BrokenPipeError:
        # The reader of our output went away: nothing to say, and nobody to say it to.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return 1
    except OSError as error:
        name = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
        return _fail(f"{error.strerror or error}{name}")
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _internal(error)


def _run(arguments: list[str]) -> int:
    import click  # noqa: PLC0415

    try:
        result = group().main(arguments, prog_name="mailproto", standalone_mode=False)
    except click.exceptions.Abort:
        print(file=sys.stderr)  # the prompt's line is not at its end
        return _fail("aborted", 130)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context is not None else ""
        return _fail(" ".join(error.format_message().split()) + hint, error.exit_code)
    return result if isinstance(result, int) else 0


def group() -> click.Group:
    """The click group of all commands, each imported when it is first used."""
    import click  # noqa: PLC0415

    class Commands(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:
            return [name for name in COMMANDS if importlib.util.find_spec(f"{__name__}.{name}")]

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            if cmd_name not in self.list_commands(ctx):
                return None
            command: Any = importlib.import_module(f"{__name__}.{cmd_name}").command
            assert isinstance(command, click.Command)
            return command

        def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
            # From the table, not from the modules: help must work whatever is installed.
            rows = [(name, COMMANDS[name]) for name in self.list_commands(ctx)]
            if rows:
                with formatter.section("Commands"):
                    formatter.write_dl(rows)

    from mailproto import __version__  # noqa: PLC0415

    commands = Commands(
        "mailproto",
        help="IMAP and POP3: a server, its accounts, offline copies, a decoder of what goes over the wire.",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    return click.version_option(__version__, message="mailproto %(version)s")(commands)


def _fail(text: str, status: int = 1) -> int:
    print(f"mailproto: {printable(' '.join(text.split()))}", file=sys.stderr)
    return status


def _internal(error: BaseException) -> int:
    if os.environ.get("MAILPROTO_DEBUG"):
        raise error
    what = f"internal error: {type(error).__name__}: {error}"
    return _fail(f"{what} (set MAILPROTO_DEBUG=1 to see where, and please report it)")
