# The commands: `make lab`, `make dashboard` and `make test`.  Everything they need beyond Python 3.11, Node 20 and make they install.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
# make has built by then what the package holds: building it again with each installation would take half a minute, and make anew
PIP    := SKIP_JUPYTER_BUILDER=1 $(UV) pip install --quiet --python $(BIN)/python
STAMP  := $(VENV)/.stamps
# The tests start some hundred processes; without the compiled files of modules each would compile all of Jupyter again
unexport PYTHONDONTWRITEBYTECODE

JS_SOURCES   := $(shell find js wasm -type f -not -path '*/test/*' -not -path '*/node_modules/*' -not -path 'js/lab/*' 2>/dev/null)
LAB_SOURCES  := js/generated/protocol.ts $(shell find js/lab -type f -not -path '*/test/*' -not -path '*/node_modules/*' -not -path '*/lib/*' 2>/dev/null)
# JupyterLab refuses to run as root, which is who one is in a container, unless told to
AS_ROOT      := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)
PY_MANIFEST  := pyproject.toml $(shell find jupyter-config -type f 2>/dev/null)

.PHONY: lab dashboard test test-full check test-py test-js test-notebooks bench build format clean generate

lab: $(STAMP)/lab $(STAMP)/build
	$(BIN)/jupyter lab $(AS_ROOT) $(LAB_ARGS) notebooks/quickstart.ipynb

# On this machine only; a kernel ends with its visitor's page, or when nobody was connected for ten minutes
dashboard: $(STAMP)/voila $(STAMP)/build
	$(BIN)/voila --template=nexus --VoilaConfiguration.allow_template_override=NOTEBOOK \
	  --MappingKernelManager.cull_interval=60 --MappingKernelManager.cull_idle_timeout=600 \
	  $(VOILA_ARGS) notebooks/dashboard.ipynb

# What looks at the sources runs beside the page's tests; neither compares times
test: $(STAMP)/test
	$(MAKE) --jobs=2 --output-sync=target check test-js
	$(MAKE) test-py test-notebooks

test-full: export NEXUS_FULL = 1
test-full: test

build: $(STAMP)/build $(STAMP)/labextension

$(UV):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "nexus-jupyter needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	@# JupyterLab runs a script of its own in here, which is no module whatever our package.json says
	@printf '{}\n' > $(VENV)/package.json
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

js/lab/node_modules/.package-lock.json: js/lab/package.json js/lab/package-lock.json
	@command -v npm >/dev/null || { echo "nexus-jupyter needs Node 20 or newer (node and npm on PATH) to build from a clone" >&2; exit 1; }
	npm --prefix js/lab ci --no-audit --no-fund --loglevel=error
	@touch $@

# the program that packs an extension for JupyterLab comes from PyPI; the extension knows the addresses of what the build made
$(STAMP)/labextension: js/lab/node_modules/.package-lock.json $(LAB_SOURCES) $(STAMP)/build | $(UV) $(STAMP)
	$(PIP) 'jupyter-builder>=1.3,<2'
	PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix js/lab run --silent build
	@touch $@

# installing copies the extension to where JupyterLab looks: after each build anew
$(STAMP)/lab: $(PY_MANIFEST) $(STAMP)/build $(STAMP)/labextension | $(UV) $(STAMP)
	$(PIP) --editable '.[lab]'
	@touch $@

$(STAMP)/voila: $(PY_MANIFEST) $(STAMP)/build $(STAMP)/labextension | $(UV) $(STAMP)
	$(PIP) --editable '.[voila]'
	@touch $@

$(STAMP)/test: $(PY_MANIFEST) $(STAMP)/build $(STAMP)/labextension | $(UV) $(STAMP)
	$(PIP) --editable '.[lab,test]'
	sh tests/chromium.sh
	@touch $@ $(STAMP)/lab $(STAMP)/voila

check: $(STAMP)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm run --silent types
	npm run --silent lint

test-js: $(STAMP)/build $(STAMP)/labextension
	npm run --silent test

# Three at a time, for kernels and browsers are waited for much; a file in one process, for its tests share a server or a browser; in
# order, so that the slow ones, which are few, are not last.  What compares times runs alone.  Variants of what is proven once are left
# to `make test-full`.
# The reader's tests must go down every branch of the reader.
test-py: export COVERAGE_FILE = $(CURDIR)/$(VENV)/.coverage
test-py: BESIDE = not timing$(if $(filter 1,$(NEXUS_FULL)),, and not full)
test-py: $(STAMP)/test
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m '$(BESIDE)' --ignore=tests/nxml
	$(BIN)/python -m pytest -n 2 -m '$(BESIDE)' --cov=nexus_jupyter.nxml --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100 tests/nxml
	$(BIN)/python -m pytest -m timing

test-notebooks: $(STAMP)/test
	$(BIN)/python -m pytest --nbval --nbval-kernel-name nexus -p no:cacheprovider notebooks

bench: $(STAMP)/test
	$(BIN)/python -m bench.first_click
	$(BIN)/python -m bench.live
	$(BIN)/python -m bench.nog
	$(BIN)/python -m bench.nxml
	$(BIN)/python -m bench.sandbox

generate: $(STAMP)/test
	$(BIN)/python -m nexus_jupyter.catalog.data nexus_jupyter/catalog/catalog.json
	$(BIN)/python -m nexus_jupyter.catalog.typescript js/generated/catalog.ts
	$(BIN)/python -m nexus_jupyter.nxml.reference docs/reference.md
	node wasm/build/protocol.mjs

format: $(STAMP)/test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	npm run --silent format

clean:
	rm -rf $(VENV) node_modules js/lab/node_modules js/lab/lib nexus_jupyter/static nexus_jupyter/labextension dist build tests/artifacts
