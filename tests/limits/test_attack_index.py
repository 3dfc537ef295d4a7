"""The project's list of attacks has a test for every line: ``test_attack_NN_...`` where NN is the line."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]

#: For each line of the list, the files that must have a test of it. Responses are what a server sends,
#: commands what a client sends, text is names, patterns and mail itself.
RESPONSES = "limits/test_response_attacks.py"
COMMANDS = "limits/test_command_attacks.py"
POP3 = "limits/test_pop3_attacks.py"
LINEAR = "limits/test_linear_work.py"  # all four readers
TEXT = "limits/test_text_attacks.py"
WANTED = {
    1: {RESPONSES, COMMANDS, POP3},
    2: {RESPONSES, COMMANDS, POP3},
    3: {RESPONSES, COMMANDS},
    4: {COMMANDS},  # only clients send literals that do not wait
    5: {RESPONSES, LINEAR},
    6: {RESPONSES, COMMANDS, POP3},
    7: {RESPONSES, COMMANDS, POP3},
    8: {RESPONSES, COMMANDS, POP3},
    9: {RESPONSES, COMMANDS},
    10: {RESPONSES, COMMANDS},
    11: {RESPONSES, COMMANDS, POP3},
    12: {RESPONSES, POP3, TEXT},
    13: {TEXT},
    14: {RESPONSES, COMMANDS, POP3},  # inflated octets: with COMPRESS, which no session has yet
    16: {"session/test_starttls_client.py"},
    17: {"session/test_starttls_client.py"},
    18: {"session/test_starttls_client.py"},
    19: {"property/test_command_injection.py", POP3},
    20: {RESPONSES, POP3},
    21: {POP3},
    22: {TEXT, POP3},
}


def present() -> dict[int, set[str]]:
    """Where the tests of each line are."""
    found = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
                "test_attack_"
            ):
                found[int(node.name.split("_")[2])].add(str(path.relative_to(TESTS)))
    return found


def test_every_attack_has_its_tests() -> None:
    found = present()
    missing = {number: where - found[number] for number, where in WANTED.items() if where - found[number]}
    assert missing == {}
