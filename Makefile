# Everything that people and CI do here. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes
TESTS ?= tests

.DEFAULT_GOAL := help
.PHONY: help run test check format lint types layers protos generated spelling deploy-files generate pages golden record baseline bench calibration compare-bench decide-bench estimate-bench gate-bench kill-bench watch-bench lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gpuquote needs Python 3.11 or newer; set PYTHON=")'
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: install the venv package of your Python (Debian: python3-venv)"; exit 2; }
	@$(BIN)/python tools/link_client.py
	@touch $@

$(VENV)/run-ready: requirements.lock | $(VENV)/made
	@echo "installing what gpuquote runs on (once)"
	@$(INSTALL) -r requirements.lock
	@touch $@

$(VENV)/dev-ready: requirements-dev.lock | $(VENV)/made
	@echo "installing what gpuquote is built and tested with (once)"
	@$(INSTALL) -r requirements-dev.lock
	@touch $@ $(VENV)/run-ready

run: $(VENV)/run-ready ## Start everything: store, collector, gRPC, REST
	@exec $(BIN)/python -m service up $(ARGS)

# Where it is set, every worker and every process that a test starts would compile all modules anew.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/dev-ready ## Run the whole suite
	$(BIN)/pytest -n 2 --dist worksteal -m "not live" --cov --cov-report= $(TESTS)
	$(BIN)/python tools/coverage_floor.py

check: format lint types layers protos generated spelling deploy-files ## All static checks

format: $(VENV)/dev-ready ## Is everything formatted?
	$(BIN)/ruff format --check .
	$(BIN)/buf format --diff --exit-code --path protos

lint: $(VENV)/dev-ready ## Ruff, every rule
	$(BIN)/ruff check .

types: $(VENV)/dev-ready ## mypy strict and pyright
	$(BIN)/mypy
	$(BIN)/basedpyright --level error

layers: $(VENV)/dev-ready ## Who imports whom
	$(BIN)/lint-imports

protos: $(VENV)/dev-ready ## buf lint, and breaking against the baseline image
	$(BIN)/python tools/generate.py --check-contract

generated: $(VENV)/dev-ready ## Are generated files in step with the protos?
	$(BIN)/python tools/generate.py --check

spelling: $(VENV)/dev-ready
	$(BIN)/codespell --ignore-words-list optin,zar,fo --skip "*.csv,*.jsonl,*.binpb" README.md ARCHITECTURE.md CONTRIBUTING.md CHANGELOG.md docs protos service scrapers

deploy-files: $(VENV)/dev-ready ## docker-compose.yml against its schema, Dockerfile against hadolint
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/hadolint Dockerfile

generate: $(VENV)/dev-ready ## Write messages, stubs and OpenAPI from the protos
	$(BIN)/python tools/generate.py

pages: $(VENV)/dev-ready ## Write docs/PROVIDERS.md, docs/MODELS.md, the tables of docs/build-vs-buy.md
	$(BIN)/python -m tools.providers_page
	$(BIN)/python -m tools.models_page
	$(BIN)/python -m tools.build_vs_buy_page

golden: $(VENV)/dev-ready ## Write a provider's golden file: make golden P=lambda
	$(BIN)/python -m tools.golden $(P)

record: $(VENV)/dev-ready ## Fetch a provider's pages politely as fixtures: make record P=lambda
	$(BIN)/python -m scrapers record $(P)

baseline: $(VENV)/dev-ready ## Write the bundled baseline from recordings: make baseline REPLAY=DIR
	$(BIN)/python -m scrapers baseline --replay $(REPLAY)

bench: $(VENV)/dev-ready ## Print the table of the serving targets
	$(BIN)/python -m benchmarks.serving

calibration: $(VENV)/dev-ready ## Fit the estimators' constants anew, and report their errors
	$(BIN)/python -m calibration.fit
	$(BIN)/python -m calibration.measured

compare-bench: $(VENV)/dev-ready ## Time comparisons over 100,000 offers
	$(BIN)/python -m benchmarks.compare

decide-bench: $(VENV)/dev-ready ## Time build-vs-buy answers
	$(BIN)/python -m benchmarks.build_vs_buy

estimate-bench: $(VENV)/dev-ready ## Time the calculators on 100,000 offers
	$(BIN)/python -m benchmarks.estimate

watch-bench: $(VENV)/dev-ready ## Memory and latency beside 200 watchers, half of them not reading
	$(BIN)/python -m benchmarks.watchers

kill-bench: $(VENV)/dev-ready ## Kill the store and its publishers, and count what was lost
	$(BIN)/python -m benchmarks.kills

gate-bench: $(VENV)/dev-ready ## Corrupt real prices and print what the price gate stops
	$(BIN)/python -m benchmarks.gate

lock: $(VENV)/dev-ready ## Pin every dependency anew, with hashes
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock --upgrade
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate pyproject.toml --group dev -o requirements-dev.lock --upgrade

clean: ## Remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
