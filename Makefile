# make run          the window; without a display the same demo headless
# make test         ruff, mypy and the tests
# make lint         ruff and mypy
# make bench        the benchmarks
# make soak        the window under load for MINUTES=30, with a report in build/soak
# make screenshots  every workspace, dark and light, from real sessions
# make clean        forget the virtual environment and all caches
#
# Each installs what it needs first, into .venv, with the Python named by PYTHON.

PYTHON ?= python3
MINUTES ?= 30
VENV_PYTHON := .venv/bin/python
HAS_DISPLAY := $(DISPLAY)$(WAYLAND_DISPLAY)$(filter Darwin,$(shell uname))

.PHONY: run test lint bench soak screenshots clean install install-test

run: install
	$(VENV_PYTHON) -m ntmviz $(if $(HAS_DISPLAY),,demo --headless)

test: lint
	$(VENV_PYTHON) -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lint: install-test
	$(VENV_PYTHON) -m ruff check
	$(VENV_PYTHON) -m mypy

bench: install-test
	$(VENV_PYTHON) -m pytest tests/benchmarks --benchmark-enable --timeout=0

soak: install-test
	$(VENV_PYTHON) -m tests.soak --minutes $(MINUTES)

screenshots: install-test
	$(VENV_PYTHON) tests/make_screenshots.py

install:
	@$(PYTHON) .ci/install.py

install-test:
	@$(PYTHON) .ci/install.py test

clean:
	rm -rf .venv .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find ntm_core sessions ntmviz tests -name __pycache__ -type d -prune -exec rm -rf {} +
