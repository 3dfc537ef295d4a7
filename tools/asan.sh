#!/usr/bin/env bash
# The Python tests of the parsers with the extension modules under AddressSanitizer and UndefinedBehaviorSanitizer.
# `make asan` calls it. A build and an environment of their own lie in build/asan; other packages come from .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=build/asan/venv
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
if [[ ! -x $venv/bin/python ]]; then
    "${PYTHON:-python3}" -m venv --without-pip "$venv"
    # A path line makes the packages of .venv known, but not mailproto itself, which is installed editable there.
    echo "$site" > "$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/packages.pth"
fi
"$venv/bin/python" -m pip --disable-pip-version-check install --quiet --no-build-isolation --no-deps --ignore-installed \
    -Cbuild-dir=build/asan/cmake -Ccmake.define.MAILPROTO_SANITIZE=ON -Ccmake.define.CMAKE_C_FLAGS=-O1 -Ccmake.build-type=None .

compiler=${CC:-gcc}
# PYTHONMALLOC: Python's own pools would hide overruns. Leaks are not looked for: the interpreter frees little at its end.
export LD_PRELOAD="$($compiler -print-file-name=libasan.so) $($compiler -print-file-name=libubsan.so)"
export PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
exec "$venv/bin/python" -m pytest -n "${ASAN_WORKERS:-auto}" "$@"
