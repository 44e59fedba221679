# Needs make, Python 3.11 or newer with pip, and nothing else. `make` alone lists the targets.
# Another Python: make PYTHON=python3.12 demo        More options: make test ARGS='-k retry -x'

PYTHON ?= python3
ARGS ?=
# Tests side by side; many wait for processes, so one more than there are processors.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

BIN := .venv/bin
PIP_INSTALL := -m pip install --disable-pip-version-check --quiet --quiet
ENVIRONMENTS := .venv .venv-lowest .venv-constraints
RUN_STAMP := .venv/.stamp-run
DEV_STAMP := .venv/.stamp-dev
LOWEST_STAMP := .venv-lowest/.stamp
# Each writes one generated file again.
GENERATORS := time_zones operations_page public_api

# A hundred tests start the library in a process of its own: without bytecode each one compiles it again, and
# each worker all of the tests.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
# An interrupted `python -m venv` must not pass for a finished one.
.DELETE_ON_ERROR:
.PHONY: help demo test coverage check style lint types format contract bench campaign scenarios docs lowest constraints clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUN_STAMP) ## create 2,000 accounts at an embedded Alianza and watch
	@$(BIN)/alianza demo $(ARGS)

test: $(DEV_STAMP) ## run the tests that are not slow, in less than three minutes on two cores
	@$(BIN)/python -m pytest -q -n $(WORKERS) -m 'not slow' $(ARGS)

coverage: $(DEV_STAMP) ## run every test, the slow ones too; fails under 95 % branch coverage
	@$(BIN)/python -m pytest -q -n $(WORKERS) --cov --cov-report=term --cov-fail-under=95 $(ARGS)

check: style lint types test ## format, lint, types and tests: green before each commit

style: $(DEV_STAMP) ## is everything formatted?
	@$(BIN)/python -m ruff format --check

lint: $(DEV_STAMP) ## ruff's rules
	@$(BIN)/python -m ruff check

types: $(DEV_STAMP) ## mypy and basedpyright, both strict
	@$(BIN)/python -m mypy
	@$(BIN)/basedpyright

format: $(DEV_STAMP) ## format, and mend what ruff can mend
	@$(BIN)/python -m ruff check --fix-only --quiet
	@$(BIN)/python -m ruff format

contract: $(DEV_STAMP) ## call every operation at Prism, serving ALIANZA_OPENAPI; needs npx, else skips
	@$(BIN)/python -m tools.contract $(ARGS)

bench: $(DEV_STAMP) ## measure, beside what it is compared with; ARGS=--quick to see that it runs
	@$(BIN)/python -m benchmarks $(ARGS)

campaign: $(DEV_STAMP) ## kill, cut and lie to jobs and count what is really there; takes a quarter of an hour
	@$(BIN)/python -m tools.campaign $(or $(ARGS),--seeds 100 --items 500)
	@$(if $(ARGS),,$(BIN)/python -m tools.campaign --full)
	@$(if $(ARGS),,$(BIN)/python -m tools.campaign --aimed --seeds 10)

scenarios: $(DEV_STAMP) ## aim at each promise of the bulk engine, for every kind of job; takes a few minutes
	@$(BIN)/python -m tools.scenarios $(ARGS)

docs: $(DEV_STAMP) ## write what is generated again
	@set -e; for tool in $(GENERATORS); do echo "tools/$$tool.py"; $(BIN)/python tools/$$tool.py; done

lowest: $(LOWEST_STAMP) ## run the tests with the lowest versions pyproject.toml allows
	@.venv-lowest/bin/python -m pytest -q -n $(WORKERS) -p no:cacheprovider --ignore=tests/benchmarks --ignore=tests/campaign $(ARGS)

constraints: ## pin the newest versions pyproject.toml allows in constraints.txt
	@$(MAKE) --no-print-directory .venv-constraints/bin/python
	@.venv-constraints/bin/python $(PIP_INSTALL) --upgrade --upgrade-strategy eager --editable '.[dev]'
	@.venv-constraints/bin/python tools/constraints.py

clean: ## remove the environments and caches
	rm -rf $(ENVIRONMENTS) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov dist build

# One rule for every environment: it has no prerequisites, so it runs only where there is none.
$(addsuffix /bin/python,$(ENVIRONMENTS)):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed and '$(PYTHON)' is not; name one, such as: make PYTHON=python3.12 $(or $(MAKECMDGOALS),demo)" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(@:/bin/python=) || { \
		echo "'$(PYTHON) -m venv' failed; install what it asks for (on Debian and Ubuntu: python3-venv) and try again." >&2; exit 1; }

$(RUN_STAMP): pyproject.toml constraints.txt | $(BIN)/python
	@echo 'Installing alianza-async with its command and sandbox into .venv (half a minute to a few minutes) ...' >&2
	@$(BIN)/python $(PIP_INSTALL) --constraint constraints.txt --editable '.[cli,sandbox]'
	@touch $@

$(DEV_STAMP): pyproject.toml constraints.txt | $(BIN)/python
	@echo 'Installing alianza-async with its development tools into .venv (half a minute to a few minutes) ...' >&2
	@$(BIN)/python $(PIP_INSTALL) --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(RUN_STAMP)

$(LOWEST_STAMP): pyproject.toml constraints.txt tools/lowest.py $(DEV_STAMP) | .venv-lowest/bin/python
	@echo 'Installing the lowest versions into .venv-lowest ...' >&2
	@$(BIN)/python tools/lowest.py > .venv-lowest/lowest.txt
	@$(BIN)/python tools/lowest.py --tools > .venv-lowest/tools.txt
	@.venv-lowest/bin/python $(PIP_INSTALL) --constraint .venv-lowest/lowest.txt --requirement .venv-lowest/tools.txt --editable '.[all]'
	@touch $@
