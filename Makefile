# One command each. Everything runs from .venv, which `make setup` fills with exactly what requirements.txt names.
PYTHON ?= python3
OLDEST := 3.11
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Every Python that a test starts would compile this package again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test covered others test-long lint style types scripts lab lab-full lab-down lab-test lab-full-test bench fresh coverage docs site package requirements
.DEFAULT_GOAL := demo

setup: $(READY)

# No resolver: pip before 23.3 resolves `coverage[toml]` past the pin of `coverage`. Then pip, which cannot reach any index, says whether
# the lock holds all that the package and its extras require, the build included.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < tuple(map(int, "$(OLDEST)".split("."))))' || \
	  { echo "Hacienda needs Python $(OLDEST) or later; try: make setup PYTHON=python$(OLDEST)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "filling .venv (a minute or two, once)"
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) install --quiet --require-hashes --no-deps --requirement requirements.txt
	@{ $(PIP) check && \
	   $(PIP) --isolated install --quiet --no-index --no-build-isolation --check-build-dependencies --editable '.[dev,docs,pictures,terraform,verify]'; } || \
	  { echo "requirements.txt does not hold what is named above. Run \`make requirements\`, commit the result, then run this again." >&2; exit 1; }
	@touch $@

demo: $(READY)
	$(BIN)/hacienda check lab
	$(BIN)/hacienda plan lab --summary
	$(BIN)/hacienda topology lab

# Side by side: what needs one processor, or waits, leaves the other ones to the rest.
test: style
	@$(MAKE) --no-print-directory --jobs types scripts covered others

# Counting lines takes longer than what is counted: only tests of the part without input and output do it.
COUNTED := $(addprefix tests/,assess cloud cloudinit declare environment review secrets services)
FAST := -m "not long" --hypothesis-profile=quick

# A test may run make itself, which must not take part in this one's jobs.
covered: $(READY)
	MAKEFLAGS= $(BIN)/python -m pytest -q -n auto --dist worksteal $(FAST) --cov --cov-report= --cov-fail-under=95 $(COUNTED)

others: $(READY)
	MAKEFLAGS= $(BIN)/python -m pytest -q -n auto --dist worksteal $(FAST) tests $(addprefix --ignore=,$(COUNTED))

# More of the same, in larger numbers and sizes, and every property with all its examples.
test-long: $(READY)
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "long or hypothesis"

lint: style types scripts

style: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: $(READY)
	$(BIN)/mypy

scripts: $(READY)
	(git ls-files -z '*.sh'; git grep -lzE '^#!/(usr/bin/env |bin/)(ba)?sh' -- ':!*.py' ':!*.md' ':!*.sh') | \
	  xargs -0 $(BIN)/shellcheck --external-sources

lab: $(READY)
	$(BIN)/hacienda lab up

# Every role: a tenant boots an instance. Takes some 16 GiB of memory.
lab-full: $(READY)
	$(BIN)/hacienda lab up lab-full
	$(BIN)/hacienda verify lab-full

lab-down: $(READY)
	$(BIN)/hacienda lab down --yes

# TESTS="not long" leaves out more of the same.
lab-test: $(READY)
	$(BIN)/python -m pytest -ra -x -n0 --durations=15 -o addopts="--strict-markers --strict-config" -m "$(TESTS)" tests/lab
	$(BIN)/python -m hacienda.lab.versions

# The same for `lab-full`: a tenant's instance at work, and machines of every role that die.
lab-full-test: $(READY)
	$(BIN)/python -m pytest -ra -x -n0 --durations=15 -o addopts="--strict-markers --strict-config" -m "$(TESTS)" tests/lab_full

bench: $(READY)
	$(BIN)/python -m tests.bench

# ON="debian-13 demo test" names another machine, and what to run there.
fresh: $(READY)
	$(BIN)/python -m tests.fresh $(or $(ON),debian-12 demo)

# What of the part without input and output no test reaches; `make test` asks for 95 % of it.
coverage: $(READY)
	$(BIN)/python -m pytest -q -n auto --dist worksteal --cov --cov-report=term:skip-covered --cov-report=html:.coverage-html $(COUNTED)

docs: $(READY)
	$(BIN)/python docs/generate.py
	$(BIN)/python -m tests.examples
	$(BIN)/python -m hacienda.cli.reference docs/commands

# The pages under docs/ as a site, in site/. A link that leads nowhere, or a page that no contents list, is an error.
site: $(READY)
	rm -rf site
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --conf-dir docs --builder html --doctree-dir .sphinx . site

# The wheel, in dist/. setuptools would pack whatever an earlier build left in build/, and leaves its metadata beside the package.
package: $(READY)
	rm -rf build dist
	$(PIP) --isolated wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir dist .
	rm -rf build hacienda.egg-info

# Pins every package with its hashes, for all Pythons and machines that pyproject.toml allows at once. Keeps the pins that still fit;
# UPGRADE=1 takes the newest of everything.
requirements:
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/python -m pip install --disable-pip-version-check --quiet uv
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' > .venv-lock/build.in
	.venv-lock/bin/uv pip compile --quiet --universal --python-version $(OLDEST) --all-extras --generate-hashes --no-annotate --no-header \
	  $(if $(UPGRADE),--upgrade) $${PIP_INDEX_URL:+--default-index "$$PIP_INDEX_URL"} --output-file requirements.txt pyproject.toml .venv-lock/build.in
	sed -i '1i # Everything that development and tests need, pinned. Made by: make requirements' requirements.txt
	rm -r .venv-lock
