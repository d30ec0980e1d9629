# One command each. Everything runs from .venv, which `make setup` fills with exactly what requirements.txt names.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: setup demo test lint lab lab-down lab-test bench coverage docs requirements
.DEFAULT_GOAL := demo

setup: $(READY)

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Hacienda needs Python 3.11 or later; try: make setup PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@echo "filling .venv (a minute or two, once)"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes --no-deps --requirement requirements.txt
	@$(PIP) check
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)
	$(BIN)/hacienda check lab
	$(BIN)/hacienda plan lab --summary
	$(BIN)/hacienda topology lab

test: lint
	$(BIN)/python -m pytest -q -n auto --cov --cov-report= --cov-fail-under=95

lint: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	(git ls-files -z '*.sh'; git grep -lzE '^#!/(usr/bin/env |bin/)(ba)?sh' -- ':!*.py' ':!*.md' ':!*.sh') | \
	  xargs -0 $(BIN)/shellcheck --external-sources

lab: $(READY)
	$(BIN)/hacienda lab up

lab-down: $(READY)
	$(BIN)/hacienda lab down --yes

# TESTS="not long" leaves out more of the same.
lab-test: $(READY)
	$(BIN)/python -m pytest -ra -x -n0 --durations=15 -o addopts="--strict-markers --strict-config" -m "$(TESTS)" tests/lab

bench: $(READY)
	$(BIN)/python -m tests.bench

# What of the part without input and output no test reaches; `make test` asks for 95 % of it.
coverage: $(READY)
	$(BIN)/python -m pytest -q -n auto --cov --cov-report=term:skip-covered --cov-report=html:.coverage-html

docs: $(READY)
	$(BIN)/python docs/generate.py
	$(BIN)/python -m hacienda.cli.reference docs/commands

# Pins every package with its hashes, for all Pythons that pyproject.toml allows. Needs: pip install pip-tools
requirements:
	pip-compile --quiet --all-extras --all-build-deps --allow-unsafe --generate-hashes --strip-extras \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file .requirements pyproject.toml
	(echo "# Everything that development and tests need, pinned. Made by: make requirements"; cat .requirements) > requirements.txt
	rm .requirements
