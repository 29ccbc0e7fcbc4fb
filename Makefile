# Everything below works on a fresh machine that has Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFIG ?= config.toml

.PHONY: help setup run demo test slow mutants check format bench soak lock picture clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(VENV)/.ready  ## make .venv with the locked versions

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tocsin needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup  ## monitor this machine: the daemon, and the dashboard where there is a terminal
	$(BIN)/tocsin --config $(CONFIG) up

demo: setup  ## a small estate on this machine that fails by a script
	$(BIN)/tocsin demo

test: setup  ## the tests, but for the slow ones
	$(BIN)/python -m pytest -n 2 --dist loadscope -m "not slow"

slow: setup  ## the tests that take long: kills, minutes of standing still
	$(BIN)/python -m pytest -n 2 --dist loadscope -m slow

mutants: setup  ## change the deciding modules a little; do their tests notice?
	$(BIN)/python -m tests.mutation

check: setup  ## lint, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: setup  ## put the code into the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup  ## measure everything, peers beside it
	$(BIN)/python -m bench

soak: setup  ## half an hour of load
	$(BIN)/python -m bench.soak

picture: setup  ## make the documents' pictures anew
	$(BIN)/python -m bench.picture docs/dashboard.svg
	$(BIN)/python -m bench.paper docs/report.png

lock: $(VENV)/.ready  ## resolve the versions anew
	$(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/pip install --quiet uv
	$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-annotate --all-extras --group dev --output-file requirements.lock pyproject.toml

clean:  ## remove what was made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
