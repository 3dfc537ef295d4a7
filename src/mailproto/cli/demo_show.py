"""What the demo prints: steps, what each observed, and the table that sets IMAP beside POP3.

Colour on a terminal, plain text in a pipe (rich sees to it). A claim that does not hold ends the demo.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from mailproto.cli import CommandError


class Show:
    """Prints as the demo goes along, and remembers which step it is at."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self.at = "start"

    def part(self, title: str) -> None:
        """Begin one of the demo's parts."""
        self.console.print(f"\n[bold]{title}[/bold]")

    def step(self, title: str) -> None:
        """Begin a step; what fails from here on is reported under its title."""
        self.at = title

    def fact(self, text: str) -> None:
        """Tell what the step observed."""
        self.console.print(f"  [green]ok[/green]  {self.at}: {text}")

    def check(self, holds: bool, claim: str) -> None:
        """Raise CommandError, naming the step, unless *claim* holds."""
        if not holds:
            raise CommandError(f"the demo failed at {self.at!r}: it does not hold that {claim}")


def octets(count: int) -> str:
    """A size for people: ``950 B``, ``34.1 kB``, ``26.4 MB``."""
    for unit, size in (("MB", 1_000_000), ("kB", 1000)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


@dataclass
class Comparison:
    """What was observed of the two protocols, row by row, in the words of the table."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, question: str, imap: str, pop3: str) -> None:
        """One row."""
        self.rows.append((question, imap, pop3))

    def fill(self, question: str, pop3: str) -> None:
        """Add POP3's side to a row that IMAP's half has begun."""
        for index, (asked, imap, _) in enumerate(self.rows):
            if asked == question:
                self.rows[index] = (asked, imap, pop3)
                return
        raise KeyError(question)

    def print(self, console: Console) -> None:
        """The table, in colour on a terminal."""
        table = Table(title="IMAP beside POP3, as observed just now", title_justify="left", show_lines=True)
        table.add_column("", style="bold", ratio=2)
        table.add_column("IMAP", style="cyan", ratio=3)
        table.add_column("POP3", style="magenta", ratio=3)
        for row in self.rows:
            table.add_row(*row)
        console.print()
        console.print(table)
