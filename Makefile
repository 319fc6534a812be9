# The verbs of this house; each sets up what it needs. `make` alone lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: help run test lint format ui bench soak clean lock

help:  ## list the verbs
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: .venv/.ready  ## the main job on the sample shop: load, unify, segment, sync to pretend tools
	@$(BIN)/cdp run --sandbox

test: .venv/.ready  ## the whole test suite, a file at a time on each of two cores
	@$(BIN)/pytest -n 2 --dist loadfile

lint: .venv/.ready  ## formatting, style, types, import directions, SQL
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/sqlfluff lint --nocolor dbt_project/models

format: .venv/.ready  ## put Python and SQL in the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/sqlfluff fix --nocolor dbt_project/models

ui: .venv/.ready  ## lineage, runs and schedules in the browser
	@$(BIN)/cdp ui

bench: .venv/.ready  ## time, CPU and memory per stage, full and with 1 % new, at 100,000 customers (BENCH=1000000 for the largest)
	@$(BIN)/python -m bench $(BENCH)
	@$(BIN)/python -m bench.standardising
	@$(BIN)/python -m bench.identity --records $(or $(BENCH),100000)
	@$(BIN)/python -m bench.activation

soak: .venv/.ready  ## 100,000 random histories of syncs, 1,000 through the real sender, new examples for every property (about an hour)
	@CDP_TEST_HISTORIES=100000 CDP_TEST_INSTALLATIONS=1000 $(BIN)/pytest tests/reverse_etl/test_plan_histories.py tests/reverse_etl/test_send_histories.py tests/reverse_etl/test_job_histories.py
	@for round in 1 2 3 4 5; do HYPOTHESIS_PROFILE=thorough $(BIN)/pytest -n 2 --dist loadfile $$(grep -rl '^@given' tests) || exit 1; done

clean:  ## remove the environment and what tools left behind; the data folder stays (it holds what cannot be rebuilt)
	rm -rf .venv target logs bench/results *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

lock: .venv/.ready  ## compile requirements.lock anew (needs uv)
	uv pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header -o requirements.lock

.venv/.ready: requirements.lock pyproject.toml
	@echo "Setting up .venv (once; about two minutes)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@# the lock is complete, so pip need not resolve anything: --no-deps
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps -e .
	@touch $@
