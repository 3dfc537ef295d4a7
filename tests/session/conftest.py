"""Makes ``helpers`` importable by the tests beside it."""

import importlib.util
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

collect_ignore = []
if importlib.util.find_spec("mailproto.imap.reading") is None:
    collect_ignore = [
        f"test_{name}.py" for name in ("client", "server", "starttls_client", "conversation", "wirelog")
    ]
