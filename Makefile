# Two commands: `make lab` and `make test`.  Everything they need beyond Python 3.11, Node 20 and make they install.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
PIP    := $(UV) pip install --quiet --python $(BIN)/python
STAMP  := $(VENV)/.stamps

JS_SOURCES   := $(shell find js wasm -type f -not -path '*/test/*' -not -path '*/node_modules/*' 2>/dev/null)
# JupyterLab refuses to run as root, which is who one is in a container, unless told to
AS_ROOT      := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)
PY_MANIFEST  := pyproject.toml $(shell find jupyter-config -type f 2>/dev/null)

.PHONY: lab test test-full check test-py test-js test-notebooks bench build format clean generate

lab: $(STAMP)/lab $(STAMP)/build
	$(BIN)/jupyter lab $(AS_ROOT) $(LAB_ARGS) notebooks/quickstart.ipynb

test: check test-js test-py test-notebooks

test-full: export NEXUS_FULL = 1
test-full: test

build: $(STAMP)/build

$(UV):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "nexus-jupyter needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP):
	mkdir -p $@

node_modules/.package-lock.json: package.json package-lock.json
	@command -v npm >/dev/null || { echo "nexus-jupyter needs Node 20 or newer (node and npm on PATH) to build from a clone" >&2; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(STAMP)/build: node_modules/.package-lock.json $(JS_SOURCES) | $(UV) $(STAMP)
	npm run --silent build
	@touch $@

$(STAMP)/lab: $(PY_MANIFEST) $(STAMP)/build | $(UV) $(STAMP)
	$(PIP) --editable '.[lab]'
	@touch $@

$(STAMP)/test: $(PY_MANIFEST) $(STAMP)/build | $(UV) $(STAMP)
	$(PIP) --editable '.[lab,test]'
	sh tests/chromium.sh
	@touch $@ $(STAMP)/lab

check: $(STAMP)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm run --silent types
	npm run --silent lint

test-js: $(STAMP)/build
	npm run --silent test

test-py: $(STAMP)/test
	$(BIN)/python -m pytest

test-notebooks: $(STAMP)/test
	$(BIN)/python -m pytest --nbval --nbval-kernel-name nexus -p no:cacheprovider notebooks

bench: $(STAMP)/test
	$(BIN)/python -m bench.first_click

generate: $(STAMP)/test
	$(BIN)/python -m nexus_jupyter.catalog.typescript js/generated/catalog.ts
	node wasm/build/protocol.mjs

format: $(STAMP)/test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	npm run --silent format

clean:
	rm -rf $(VENV) node_modules nexus_jupyter/static dist build tests/artifacts
