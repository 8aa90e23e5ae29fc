# make chat     set up, ingest the sample course (or COURSE=DIR), open the chat in a browser
# make test     set up with development tools, then style, types, import contracts and all tests
# make eval     measure a small version of everything offline; ends with one page about it
# make install  the set-up alone
# make lint     the development set-up, then style, types and import contracts
# make clean    remove .venv; .lectern (index, uploads, conversations) stays
#
# Variables:
#   COURSE=DIR            the course to ingest (default: the sample course)
#   MODEL=NAME            the generator to look for on the Hugging Face hub; MODEL= looks for none
#   PORT=8501             where the app listens
#   TORCH_INDEX=URL       a further index for torch, e.g. https://download.pytorch.org/whl/cpu
#   DATA=../shared/data   the shared data that `make eval` takes small parts of, where it is
#   PYTHON=python3        the interpreter that makes .venv (3.11, 3.12 or 3.13)
#   TESTS=tests           the tests to run

PYTHON ?= python3
COURSE ?= examples/course
MODEL ?= google/flan-t5-base
PORT ?= 8501
TORCH_INDEX ?=
TESTS ?= tests
DATA ?= $(or $(LECTERN_DATA),../shared/data)

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --use-pep517 -c constraints.txt
# A wheel of that index, such as 2.13.0+cpu, counts as newer than PyPI's 2.13.0 and is taken.
TORCH := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) torch

.PHONY: chat test eval install lint clean port
.DEFAULT_GOAL := chat

chat: port .venv/.installed
	@if [ -n "$(MODEL)" ]; then \
	  $(BIN)/lectern fetch --model "$(MODEL)" || echo "Going on without a generator."; fi
	@$(BIN)/lectern ingest "$(COURSE)"
	@echo "The chat opens at http://localhost:$(PORT); Ctrl-C ends it."
	@$(if $(MODEL),LECTERN_MODEL="$(MODEL)") $(BIN)/lectern app --port $(PORT)

install: .venv/.installed
	@echo "Lectern is installed: $(BIN)/lectern --help"

# One file's tests stay in one process: they share what is slow to make.
test: lint
	@echo "Running the tests…"
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(TESTS)

eval: .venv/.installed
	@$(BIN)/python -m benchmarks.small --data "$(DATA)" --out build/eval

lint: .venv/.installed-dev
	@echo "Checking style, types and import contracts…"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

clean:
	rm -rf .venv build *.egg-info

port:
	@[ "$(PORT)" -ge 1 ] 2>/dev/null && [ "$(PORT)" -le 65535 ] || \
	  { echo "PORT must be a number from 1 to 65535, which $(PORT) is not."; exit 1; }
	@! $(PYTHON) -c 'import socket; socket.create_connection(("127.0.0.1", $(PORT)), 2)' 2>/dev/null || \
	  { echo "Port $(PORT) is taken, perhaps by another chat. Run: make chat PORT=$$(($(PORT) + 1))"; exit 1; }

# The marks in .venv are made last, so a set-up that was stopped half-way is taken up again.
.venv/.made:
	@command -v "$(PYTHON)" >/dev/null || \
	  { echo "There is no $(PYTHON). On Debian, run: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Lectern needs Python 3.11, 3.12 or 3.13, which $(PYTHON) is not. Run: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments. On Debian, run: apt-get install python3-venv"; exit 1; }
	@echo "Making a virtual environment in .venv…"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: pyproject.toml constraints.txt | .venv/.made
	@echo "Installing torch, the largest part…"
	@$(PIP) $(TORCH)
	@echo "Installing Lectern and everything else it needs (minutes)…"
	@$(PIP) -e .
	@touch $@

.venv/.installed-dev: .venv/.installed
	@echo "Installing the development tools…"
	@$(PIP) -e '.[dev]'
	@touch $@
