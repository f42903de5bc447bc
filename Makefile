# Everything is installed into .venv, with the versions of constraints.txt.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
ARGS ?=

.PHONY: run test lint format dist clean

run: .venv/.run        ## opens the app: camera, else the demo source; without a display it runs headless. ARGS="..." go to it
	$(BIN)/facecam $(ARGS)

# Every process that tests start would compile the program anew, and each worker the tests, where no bytecode is kept.
test: .venv/.test      ## runs the tests, two at a time for each core. ARGS="..." go to pytest: ARGS="-n 0" for one
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses auto --dist loadfile $(ARGS)

lint: .venv/.test      ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

dist: .venv/.test      ## dist/: a folder and a single file that need no Python
	$(BIN)/python -m standalone.build $(ARGS)

clean:
	rm -rf .venv build dist .pytest_cache .ruff_cache .mypy_cache

.venv/.made: .ci/system-packages
	sh .ci/system-packages $(PYTHON)
	$(PYTHON) -m venv .venv
	touch $@

.venv/.run: .venv/.made pyproject.toml constraints.txt hatch_build.py facecam/faces/selection.c
	$(PIP) --editable '.[openvino]'
	touch $@

.venv/.test: .venv/.run
	$(PIP) --editable '.[openvino,train,dev]'
	touch $@
