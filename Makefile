# The interface of this project: `make help` lists it. Needs Python 3.11 or newer, nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The first Python that is new enough; a shim of a version manager may exist and not work.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo "$$python"; break; }; done)
INSTALL = $(or $(PYTHON),$(error Python 3.11 or newer is needed)) -m demo.install
BIN := .venv/bin
# Programs run as `python -m`, which also works in a checkout that was moved.
RUN := $(BIN)/python -m
# Settings for what only imports the project (linters), made up on the spot.
IMPORT := $(RUN) demo.throwaway
# A developer's own configuration, if there is one (see .env.example).
WITH_ENV := set -a; if [ -f .env ]; then . ./.env; fi; set +a; PATH="$$PWD/$(BIN):$$PATH"
PROCESS = $(WITH_ENV); eval "exec $$(sed -n 's/^$(1): //p' Procfile)"
COVERED := chain nft badges accounts events realtime analytics notifications audit backoffice web

on = $(filter-out 0 no false,$(1))

.PHONY: help screenshots demo test lint fmt bench faults seed migrate server worker env lock runtime dev

help: ## Lists the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: runtime ## The whole system and one upgrade, then serves (ONCE=1 exits, PORT=8000)
	@exec $(RUN) demo --parent $$PPID $(if $(call on,$(ONCE)),--once) $(if $(PORT),--port $(PORT))

test: dev ## Everything, on servers of its own (REQUIRE_ALL=1 for CI, ARGS= for pytest)
ifneq ($(call on,$(REQUIRE_ALL)),)
	@$(RUN) coverage erase
	@REQUIRE_ALL=1 $(RUN) coverage run -m pytest -n 3 $(ARGS)
	@$(RUN) coverage combine --quiet
	@poor=; for package in $(COVERED); do echo "Coverage of $$package/:"; \
		$(RUN) coverage report --include="$$package/*" --fail-under=90 || poor+=" $$package"; \
	done; [ -z "$$poor" ] || { echo "Under 90 %:$$poor" >&2; exit 1; }
else
	@exec $(RUN) pytest -n 3 $(ARGS)
endif

screenshots: dev ## Every page in light, dark and on a phone, into build/screenshots/
	@exec $(RUN) pytest -q -n 0 tests/web/test_pages.py tests/web/test_admin.py

lint: dev ## Style, types, layers, migrations, the API schema, the lock files
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(IMPORT) $(BIN)/python -m mypy .
	@$(IMPORT) $(BIN)/python -c 'from importlinter.cli import lint_imports_command as main; main()'
	@$(IMPORT) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(IMPORT) $(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	@$(RUN) demo.locks

fmt: dev ## Formats the code
	@$(RUN) ruff check --fix --quiet . || true
	@$(RUN) ruff format .

bench: runtime ## Measures, beside baselines (PART=realtime, events, api, upgrades, analytics, audit, services; N=5)
	@exec $(RUN) bench --parent $$PPID --rounds $(or $(N),5) $(PART)

faults: dev ## Kills, lies, races, and compares (PART=events, services, realtime, upgrade, network, races, redis)
	@exec $(RUN) tests.faults --parent $$PPID --part $(or $(PART),all) \
		--profile $(or $(PROFILE),short) $(if $(SEED),--seed $(SEED))

migrate: runtime ## Applies the database migrations
	@$(WITH_ENV); exec python manage.py migrate

seed: runtime ## Creates the tiers and badges
	@$(WITH_ENV); exec python manage.py seed

server: runtime ## The web process
	@$(call PROCESS,web)

worker: runtime ## The background jobs
	@$(call PROCESS,worker)

env: runtime ## Writes a .env with fresh secrets, if there is none
	@[ -f .env ] || (umask 077; $(RUN) demo.configuration > .env)

lock: ## Resolves the dependencies of pyproject.toml anew into the lock files
	@exec $(INSTALL) lock --parent $$PPID

runtime dev: ; @exec $(INSTALL) $@ --parent $$PPID
