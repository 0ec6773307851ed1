# Everything a person or a machine does with this project. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
WORKERS ?= 2

.PHONY: help setup demo test chromium check refusals outside bench bench-state bundle lock clean

help: ## This list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(STAMP) ## Virtual environment with the pinned dependencies

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Terang needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.11 setup"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "python3 cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: setup ## A whole network, tenders to the last payment: make demo ARGS="--exit"
	$(BIN)/terang demo $(ARGS)

test: setup chromium ## All tests
	$(BIN)/pytest -n $(WORKERS) --dist loadfile $(ARGS)

chromium:
	@test -x /usr/bin/chromium || { \
	  test "$$(id -u)" = 0 && command -v apt-get > /dev/null && \
	  apt-get update --quiet > /dev/null && apt-get install --quiet --yes --no-install-recommends chromium > /dev/null; } || \
	  { echo "The tests of the portals need Chromium. On Debian, as root: apt-get install chromium"; exit 1; }

check: setup ## The quick gate: format, lint, types, imports, words, the source's own rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/vulture
	$(BIN)/codespell
	$(BIN)/pytest tests/test_tidy.py tests/test_documents.py tests/test_guides.py

refusals: setup ## Every refusal of every contract, in both languages, with the test that brings it about
	$(BIN)/python -m tests.contracts.refusals

outside: setup ## Proofs before verifiers that are not ours, from npm: needs node and npm
	$(BIN)/python -m tests.outside

bench: setup ## Throughput, latency and memory of a four-validator network
	$(BIN)/python -m tests.bench $(ARGS)

bench-state: setup ## What a changed key costs the state tree: make bench-state ARGS="--keys 10000000"
	@mkdir -p .bench
	$(BIN)/python -m tests.bench.state $(ARGS)

lock: ## requirements.lock anew from pyproject.toml: the newest of everything that fits
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check --upgrade setuptools '.[dev]'
	@{ head -n 1 requirements.lock; build/lock/bin/python -m pip freeze --all --exclude pip --exclude terang \
	  | tr 'A-Z_' 'a-z-' | LC_ALL=C sort -t = -k 1,1; } > build/requirements.lock
	mv build/requirements.lock requirements.lock
	rm -rf build

bundle: ## Rebuild the browser's cipher from npm (portals/static/noble.js); nothing else needs npm
	portals/browser/bundle.sh

clean: ## Removes what was built here
	rm -rf $(VENV) .bench .mypy_cache .pytest_cache .ruff_cache build *.egg-info
