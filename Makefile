# Ambito: everything a newcomer runs. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PRONTO := $(VENV)/.ambito-pronto
PYTEST_ARGS ?=

##@ For a newcomer

.PHONY: demo
demo: $(PRONTO) ## Run the main job over HTTP, step by step, on example data
	@$(PY) -m services.cli.main demo

.PHONY: demo-audit
demo-audit: $(PRONTO) ## Seal real requests, then try every tampering with the audit trail and find it
	@$(PY) -m services.cli.main demo-audit

.PHONY: authz-matrix
authz-matrix: $(PRONTO) ## Every operation, role and relation on real rows: allowed, 404 or 403 as the rule says
	@$(PY) -m services.cli.main authz matrix

.PHONY: test
test: $(PRONTO) ## Run the whole test suite, then the `server` tests on the servers given by AMBITO_TEST_*
	@$(PY) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)
	@if [ -n "$${AMBITO_TEST_DATABASE_URL:-}" ] && [ -n "$${AMBITO_TEST_BROKER_URL:-}" ]; then \
		AMBITO_PROVE_SUL_SERVER=1 $(PY) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m server; \
	else \
		echo "ATTENZIONE: prove «server» saltate: indicare AMBITO_TEST_DATABASE_URL e AMBITO_TEST_BROKER_URL." >&2; \
	fi

.PHONY: run
run: $(PRONTO) ## Start API, worker, witness and sandbox; Ctrl-C stops them
	@exec $(PY) -m services.cli.main up

##@ For a developer

.PHONY: install
install: $(PRONTO) ## Create the virtual environment from the hash-pinned lock

.PHONY: bench
bench: $(PRONTO) ## Measure the hot reads against their floor
	@$(PY) -m tests.bench

.PHONY: lint
lint: $(PRONTO) ## Style, forbidden imports, import contracts, SQL of the migrations
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(VENV)/bin/lint-imports --no-logo --no-cache
	@$(PY) -m alembic upgrade head --sql > $(VENV)/migrazioni.sql
	@$(VENV)/bin/squawk --config .squawk.toml $(VENV)/migrazioni.sql

.PHONY: types
types: $(PRONTO) ## mypy, strict
	@$(PY) -m mypy

.PHONY: openapi
openapi: $(PRONTO) ## Write openapi/ again from the code
	@$(PY) -m services.cli.main openapi export

.PHONY: openapi-check
openapi-check: $(PRONTO) ## Fail when openapi/ differs from the code
	@$(PY) -m services.cli.main openapi export --verifica

.PHONY: eventi
eventi: $(PRONTO) ## Write docs/eventi.md again from the code
	@$(PY) -c 'from services.core.catalogo_eventi import catalogo; print(catalogo(), end="")' > $(VENV)/eventi.md
	@mv $(VENV)/eventi.md docs/eventi.md

.PHONY: lock
lock: $(PRONTO) ## Resolve the dependencies of pyproject.toml again into lock/
	@$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--extra embedded --python-version 3.11 pyproject.toml -o lock/runtime.txt
	@$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--extra embedded --group sviluppo --python-version 3.11 pyproject.toml -o lock/sviluppo.txt
	@$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--extra otel --constraint lock/runtime.txt --python-version 3.11 pyproject.toml -o lock/otel.txt

.PHONY: clean
clean: ## Remove the virtual environment and caches (not the data)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# the stamp is written last: an interrupted installation is done again
$(PRONTO): lock/sviluppo.txt
	@command -v $(PYTHON) >/dev/null || { echo "Errore: manca $(PYTHON); serve Python 3.11 o successivo." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Errore: serve Python 3.11 o successivo (trovato $$($(PYTHON) -V 2>&1)); indicarne un altro con PYTHON=python3.12." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "Errore: a questo Python manca il modulo venv; su Debian e Ubuntu: apt install python3-venv." >&2; exit 1; }
	@test -x $(PY) && $(PY) -c '' 2>/dev/null || { echo "Preparo l'ambiente virtuale in $(VENV)…"; $(PYTHON) -m venv --clear $(VENV); }
	@echo "Installo le dipendenze da lock/sviluppo.txt…"
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check --no-input --require-hashes -r lock/sviluppo.txt \
		|| { echo "Errore: l'installazione delle dipendenze non è riuscita (vedere sopra)." >&2; exit 1; }
	@printf '#!/bin/sh\nexec env PYTHONPATH="%s" "%s" -m services.cli.main "$$@"\n' '$(CURDIR)' '$(CURDIR)/$(PY)' > $(VENV)/bin/ambito
	@chmod +x $(VENV)/bin/ambito
	@touch $@
