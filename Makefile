# The commands of the project; `make` alone lists them.

VENV   ?= .venv
PY     := $(VENV)/bin/python
RUN    := $(PY) -m
# The interpreter that makes the environment; empty when the machine has none that fits.
PYTHON ?=
ARGS   ?=
JOBS   ?= 2
# Of test-order: how many runs, and the seed of the first one.
RUNS   ?= 20
FIRST  ?= 1

LOCKED    := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
CANDIDATES := $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14 python
FITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
FAST := not slow and not browser and not fault and not fuzz

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

# An environment made elsewhere (a copied or moved checkout) points there: make it anew.
ifneq ($(shell cat "$(LOCKED)" 2>/dev/null),$(CURDIR))
.PHONY: $(LOCKED)
endif

.DEFAULT_GOAL := help
.PHONY: help setup repro test test-order test-slow test-browser test-fault fuzz check format lock \
        bench figures docs coverage mutate clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) ## make the environment: locked dependencies and the package in place
	@echo "setup: $(VENV) is ready"

$(LOCKED): requirements.lock
	@found=; \
	for candidate in $(CANDIDATES); do \
	    if "$$candidate" -c '$(FITS)' >/dev/null 2>&1; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "setup: no Python >= 3.11 with venv was found (tried: $(strip $(CANDIDATES))); install one, or name it: make setup PYTHON=..." >&2; \
	    exit 1; \
	fi; \
	echo "setup: making $(VENV) with $$found"; \
	"$$found" -m venv --clear "$(VENV)"
	@echo "setup: installing the dependencies of requirements.lock (a minute or two)"
	@$(RUN) pip install --quiet --progress-bar off --no-compile --require-hashes -r requirements.lock
	@printf '%s\n' "$(CURDIR)" > "$@"

$(INSTALLED): $(LOCKED) pyproject.toml ractheory/__init__.py
	@echo "setup: installing ractheory in place"
	@$(RUN) pip install --quiet --progress-bar off --no-deps --no-build-isolation -e .
	@touch "$@"

repro: setup ## run the claims and write results/ (ARGS="--quick" and others)
	$(PY) paper_repro.py $(ARGS)

test: export OPENBLAS_NUM_THREADS = 1
test: setup ## run the fast tests
	$(RUN) pytest -n $(JOBS) -m "$(FAST)" $(ARGS)

test-order: export OPENBLAS_NUM_THREADS = 1
test-order: setup ## run the fast tests RUNS times, each in an order of its own, with 1 and 2 workers in turn
	@for seed in $$(seq $(FIRST) $$(($(FIRST) + $(RUNS) - 1))); do \
	    echo "order $$seed, workers: $$((2 - seed % 2))"; \
	    $(RUN) pytest -q -n $$((2 - seed % 2)) --randomly-seed=$$seed -m "$(FAST)" $(ARGS) || exit 1; \
	done

test-slow: setup ## run the long tests
	$(RUN) pytest -n $(JOBS) -m slow $(ARGS)

test-browser: setup ## run the tests that open the report in a browser
	$(RUN) pytest -m browser $(ARGS)

test-fault: export OPENBLAS_NUM_THREADS = 1
test-fault: setup ## kill workers, interrupt runs, fill disks; end with the hash of the results of each
	$(RUN) pytest -m fault $(ARGS)

fuzz: setup ## search for long for inputs that break a property
	HYPOTHESIS_PROFILE=fuzz $(RUN) pytest -n $(JOBS) tests/properties $(ARGS)

mutate: export OPENBLAS_NUM_THREADS = 1
mutate: setup ## change the modules that decide verdicts, one place at a time; count what no test sees
	$(RUN) mutation $(ARGS)

coverage: setup ## run the fast tests and report the lines that they miss
	$(RUN) coverage erase
	$(RUN) coverage run -m pytest -m "$(FAST)" $(ARGS)
	$(RUN) coverage combine --quiet
	$(RUN) coverage report

check: setup ## check format, lint, types, layers and built pages
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(VENV)/bin/lint-imports --no-logo
	$(RUN) docs --check

format: setup ## format the code and mend what lint can mend
	$(RUN) ruff check --fix-only .
	$(RUN) ruff format .

# BLAS chooses its kernels itself, and Python keeps its bytecode, whatever the surroundings say.
PLAIN := env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE -u PYTHONDONTWRITEBYTECODE

bench: setup ## time the engine against its references: results/bench.json
	$(PLAIN) $(RUN) benchmarks $(ARGS)

figures: setup ## draw the figures from the records
	$(RUN) figures $(ARGS)

docs: setup ## build the documentation
	$(RUN) docs $(ARGS)

lock: ## renew requirements.lock (needs uv); an existing entry moves only with ARGS=--upgrade
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --extra pep --extra smt --extra cluster --extra table --extra dev \
	    --output-file requirements.lock $(ARGS) pyproject.toml

clean: ## remove caches and builds; results/ and the environment stay
	rm -rf dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov
	rm -f .coverage .coverage.*
	find . -path "./$(VENV)" -prune -o -type d -name __pycache__ -exec rm -rf {} +

distclean: clean ## clean, and remove the environment
	rm -rf "$(VENV)"
