# Two commands for everyone: `make run` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.DEFAULT_GOAL := help
.PHONY: help run test lint bench train lock clean

help:  ## list the commands
	@sed -n 's/^\([a-z]*\):.*##\(.*\)/  make \1 \t\2/p' $(MAKEFILE_LIST) | expand -t 16

$(INSTALLED): requirements.lock pyproject.toml sdk/pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: apt-get install python3.11 python3.11-venv, or name one: make PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e sdk -e .
	touch $@

run: $(INSTALLED)  ## start everything, play one order as proof, stay up until Ctrl-C
	$(BIN)/cf up --prove

test: $(INSTALLED) lint  ## check and test everything (installs Debian's chromium where it is missing)
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || sh tests/install-chromium
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder  # processes that start again and again read what is compiled

lint: $(INSTALLED)  ## imports, style, types
	$(BIN)/lint-imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy

bench: $(INSTALLED)  ## measure, as ratios beside a bare Flask route
	$(BIN)/python -m benchmarks

train:  ## train the score card anew from the public data set (in an environment of its own)
	test -d var/train || $(PYTHON) -m venv var/train
	var/train/bin/pip install --quiet --require-hashes -r lending/risk/score_card/requirements.txt
	var/train/bin/python lending/risk/score_card/train.py

lock: $(INSTALLED)  ## bring requirements.lock up to date with pyproject.toml
	grep -v '"cf-partner-sdk"' pyproject.toml > var/pyproject.toml
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-strip-extras --no-annotate --no-header --python-version 3.11 --extra dev var/pyproject.toml --output-file requirements.lock

clean:  ## forget the sandbox's data (the installation stays)
	rm -rf var
