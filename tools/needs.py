"""Say what this machine lacks to build mailproto; quiet when it lacks nothing.

Runs under the interpreter that will build, before any environment exists, so it imports only the standard
library and stays readable to old interpreters.
"""

import os
import shutil
import sys
import sysconfig


def missing():
    """Names what is not there, each with how Debian calls it."""
    if sys.version_info < (3, 11):  # noqa: UP036 (the old interpreter is what this is for)
        yield "Python 3.11 or newer (this is %d.%d; choose one with make PYTHON=...)" % sys.version_info[:2]
        return
    try:
        import ensurepip  # noqa: F401, PLC0415
        import venv  # noqa: F401, PLC0415
    except ImportError:
        yield "the venv module (Debian: python3-venv)"
    header = os.path.join(sysconfig.get_path("include"), "Python.h")
    if not os.path.exists(header):
        yield "the Python headers, %s (Debian: python3-dev)" % header
    compiler = (os.environ.get("CC") or "cc").split()[0]
    if not shutil.which(compiler):
        yield "a C compiler, %s (Debian: gcc)" % compiler


def main():
    """Exit 1 with one line for each thing that is missing."""
    lacking = list(missing())
    for name in lacking:
        sys.stderr.write("mailproto cannot be built here: missing %s\n" % name)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
