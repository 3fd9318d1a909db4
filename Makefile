# Two commands: `make demo` shows what Lanecast does, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH := 2.13.0
WORKERS ?= 2

.PHONY: demo test check lint types contracts lock clean

demo: $(VENV)/.installed
	$(BIN)/lanecast demo

test: $(VENV)/.installed-dev
	$(BIN)/pytest -n $(WORKERS) --dist loadfile

check: lint types contracts

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

contracts: $(VENV)/.installed-dev
	$(BIN)/lint-imports

$(VENV)/.installed: requirements/lock.txt pyproject.toml
	@echo "Installing Lanecast into $(VENV) (a minute or two the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	  { echo "Lanecast needs Python 3.11 or newer: make demo PYTHON=python3.11"; exit 1; }
	@$(BIN)/python -c "import torch" 2>/dev/null || $(BIN)/pip install --quiet --progress-bar on torch==$(TORCH)
	@$(BIN)/pip install --quiet --progress-bar on --require-hashes -r requirements/lock.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements/lock-dev.txt
	@$(BIN)/pip install --quiet --progress-bar on --require-hashes -r requirements/lock-dev.txt
	@touch $@

UV := $(BIN)/uv pip compile pyproject.toml requirements/torch.in --overrides requirements/no-torch.txt \
	--universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --generate-hashes --no-emit-package torch --quiet

lock:
	$(UV) --extra serve --extra spark --extra graph --extra dev -o requirements/lock-dev.txt
	$(UV) --extra serve --constraint requirements/lock-dev.txt -o requirements/lock.txt

clean:
	rm -rf $(VENV) demo
