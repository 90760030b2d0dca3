# `make run` shows the main job, `make test` runs every check; both start from a clone with Python 3.11 or later and make.

NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for found in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$found $(NEW_ENOUGH) 2>/dev/null && echo $$found && break; done)
VENV := .venv
BIN := $(VENV)/bin
FIGURES ?= figures
WORKERS ?= auto

# The constraints also hold for the build backend, which pip installs in an environment of its own. pip up to 25.2 reads the first
# name there, later versions the second.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test check test-spin conformance examples free-threaded bench bench-peers bench-live figures lock clean
.DELETE_ON_ERROR:

help:  ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' $(MAKEFILE_LIST)

$(VENV)/python:
	@"$(PYTHON)" $(NEW_ENOUGH) 2>/dev/null || { \
		echo "Python 3.11 or later is needed, and '$(PYTHON)' is not; name one: make PYTHON=python3.12 run" >&2; exit 2; }
	"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/core: $(VENV)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/tools: $(VENV)/core
	$(BIN)/python -m pip install --quiet --editable '.[test,dev]'
	@touch $@

run: $(VENV)/core  ## explore the refcount scenarios, check them against real objects, draw the figures
	$(BIN)/lab compare refcount/race refcount/locked
	$(BIN)/lab compare refcount/from_one refcount/from_one_owned
	$(BIN)/lab compare refcount/from_two refcount/from_two_locked
	$(BIN)/lab verify refcount/race
	$(BIN)/lab figures $(FIGURES)

test: $(VENV)/tools check  ## run every check: ruff, mypy, layers, tests, doctests, coverage

check: $(VENV)/tools
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/pytest -p no:gil_lab -n $(WORKERS) --cov  # else the plugin is imported before coverage begins

test-spin: $(VENV)/tools  ## compare exported models with SPIN, which has to be installed
	$(BIN)/pytest -m "slow or not slow" -rs tests/export

conformance: $(VENV)/tools  ## compare every scenario with real threads, on every Python that is found here
	$(BIN)/pytest -m "slow or not slow" tests/verify/test_every_scenario.py

$(VENV)/examples/installed: $(VENV)/python pyproject.toml constraints.txt examples/requirements.txt examples/repaired.txt
	"$(PYTHON)" -m venv --clear $(VENV)/examples
	$(VENV)/examples/bin/python -m pip install --quiet --editable '.[live,test]' --requirement examples/requirements.txt
	$(VENV)/examples/bin/python -m pip install --quiet --no-deps --target $(VENV)/examples/repaired \
		--requirement examples/repaired.txt
	@touch $@

examples: $(VENV)/examples/installed  ## find known races in real packages, and prove their repairs
	$(VENV)/examples/bin/python -m pytest examples
	PYTHONPATH=$(VENV)/examples/repaired $(VENV)/examples/bin/python -m pytest examples/cachelib

free-threaded:  ## build CPython without a GIL into a cache folder, from SOURCE= or Debian's source package of 3.13
	nice -n 19 sh tools/free_threaded.sh $(SOURCE)

bench: $(VENV)/tools  ## measure speed and memory
	$(BIN)/python -m benchmarks

$(VENV)/peers: $(VENV)/tools
	"$(PYTHON)" -m venv $@
	@PIP_CONSTRAINT= PIP_BUILD_CONSTRAINT= $@/bin/python -m pip install --quiet harmony \
		|| echo "Harmony cannot be had; its rows stay empty"
	@touch $@

bench-peers: $(VENV)/peers  ## measure beside SPIN, Harmony and minicheck
	@command -v spin > /dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
		&& apt-get install --quiet --yes --no-install-recommends spin gcc libc6-dev; } \
		|| echo "SPIN is not installed, and only root can install it; its rows stay empty"
	PATH="$(CURDIR)/$(VENV)/peers/bin:$$PATH" $(BIN)/python -m benchmarks.compare

# interleave-test needs Python 3.12, and the lab knows the bytecode up to 3.13.
LIVE_PYTHON ?= $(shell for found in python3.13 python3.12 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.1[32].*/bin/python \
	"$(PYTHON)"; do $$found -c 'import sys; sys.exit(not (3, 12) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$found && break; done || echo "$(PYTHON)")

$(VENV)/live-peers: $(VENV)/tools
	"$(or $(LIVE_PYTHON),$(PYTHON))" -m venv --clear $@
	$@/bin/python -m pip install --quiet bytecode
	@for peer in frontrun interleave-test greenlet; do PIP_CONSTRAINT= $@/bin/python -m pip install --quiet $$peer \
		|| echo "$$peer cannot be had for this Python; its row stays empty"; done
	@touch $@

bench-live: $(VENV)/live-peers  ## measure runs of real code beside frontrun and interleave-test
	PYTHONPATH="$(CURDIR)" $</bin/python benchmarks/live.py

figures: $(VENV)/core  ## draw the gallery again
	$(BIN)/lab figures $(FIGURES)

lock: $(VENV)/tools  ## renew constraints.txt
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade --no-annotate \
		--custom-compile-command 'make lock' --output-file constraints.txt

clean:  ## remove the environment and the caches
	rm -rf $(VENV) .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
