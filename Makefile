# Vastra: `make help` lists the targets. Everything runs from .venv, which `make setup` makes from the hashed lock.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9

# Tests run in as many processes as there are processors, each with a broker, a PostgreSQL and a network of its own: make test
# PROCESSES=0 runs them one after another. Over four, more memory goes into networks than time is won.
PROCESSES ?= logical
PARALLEL := --numprocesses $(PROCESSES) --maxprocesses 4 --dist worksteal

# Lets uv trust the certificates that the system trusts; harmless where they are the usual ones.
export UV_SYSTEM_CERTS := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-stack chaos lint types contracts format bench lock clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.complete  ## Make .venv with everything that requirements/all.lock names

# The marker is written last, so that an interrupted set-up is taken up again. Bytecode is compiled once: where Python
# may write none, every process would compile its libraries anew.
$(VENV)/.complete: requirements/all.lock Makefile
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.11 to 3.13 is needed, got $$($(PYTHON) --version): run make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(UV) pip install --python $(BIN)/python --require-hashes --compile-bytecode --requirement requirements/all.lock
	@touch $@

demo: setup  ## Run the whole job offline against the demo shop: crawl, train, classify, query
	$(BIN)/python -m demo

test: setup  ## Run all tests
	$(BIN)/python -m pytest $(PARALLEL)

test-fast: setup  ## Run the tests that start no process and load no TensorFlow (about a minute)
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow" --hypothesis-profile=fast

test-stack: setup  ## Run the tests of the compose stack; needs a container engine (minutes)
	VASTRA_STACK=1 $(BIN)/python -m pytest tests/stack

chaos: setup  ## Kill parts of the stack at random moments: make chaos KILLS=50
	VASTRA_STACK=1 VASTRA_KILLS=$(or $(KILLS),10) $(BIN)/python -m pytest tests/stack/test_chaos.py

lint: setup  ## Check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: setup  ## Check types
	$(BIN)/mypy

contracts: setup  ## Check that imports point one way
	$(BIN)/lint-imports

format: setup  ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup  ## Measure the crawl and the queue beside their peers (minutes)
	$(BIN)/python -m benchmarks.crawl_rate
	$(BIN)/python -m benchmarks.queue_rate

lock: setup  ## Resolve requirements/*.lock anew from pyproject.toml
	$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --extra crawler pyproject.toml -o requirements/crawler.lock
	$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --extra browser pyproject.toml -o requirements/browser.lock
	$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --extra web pyproject.toml -o requirements/web.lock
	$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --extra worker pyproject.toml -o requirements/worker.lock
	$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --extra crawler --extra s3 pyproject.toml -o requirements/s3.lock
	$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --extra worker --extra test pyproject.toml -o requirements/all.lock
	$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header requirements/flower.in -o requirements/flower.lock

clean:  ## Remove the environment and what the demo left; your own records in var/ stay
	rm -rf $(VENV) var/demo
