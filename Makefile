# The README's commands, the hooks and CI all call these.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# One step after the other whatever -j says: each takes all cores, and two would gather the same pack.
.NOTPARALLEL:

PYTHON ?= python3
BIN := .venv/bin
OUT ?= out

# make weights: counts and seeds are those of recipes/begin.toml, further.toml, streets.toml and cut.toml; no two sets share a scene or anybody
DATA ?= data/shipped
SIMPLE ?= data/simple
FAR ?= data/far
STREET ?= data/street
CUT ?= data/cut
BEGIN ?= runs/begin
FURTHER ?= runs/further
STREETS ?= runs/streets
CUT_OFF ?= runs/cut
WIND ?= runs/wind
ENCODER ?= runs/encoder
LONGER ?= runs/longer
RUN ?= runs/shipped
WEIGHTS ?= src/cleanplate/runtime/weights/shipped.onnx
TRAIN_COUNT ?= 6400
VALIDATION_COUNT ?= 256
SIMPLE_COUNT ?= 3200
FAR_COUNT ?= 6400
STREET_COUNT ?= 3200
CUT_COUNT ?= 3200
WORKERS ?= 2
TRAIN_OPTIONS ?=
ALL_DATA := --data $(DATA) --data $(SIMPLE) --data $(FAR) --data $(STREET) --data $(CUT)

# make document: the counts (train, validation) and the seed are those of recipes/document/base.toml
ROWS ?=
DOCUMENT_DATA ?= data/document
DOCUMENT_RUNS ?= runs/document
DOCUMENT_COUNTS ?= 2000 200
DOCUMENT_SEEDS := 41 42
DOCUMENT_SYNTH = $(BIN)/cleanplate synth --out $(@D) --size 192x192 --place outdoor --only people --nearest 0.5 --least 0.05 --workers $(WORKERS)
BENCH_OPTIONS ?=

# Two test processes with one thread each: more threads than cores is slower, and not the same twice.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 CLEANPLATE_THREADS=1
PYTEST := $(ONE_THREAD) $(BIN)/pytest -n 2
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help setup develop run test test-long check format bench assets weights document clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.setup  ## the environment .venv with what `cleanplate run` needs (no torch)

