# Every target sets up what it needs: a virtual environment from the lock, on first use and when the lock changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PACKAGES := flow_pipelines assets_defs resources tests
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

AGENTS := .venv-agents
AGENTS_READY := $(AGENTS)/.ready

.PHONY: demo test test-agents ui check bench lock migration clean help
.DEFAULT_GOAL := help

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): locks/default.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Python 3.11, 3.12 or 3.13 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r locks/default.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

$(AGENTS_READY): locks/with-agents.txt pyproject.toml
	$(PYTHON) -m venv $(AGENTS)
	$(AGENTS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r locks/with-agents.txt
	$(AGENTS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(AGENTS_READY)

demo: $(READY) ## run whole programmes of two clients with three engagements, and show the result
	$(BIN)/flow demo

ui: $(READY) ## start Dagster's web server and daemon (flow down stops them)
	$(BIN)/flow up

test: $(READY) ## run the tests
	$(BIN)/python -m pytest

test-agents: $(AGENTS_READY) ## run the tests with CrewAI installed, in an environment of its own
	$(AGENTS)/bin/python -m pytest

check: $(READY) ## style, types, layers, the lock, the code location
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory check-lock
	DAGSTER_DISABLE_TELEMETRY=1 $(BIN)/dagster definitions validate -w workspace.yaml

.PHONY: check-lock
check-lock: $(READY)
	@mkdir -p build/locks && cp locks/*.txt build/locks/
	@$(MAKE) --no-print-directory lock LOCKS=build/locks
	@diff -r -q locks build/locks || { echo "The lock is not in step with pyproject.toml: make lock"; exit 1; }
	@! grep -nE '(^|[[:space:]])(--|-[a-z] )|https?://' locks/*.txt | grep -v -- '--hash=' || { echo "The lock names an index."; exit 1; }

LOCKS ?= locks
lock: $(READY) ## bring the lock in step with pyproject.toml
	$(COMPILE) pyproject.toml --extra dev --extra agents -o $(LOCKS)/with-agents.txt
	$(COMPILE) pyproject.toml --extra dev -c $(LOCKS)/with-agents.txt -o $(LOCKS)/default.txt

migration: $(READY) ## write a migration for changed tables: make migration MESSAGE="..."
	$(BIN)/python -m resources.migrations "$(MESSAGE)"

bench: $(READY) ## measure quality and speed on the sample estates
	$(BIN)/python -m tests.benchmarks

clean: ## remove the environment and what tools left; the state folder .flow stays
	rm -rf $(VENV) $(AGENTS) build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
