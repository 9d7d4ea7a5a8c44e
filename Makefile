# One command each; every target sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
HOME_DIR ?= home
export DAGSTER_DISABLE_TELEMETRY := yes

.PHONY: setup system nightly test long fuzz check bench recovery ui docs sample lock clean

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock \
	  || $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

system:  ## what the browser tests need from the operating system (Debian; needs root)
	sh deploy/system-packages.sh

nightly: setup  ## the main job; a home without an inbox gets the sample first
	test -d "$(HOME_DIR)/inbox" || $(BIN)/jobbsjansen sample --home "$(HOME_DIR)"
	$(BIN)/jobbsjansen nightly --home "$(HOME_DIR)"

# A file of tests at a time per processor: what a file shares among its tests is made once.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: setup
	$(PYTEST)

long: setup  ## recoveries and soaks that take minutes
	$(PYTEST) -m long

fuzz: setup  ## ten thousand tables in every dialect, random files and spoiled files through the reader
	$(PYTEST) -m long tests/intake/test_dialects.py tests/intake/test_hostile_bytes.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m jobbsjansen.dictionary --check
	$(BIN)/python -m jobbsjansen.file_description --check
	$(BIN)/python -m jobbsjansen.house --check
	$(BIN)/python -m jobbsjansen.protocols --check
	$(BIN)/python -m jobbsjansen.processing_record --check

bench: setup
	$(BIN)/python -m benchmarks

RECOVERY ?= build/recovery

recovery: setup  ## docs/methods-recovery.md again: hours; goes on where it stopped
	$(BIN)/python -m benchmarks.recovery truth --results $(RECOVERY)/truth.jsonl
	$(BIN)/python -m benchmarks.recovery run --results $(RECOVERY)/found.jsonl
	$(BIN)/python -m benchmarks.recovery table --results $(RECOVERY)

ui: setup  ## past runs, assets and checks in the browser, on this machine only
	$(BIN)/jobbsjansen ui --home "$(HOME_DIR)"

docs: setup  ## the pages in docs/ that are made: data dictionary, file description, picture of the house, protocols, record of processing
	$(BIN)/python -m jobbsjansen.dictionary
	$(BIN)/python -m jobbsjansen.file_description
	$(BIN)/python -m jobbsjansen.house
	$(BIN)/python -m jobbsjansen.protocols
	$(BIN)/python -m jobbsjansen.processing_record

sample: setup  ## data/sample again, byte for byte
	$(BIN)/jobbsjansen synth --sample --seed 20240501 --out data/sample

lock:  ## requirements.lock anew from pyproject.toml: hashes, no index addresses
	$(BIN)/python -m uv pip compile pyproject.toml --group dev --python-version 3.11 --universal --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -o requirements.lock

clean:
	rm -rf .venv build *.egg-info
