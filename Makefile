# make demo   installs, then walks the whole road on a few free photos   → out/demo/report.md
# make test   installs, then runs the tests
# make lint   installs, then checks style

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test lint clean

demo: $(STAMP)
	$(BIN)/python tools/demo/run.py

test: $(STAMP)
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check .

$(STAMP): setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[train,test,demo]'
	touch $@

clean:
	rm -rf $(VENV) out build *.egg-info
