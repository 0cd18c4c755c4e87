# make demo   installs, then walks the whole road on a few free photos   → out/demo/report.md
# make test   installs, then runs the tests
# make test-mediapipe   installs MediaPipe apart, then holds exported files against it
# make lint   installs, then checks style

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# MediaPipe and TFMOT want different absl-py. The newest MediaPipe runs the files; 0.10.21 is the last
# that can write metadata, and ends at Python 3.12.
MEDIAPIPE := .venv-mediapipe
WRITER    := .venv-mediapipe-writer

.PHONY: demo test test-mediapipe lint clean

demo: $(STAMP)
	$(BIN)/python tools/demo/run.py

test: $(STAMP)
	$(BIN)/python -m pytest

test-mediapipe: $(STAMP) $(MEDIAPIPE)/.installed $(WRITER)/.installed
	$(BIN)/python tests/mediapipe/prepare.py out/mediapipe
	PNET_MEDIAPIPE_FILES=out/mediapipe PNET_MEDIAPIPE_WRITER=$(WRITER)/bin/python \
	    $(MEDIAPIPE)/bin/python -m pytest tests/mediapipe

lint: $(STAMP)
	$(BIN)/ruff check .

$(STAMP): setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[train,test,demo]'
	touch $@

$(MEDIAPIPE)/.installed:
	$(PYTHON) -m venv $(MEDIAPIPE)
	$(MEDIAPIPE)/bin/python -m pip install --quiet --disable-pip-version-check mediapipe pytest
	touch $@

$(WRITER)/.installed:
	$(PYTHON) -m venv $(WRITER)
	$(WRITER)/bin/python -m pip install --quiet --disable-pip-version-check "mediapipe==0.10.21; python_version < '3.13'"
	touch $@

clean:
	rm -rf $(VENV) $(MEDIAPIPE) $(WRITER) out build *.egg-info
