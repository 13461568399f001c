# Two commands do everything: `make demo` and `make test`. They need Python >= 3.12 and make.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
N ?= 200
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test thorough fmt lint types arch faults report-faults attack tampers nameplate silences rivals sites whole timelines mutants bench peers ci

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-13s %s\n", $$1, $$2}'

setup: $(STAMP) ## Make .venv with the pinned packages

$(STAMP): requirements.lock pyproject.toml
	@found=""; \
	for candidate in python3.12 python3.13 python3.14 python3 python; do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; then \
	    found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "dergate needs Python 3.12 or newer on the PATH (python3.12, python3 or python); none was found." >&2; \
	  exit 2; fi; \
	if ! $$found -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	  echo "$$found cannot make virtual environments: install its venv module (Debian: python3-venv)." >&2; \
	  exit 2; fi; \
	$$found -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP) ## Run the main job on loopback, judge each step, end
	$(BIN)/dergate demo --once

test: $(STAMP) ## Run the whole suite once, under coverage with its bounds
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -q -n $(WORKERS) --dist worksteal
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --fail-under=90
	$(BIN)/python -m coverage report --fail-under=100 --include='translators/*,gateway/core/*'

thorough: $(STAMP) ## Try each property on ten times as many examples
	DERGATE_EXAMPLES=thorough $(BIN)/python -m pytest -q -n $(WORKERS) tests/property

fmt: $(STAMP) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(STAMP) ## Check style, format, spelling, unused and missing dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/deptry .

types: $(STAMP) ## Check types, strictly
	$(BIN)/mypy

arch: $(STAMP) ## Check who may import whom
	$(BIN)/lint-imports

faults: $(STAMP) ## Kill the gateway N times; faults inside it, on its disk, in upgrades, at fail-over; write docs/faults.md
	$(BIN)/python tests/faults/page.py $(N)

report-faults: $(STAMP) ## Kill the gateway at each request of an OpenADR report, in both editions
	$(BIN)/python tests/faults/report_campaign.py

attack: $(STAMP) ## Foreign connects, password pairs, races for one id, slow connections against the endpoint
	$(BIN)/python tests/security/campaign.py

tampers: $(STAMP) ## Tamper N times with an audit and as many times not: all found, nothing blamed
	$(BIN)/python tests/tampers/campaign.py $(N)

nameplate: $(STAMP) ## Let N random commands through to random stations: nothing beyond a nameplate leaves
	$(BIN)/python tests/nameplate/campaign.py $(N)

silences: $(STAMP) ## Let a utility fall silent N times, at random: what has to hold when does
	$(BIN)/python tests/silences/campaign.py $(N)

rivals: $(STAMP) ## Let several utilities want things of one station, and compare with a second reckoning
	$(BIN)/python tests/rivals/campaign.py $(N)

sites: $(STAMP) ## Let N sites live through lost calls: no station grows into room that others may use
	$(BIN)/python tests/sites/campaign.py $(N)

whole: $(STAMP) ## Let N stories use all of the engine at once, and judge what leaves it at each step
	$(BIN)/python tests/whole/campaign.py $(N)

timelines: $(STAMP) ## Compare the events of N stations with brute force: what holds at any second
	$(BIN)/python tests/timelines/campaign.py $(N)

mutants: $(STAMP) ## Change the translation code in small ways and count the changes that tests notice
	$(BIN)/python tests/mutants/campaign.py $(N)

bench: $(STAMP) ## Measure, as ratios in one run
	$(BIN)/dergate bench

peers: $(STAMP) ## Prepare the foreign peers that tests/peers talks to
	$(BIN)/python tests/peers/prepare.py

ci: lint types arch test ## All that CI checks