.venv/.setup: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("cleanplate needs Python 3.11 or newer: make setup PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(PIP) install --editable .
	@touch $@

develop: .venv/.develop  ## the same environment with everything that data, training and tests need

.venv/.develop: .venv/.setup
	$(PIP) install --editable '.[synth,train,dev]'
	@touch $@

run: .venv/.setup  ## matte, cut-out and depth of the example pair, into out/
	$(BIN)/cleanplate run examples/shot.jpg --plate examples/plate.jpg --out $(OUT) --overwrite
	@echo "The pictures are in $(OUT)/:" && ls $(OUT)

test: .venv/.develop  ## every test but the long ones
	$(PYTEST) -m 'not long'

test-long: .venv/.develop  ## thousand-case property tests, the cluster and the training-quality tests
	$(PIP) install --editable '.[ray]'
	$(PYTEST) -m 'long or hypothesis' --hypothesis-profile=long

check: .venv/.develop  ## style, layers, types and the fast tests: run it before every commit
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright
	$(PYTEST) -m 'not long and not slow'

format: .venv/.develop  ## lay the code out as `make check` wants it
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/.develop  ## speed of models, `cleanplate synth`, camera effects and video, each beside a fixed workload
	$(ONE_THREAD) $(BIN)/python benchmarks/runtime.py
	$(ONE_THREAD) $(BIN)/python benchmarks/synth.py $(BENCH_OPTIONS)
	$(ONE_THREAD) $(BIN)/python benchmarks/camera.py
	$(ONE_THREAD) $(BIN)/python benchmarks/video.py

assets: .venv/.develop  ## gather people, furniture, textures and light, and bake them into the cache folder
	$(PIP) install --editable '.[assets]'
	$(BIN)/cleanplate assets

# Asked anew each time, because the pack lies in the cache folder, which anybody may empty.
PACK = $(BIN)/cleanplate assets --check > /dev/null 2>&1 || $(MAKE) assets

weights: .venv/.develop $(DATA)/train/manifest.json $(DATA)/validation/manifest.json $(SIMPLE)/train/manifest.json $(FAR)/train/manifest.json $(STREET)/train/manifest.json $(CUT)/train/manifest.json  ## the shipped model from nothing: parts, data, training, export
	$(BIN)/cleanplate train recipes/begin.toml --data $(DATA) --data $(SIMPLE) --out $(BEGIN) --resume $(TRAIN_OPTIONS)
	$(BIN)/cleanplate train recipes/further.toml --data $(DATA) --data $(SIMPLE) --data $(FAR) --start $(BEGIN) --out $(FURTHER) --resume $(TRAIN_OPTIONS)
	$(BIN)/cleanplate train recipes/streets.toml --data $(DATA) --data $(SIMPLE) --data $(FAR) --data $(STREET) --start $(FURTHER) --out $(STREETS) --resume $(TRAIN_OPTIONS)
	$(BIN)/cleanplate train recipes/cut.toml $(ALL_DATA) --start $(STREETS) --out $(CUT_OFF) --resume $(TRAIN_OPTIONS)
	$(BIN)/cleanplate train recipes/wind.toml $(ALL_DATA) --start $(CUT_OFF) --out $(WIND) --resume $(TRAIN_OPTIONS)
	$(BIN)/cleanplate train recipes/encoder.toml $(ALL_DATA) --start $(WIND) --out $(ENCODER) --resume $(TRAIN_OPTIONS)
	$(BIN)/cleanplate train recipes/encoder.toml $(ALL_DATA) --start $(ENCODER) --out $(LONGER) --resume --set optim.steps=1600 --set optim.lr=4e-4 --set run.seed=8 $(TRAIN_OPTIONS)
	$(BIN)/cleanplate train recipes/shipped.toml $(ALL_DATA) --start $(LONGER) --out $(RUN) --resume $(TRAIN_OPTIONS)
	$(BIN)/cleanplate export $(RUN) --out $(WEIGHTS) --overwrite
	$(BIN)/cleanplate export $(RUN) --out $(WEIGHTS:.onnx=_int8.onnx) --overwrite --int8 --calibrate $(DATA)/train

$(DATA)/train/manifest.json: | .venv/.develop
	$(PACK)
	$(BIN)/cleanplate synth --out $(@D) --count $(TRAIN_COUNT) --seed 1 --workers $(WORKERS)

$(DATA)/validation/manifest.json: | .venv/.develop
	$(PACK)
	$(BIN)/cleanplate synth --out $(@D) --count $(VALIDATION_COUNT) --seed 2 --workers $(WORKERS)

$(SIMPLE)/train/manifest.json: | .venv/.develop
	$(BIN)/cleanplate synth --out $(@D) --count $(SIMPLE_COUNT) --seed 5 --assets procedural --workers $(WORKERS)

$(FAR)/train/manifest.json: | .venv/.develop
	$(PACK)
	$(BIN)/cleanplate synth --out $(@D) --count $(FAR_COUNT) --seed 7 --nearest 0.8 --size 341x256 --workers $(WORKERS)

$(STREET)/train/manifest.json: | .venv/.develop
	$(PACK)
	$(BIN)/cleanplate synth --out $(@D) --count $(STREET_COUNT) --seed 11 --place street --nearest 0.8 --size 341x256 --workers $(WORKERS)

$(CUT)/train/manifest.json: | .venv/.develop
	$(PACK)
	$(BIN)/cleanplate synth --out $(@D) --count $(CUT_COUNT) --seed 13 --cut-off --nearest 0.5 --size 341x256 --workers $(WORKERS)

document: .venv/.develop $(DOCUMENT_DATA)/train/manifest.json $(DOCUMENT_DATA)/validation/manifest.json  ## every row of the 2020 document, and docs/document.md; ROWS="original" for some
	$(BIN)/python -m cleanplate.document $(ROWS) --data $(DOCUMENT_DATA) --out $(DOCUMENT_RUNS) --workers $(WORKERS)

$(DOCUMENT_DATA)/train/manifest.json: | .venv/.develop
	$(PACK)
	$(DOCUMENT_SYNTH) --count $(firstword $(DOCUMENT_COUNTS)) --seed $(firstword $(DOCUMENT_SEEDS))

$(DOCUMENT_DATA)/validation/manifest.json: | .venv/.develop
	$(PACK)
	$(DOCUMENT_SYNTH) --count $(lastword $(DOCUMENT_COUNTS)) --seed $(lastword $(DOCUMENT_SEEDS))

clean:  ## remove what the other commands made, but not data/ and runs/
	rm -rf .venv out dist .pytest_cache .ruff_cache .hypothesis
	find src tests -name __pycache__ -prune -exec rm -rf {} +
