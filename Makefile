# make chat   set up, ingest the sample course (or COURSE=DIR), open the chat in a browser
# make test   set up with development tools, then lint, types, import contracts and all tests
# make install  the set-up alone
#
# Variables:
#   COURSE=DIR            the course to ingest (default: the sample course)
#   MODEL=NAME            the generator to look for on the Hugging Face hub; MODEL= looks for none
#   PORT=8501             where the app listens
#   TORCH_INDEX=URL       where to take torch from, e.g. https://download.pytorch.org/whl/cpu
#   PYTHON=python3        the interpreter that makes .venv (3.11 to 3.13)

PYTHON ?= python3
COURSE ?= examples/course
MODEL ?= google/flan-t5-base
PORT ?= 8501
TORCH_INDEX ?=
TESTS ?= tests

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

.PHONY: chat test install lint check clean
.DEFAULT_GOAL := chat

chat: .venv/.installed
	@if [ -n "$(MODEL)" ]; then $(BIN)/lectern fetch --model "$(MODEL)" || true; fi
	@$(BIN)/lectern ingest "$(COURSE)"
	@echo "Opening http://localhost:$(PORT) — Ctrl-C ends it."
	@$(BIN)/lectern app --port $(PORT)

install: .venv/.installed

test: lint
	@$(BIN)/python -m pytest $(TESTS)

lint: .venv/.installed-dev
	@echo "Checking style, types and import contracts…"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.venv/bin/python:
	@echo "Making a virtual environment in .venv…"
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Lectern needs Python 3.11, 3.12 or 3.13; $(PYTHON) is another. Run: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing torch (the largest part; minutes on a slow line)…"
	@$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	@echo "Installing Lectern and what it needs…"
	@$(PIP) -e .
	@touch $@

.venv/.installed-dev: .venv/.installed
	@echo "Installing development tools…"
	@$(PIP) -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv .lectern build *.egg-info
