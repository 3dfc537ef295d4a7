# Every target sets up all it needs in .venv and names what the machine lacks. PYTHON picks the interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
CTEST := -G Ninja -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja -DMAILPROTO_LIBRARY=OFF
# clang is needed only for the fuzzers; Debian calls it clang-14.
CLANG ?= $(shell command -v clang || command -v clang-14)
FUZZ_SECONDS ?= 20
# What hostile input reaches: the readers, the values, the sessions.
ASAN_TESTS ?= tests/limits tests/property tests/session $(filter-out tests/unit/test_store% tests/unit/test_cli% tests/unit/test_server% tests/unit/test_wire_corpus_text%,$(wildcard tests/unit/test_*.py))

.DEFAULT_GOAL := build
.PHONY: build demo test interop bench check lint types ctest asan fuzz coverage cross wheel clean help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

$(VENV)/.tools: pyproject.toml
	@$(PYTHON) tools/needs.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) ..."
	@$(PIP) install --quiet --upgrade 'pip>=25.1'
	@$(PIP) install --quiet --group build
	@touch $@

$(VENV)/.test: $(VENV)/.tools
	@$(PIP) install --quiet --group test
	@touch $@

$(VENV)/.dev: $(VENV)/.test
	@$(PIP) install --quiet --group check
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	@$(PIP) install --quiet --no-build-isolation --editable '.[cli,bench]'
	@touch $@

$(VENV)/.cross: $(VENV)/.tools
	@$(PIP) install --quiet --group cross
	@touch $@

build: $(VENV)/.tools ## build the extension modules, installed editable in .venv
	@$(PIP) install --quiet --no-build-isolation --editable '.[cli]'

demo: build ## IMAP and POP3 at work on an embedded store
	@$(BIN)/mailproto demo

test: build $(VENV)/.test ## the tests that need no other program
	@$(BIN)/python -m pytest -n auto --dist loadgroup -m 'not interop' -rs

interop: build $(VENV)/.test ## the tests against real clients (those that are installed)
	@$(BIN)/python -m pytest -m interop -rs

bench: build $(VENV)/.bench ## ratios against the other parsers, taken in one run
	@$(BIN)/python -m bench $(BENCH_ARGS)

check: lint types ctest ## all that CI checks besides the tests

lint: $(VENV)/.dev
	@$(BIN)/ruff check src tests bench tools
	@$(BIN)/ruff format --check src tests bench tools

types: build $(VENV)/.dev
	@$(BIN)/mypy
	@$(BIN)/mypy tests/typing
	@$(BIN)/python -m mypy.stubtest --concise --allowlist tools/stubtest_allow.txt $$($(BIN)/python tools/compiled_modules.py)

ctest: $(VENV)/.tools ## the C unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(BIN)/cmake -S . -B build/ctest $(CTEST) -DMAILPROTO_TESTS=ON -DMAILPROTO_SANITIZE=ON -DMAILPROTO_WERROR=ON > /dev/null
	@$(BIN)/cmake --build build/ctest
	@$(BIN)/ctest --test-dir build/ctest --output-on-failure

asan: build $(VENV)/.test ## the Python tests of the parsers with the modules under AddressSanitizer and UBSan (needs gcc)
	@bash tools/asan.sh -x $(ASAN_TESTS)

fuzz: $(VENV)/.tools ## every libFuzzer target for FUZZ_SECONDS, under sanitizers (needs clang)
	@test -n "$(CLANG)" || { echo "make fuzz needs clang (Debian: clang-14 libclang-rt-14-dev)"; exit 1; }
	@$(BIN)/cmake -S . -B build/fuzz $(CTEST) -DCMAKE_C_COMPILER=$(CLANG) -DMAILPROTO_FUZZERS=ON -DMAILPROTO_SANITIZE=ON > /dev/null
	@$(BIN)/cmake --build build/fuzz
	@$(BIN)/python tools/fuzz.py build/fuzz $(FUZZ_SECONDS) $(FUZZ_ARGS) $(FUZZ_TARGETS)

coverage: $(VENV)/.tools ## lines of the C core that its tests and the fuzz corpora run (needs clang and llvm)
	@test -n "$(CLANG)" || { echo "make coverage needs clang (Debian: clang-14 llvm-14)"; exit 1; }
	@$(BIN)/cmake -S . -B build/coverage $(CTEST) -DCMAKE_C_COMPILER=$(CLANG) -DCMAKE_BUILD_TYPE=Debug \
		-DMAILPROTO_TESTS=ON -DMAILPROTO_COVERAGE=ON -DMAILPROTO_WERROR=ON > /dev/null
	@$(BIN)/cmake --build build/coverage
	@$(BIN)/python tools/coverage.py build/coverage $(COVERAGE_ARGS)

cross: $(VENV)/.cross ## the C core for other machines, its tests under qemu where they can run
	@$(BIN)/python tools/cross.py build/cross $(CROSS_TARGETS)

wheel: $(VENV)/.dev ## build the sdist and a wheel, and test each in an empty environment
	@$(BIN)/python tools/wheel.py $(PYTHON)

clean: ## forget everything that was built
	rm -rf $(VENV) build dist
