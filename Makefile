# The one door for commands, for people and for CI alike. Needs make (3.81 will do) and Python 3.10.
#
#   make demo    train small models from a workbook of runs     make demo ARGS="--until-done --no-browser"
#   make test    all tests                                      make test ARGS="tests/unit -k claim"
#   make check   ruff, mypy, import-linter; ESLint, tsc and Vitest for web/
#   make chaos   the adversary for an hour      make chaos ARGS="--minutes 300"; ARGS="--seed 4711" repeats
#   make bench   all benchmarks                make bench BENCH=benchmarks/queue_speed.py ARGS="--help"
#   make docs    the links and the code blocks of README and docs/
#   make clean   removes what the others made, .venv too
#
# Each installs what it needs into .venv, once for every change of pyproject.toml. A new .venv takes
# the first Python that is recent enough; PYTHON=/path/to/python names another one.

# Hundreds of processes start in the tests; each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11 python3.10
ARGS ?=
BENCH ?= $(sort $(wildcard benchmarks/*.py))
BIN := .venv/bin
# Changed sources of the grid make a new bundle, which an install builds.
WEB := $(wildcard web/*.html web/*.json web/*.ts web/src/*.ts* web/src/*/*.ts* web/src/*/*.css)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: demo test check chaos bench docs clean help
.DEFAULT_GOAL := help

help:
	@sed -n '3,12s/^# \{0,1\}//p' Makefile

demo: .venv/.for-demo
	$(BIN)/gsheet-ml demo $(ARGS)

test: .venv/.for-work
	$(BIN)/python -m pytest $(or $(ARGS),--numprocesses auto --dist worksteal)

check: .venv/.for-work
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python hatch_build.py "node_modules/eslint/bin/eslint.js ." \
	  "node_modules/typescript/bin/tsc --noEmit" "node_modules/vitest/vitest.mjs run"

chaos: .venv/.for-work
	$(BIN)/python -m tests.contract.adversary.hours $(ARGS)

bench: .venv/.for-work
	@for benchmark in $(BENCH); do \
	  echo "$$benchmark"; \
	  PYTHONPATH=. $(BIN)/python $$benchmark $(ARGS) || exit 1; \
	done

docs: .venv/.for-work
	$(BIN)/python -m pytest tests/acceptance/test_readme.py tests/unit/test_public_names.py tests/unit/test_states_page.py $(ARGS)

clean:
	rm -rf .venv .demo web/node_modules src/gsheet_ml_scheduler/server/static .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

# Two stamps: whoever only wants the demo doesn't wait for the developers' tools.
.venv/.for-demo: .venv/.made pyproject.toml hatch_build.py $(WEB)
	$(PIP) --editable '.[examples]'
	@touch $@

.venv/.for-work: .venv/.made pyproject.toml hatch_build.py $(WEB)
	$(PIP) --editable '.[dev,examples]'
	@touch $@ .venv/.for-demo

.venv/.made:
	@for candidate in $(PYTHON); do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then \
	    found=$$candidate; break; \
	  fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "No Python 3.10 or later found (tried: $(PYTHON)). Install one, or name yours:" >&2; \
	  echo "  make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; \
	  exit 1; \
	fi; \
	if ! $$found -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	  echo "$$found can't make virtual environments. On Debian and Ubuntu this helps:" >&2; \
	  echo "  sudo apt install python3-venv" >&2; \
	  exit 1; \
	fi; \
	echo "Making .venv with $$($$found --version)"; \
	$$found -m venv .venv
	@touch $@
