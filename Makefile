# Everything runs in .venv, which is made on first use. Only Python 3.11+ and make are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Apart from the tests: `opentelemetry-instrument` would switch on the peers that are measured, too.
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test test-lowest test-matrix explore check format docs bench instructions crash bench-smoke clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml otel_compliance.pth
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=python3.12, for example")'
	@echo "Preparing $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## Run the demo: capture, redact, store, detect and report, on this machine alone
	@$(BIN)/otel-compliance demo

test: $(STAMP) ## Run the tests
	$(BIN)/python -m pytest -n auto

test-lowest: ## Run the tests with the lowest versions of the dependencies that are claimed
	$(PYTHON) tests/environments.py lowest

test-matrix: ## Run the tests of capture with each version of the SDK that is claimed
	$(PYTHON) tests/environments.py matrix

explore: $(STAMP) ## Run the property-based tests with many more random examples
	$(BIN)/python -m pytest tests/redact -n auto -k "survives or intact or hints or restor" --hypothesis-profile explore --timeout 0

check: $(STAMP) ## Lint, types, layers, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/otel-compliance build --check

format: $(STAMP) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP) ## Regenerate dashboards, alert rules, runbooks and the reference
	$(BIN)/otel-compliance build
	PYTHONPATH=tests $(BIN)/python -m capture.coverage_page

$(BENCH_STAMP): pyproject.toml otel_compliance.pth
	@$(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

bench: $(STAMP) $(BENCH_STAMP) ## Run the benchmarks, with peers beside this package
	$(BENCH_VENV)/bin/python benchmarks/overhead.py
	$(BENCH_VENV)/bin/python benchmarks/redaction.py
	$(BIN)/python benchmarks/accuracy.py
	$(BIN)/python benchmarks/held_out.py
	$(BIN)/python benchmarks/storage.py
	$(BIN)/python benchmarks/front.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/outage.py

instructions: $(BENCH_STAMP) ## Count the instructions that watching adds to a call; needs valgrind
	$(BENCH_VENV)/bin/python benchmarks/instructions.py

crash: $(STAMP) ## Kill processes at 200 random points, and see that nothing is lost
	PYTHONPATH=tests $(BIN)/python benchmarks/crash.py

bench-smoke: $(STAMP) ## Run each benchmark briefly, to see that it works
	$(BIN)/python benchmarks/overhead.py --smoke
	$(BIN)/python benchmarks/redaction.py --smoke
	$(BIN)/python benchmarks/accuracy.py --smoke
	$(BIN)/python benchmarks/held_out.py --smoke
	$(BIN)/python benchmarks/storage.py --smoke
	$(BIN)/python benchmarks/front.py --smoke
	$(BIN)/python benchmarks/scale.py --smoke
	$(BIN)/python benchmarks/outage.py --smoke
	PYTHONPATH=tests $(BIN)/python benchmarks/crash.py --smoke

clean: ## Remove the environment, caches and the demo's data
	rm -rf $(VENV) $(BENCH_VENV) .otel-compliance .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build .coverage
