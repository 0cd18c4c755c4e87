# make demo   installs, then walks the whole road on a few free photos   → out/demo/report.md
# make test   installs, then runs the tests
# make test-mediapipe   installs MediaPipe apart, then holds exported files against it
# make test-addons   what depends on TensorFlow, on 2.15 with tensorflow-addons, and each stack with the other's files
# make test-torch   installs PyTorch, too, and reads checkpoints that it wrote
# make test-oldest    what reads files, with the oldest packages that setup.py allows
# make fuzz      damaged and odd files through every reader; PNET_FUZZ=0.1 takes a tenth of them
# make test-arm       runs the shipped files on emulated ARM cores; needs qemu-user, apt and a C compiler
# make web    builds the page in out/web, which pnet-web or any static host serves; needs Node 20
# make test-web       holds the page against the native runtime, in Debian's Chromium
# make tables   writes every table of figures in the documents from the results in pnet_tf/assets/results
# make lint   installs, then checks style

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Building graphs is Python's work and takes one core: two processes, and who is done takes over from the other.
SHARED_OUT := -n 2 --dist worksteal
STAMP  := $(VENV)/.installed

# MediaPipe and TFMOT want different absl-py. The newest MediaPipe runs the files; 0.10.21 is the last
# that can write metadata, and ends at Python 3.12.
MEDIAPIPE := .venv-mediapipe
WRITER    := .venv-mediapipe-writer

# tensorflow-addons ended with TensorFlow 2.15 and Python 3.11; the first of these that fits is taken.
ADDONS        := .venv-addons
PYTHON_ADDONS ?= python3.11 python3.10 $(PYTHON)
FITS_ADDONS   := import sys, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 11))
# Tests in which TensorFlow has no part or does nothing that other tests do not ask of it; make test runs them. Of the
# road end to end tests/test_stacks.py walks what TensorFlow has a part in.
NOT_ON_ADDONS := ablation android android_failures astronaut benchmark benchmark_output choice check clip_reading clip_writing \
    company comparison config conversion cutout documents evaluation files folders found_labels jobs live metrics onnx packaging \
    page_server peer photos pictures planted preparation prune resize rules runtime segmenter sources steady stream supervisely survival
ROAD := tests/test_road.py::test_the_road_end_to_end

ARM       := out/arm
OLDEST    := .venv-oldest
EXTRAS    := train video onnx demo
COMMA     := ,
SPACE     := $(subst ,, )
WITH_FILES := astronaut benchmark bombs check clip_reading clip_writing coco conversion cutout encoder_weights folders \
    found_labels jobs live mattes metadata onnx page_server peer photos pictures preparation records resize runtime \
    segmenter sources steady stream supervisely teacher tools
WEB_STAMP := tools/web/node_modules/.installed
NODE_20   := Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1

.PHONY: demo test test-oldest fuzz test-arm test-mediapipe test-addons test-torch web test-web tables lint clean

demo: $(STAMP)
	$(BIN)/python tools/demo/run.py

test: $(STAMP)
	$(BIN)/python -m pytest $(SHARED_OUT)

test-mediapipe: $(STAMP) $(MEDIAPIPE)/.installed $(WRITER)/.installed
	$(BIN)/python tests/mediapipe/prepare.py out/mediapipe
	PNET_MEDIAPIPE_FILES=out/mediapipe PNET_MEDIAPIPE_WRITER=$(WRITER)/bin/python \
	    $(MEDIAPIPE)/bin/python -m pytest tests/mediapipe

test-addons: $(STAMP) $(ADDONS)/.installed
	PNET_OTHER_PYTHON=$(BIN)/python $(ADDONS)/bin/python -m pytest $(SHARED_OUT) \
	    --deselect=$(ROAD) $(NOT_ON_ADDONS:%=--ignore=tests/test_%.py)

test-oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/python -m pytest $(SHARED_OUT) $(WITH_FILES:%=tests/test_%.py)

fuzz: $(STAMP)
	$(BIN)/python -m pytest $(SHARED_OUT) tests/fuzz

test-arm: $(STAMP) $(ARM)/.installed
	PNET_ARM=$(ARM) $(BIN)/python -m pytest tests/arm

test-torch: $(STAMP)-torch
	$(BIN)/python -m pytest tests/pytorch

web: $(WEB_STAMP)
	node tools/web/build.mjs out/web

test-web: $(STAMP) web
	PNET_PYTHON=$(abspath $(BIN)/python) node --test tools/web/test/page.test.mjs

tables: $(STAMP)
	$(BIN)/python tools/tables.py

lint: $(STAMP)
	$(BIN)/ruff check .

$(STAMP): setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[train,test,demo]'
	touch $@

$(STAMP)-torch: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[import]'
	touch $@

$(ARM)/.installed: setup.py tools/arm/root.py tools/arm/count.c
	@for needed in qemu-aarch64 apt-get dpkg gcc; do \
	    command -v $$needed >/dev/null || { echo "error: no $$needed; on Debian: apt-get install qemu-user gcc" >&2; exit 1; }; \
	done
	rm -rf $(ARM)
	$(BIN)/python tools/arm/root.py $(ARM)
	touch $@

$(WEB_STAMP): tools/web/package.json tools/web/package-lock.json
	@node -e 'process.exit($(NODE_20))' 2>/dev/null || { echo "error: the page is built by Node 20 or newer" >&2; exit 1; }
	cd tools/web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

$(MEDIAPIPE)/.installed:
	$(PYTHON) -m venv $(MEDIAPIPE)
	$(MEDIAPIPE)/bin/python -m pip install --quiet --disable-pip-version-check mediapipe pytest
	touch $@

$(WRITER)/.installed:
	$(PYTHON) -m venv $(WRITER)
	$(WRITER)/bin/python -m pip install --quiet --disable-pip-version-check "mediapipe==0.10.21; python_version < '3.13'"
	touch $@

$(OLDEST)/.installed: $(STAMP) tests/oldest.py
	$(PYTHON) -m venv $(OLDEST)
	$(BIN)/python tests/oldest.py $(EXTRAS) >$(OLDEST)/constraints.txt
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check \
	    -e '.[$(subst $(SPACE),$(COMMA),$(EXTRAS)),test]' -c $(OLDEST)/constraints.txt
	touch $@

$(ADDONS)/.installed: setup.py pyproject.toml constraints-addons.txt
	@for python in $(PYTHON_ADDONS); do \
	    if $$python -c '$(FITS_ADDONS)' 2>/dev/null; then exec $$python -m venv $(ADDONS); fi; \
	done; \
	echo "error: tensorflow-addons needs Python 3.10 or 3.11, and $(PYTHON_ADDONS) is none; name one by PYTHON_ADDONS=" >&2; \
	exit 1
	$(ADDONS)/bin/python -m pip install --quiet --disable-pip-version-check \
	    -e '.[addons,test,demo]' -c constraints-addons.txt
	touch $@

clean:
	rm -rf $(VENV) $(MEDIAPIPE) $(WRITER) $(ADDONS) tools/web/node_modules out build *.egg-info
