# Every target sets up all it needs in .venv; see README.md. PYTHON picks the interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: build test demo clean ctest
.DEFAULT_GOAL := build

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mailproto needs Python 3.11 or newer (set PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --group build --group test --group check argon2-cffi cryptography click rich uvloop
	@touch $@

# An editable install: Python files are read from src/, the extension modules are rebuilt here.
build: $(STAMP)
	@$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .

test: build
	$(BIN)/python -m pytest

# The C unit tests, under AddressSanitizer and UndefinedBehaviorSanitizer.
ctest: $(STAMP)
	@$(BIN)/cmake -S . -B build/ctest -G Ninja -DMAILPROTO_TESTS=ON -DMAILPROTO_SANITIZE=ON -DMAILPROTO_WERROR=ON -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja >/dev/null
	@$(BIN)/cmake --build build/ctest
	$(BIN)/ctest --test-dir build/ctest --output-on-failure

clean:
	rm -rf $(VENV) build dist
