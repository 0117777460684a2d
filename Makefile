# `make chat` and `make test` are the two commands; each makes .venv first. PYTHON chooses the interpreter (3.11 to 3.13).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CHROMIUM := for name in chromium chromium-browser google-chrome; do command -v $$name && exit; done; false
FROM_DEBIAN := (test `id -u` = 0 && apt-get update -qq && apt-get install -qq chromium >/dev/null && chromium --version)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: chat test lint measure compare-peers bench load pictures clean

chat: $(VENV)/installed
	$(BIN)/pincite chat --open

test: $(VENV)/installed-for-tests
	@echo "Running all tests (about fifteen minutes on two cores, with Chromium for the page; one of them installs the wheel into an empty environment) ..."
	$(BIN)/python -m pytest

lint: $(VENV)/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

measure: $(VENV)/installed
	$(BIN)/pincite index --library $(VENV)/library
	$(BIN)/pincite eval eval/sets/article.jsonl --library $(VENV)/library --gate eval/gate.toml --out report
	$(BIN)/pincite index eval/sets/followups/documents --library $(VENV)/followups
	$(BIN)/pincite eval eval/sets/followups/questions.jsonl --library $(VENV)/followups \
		--gate eval/sets/followups/gate.toml --out report/followups

compare-peers: $(VENV)/installed
	$(BIN)/python -m rag.eval.peers.compare --environments $(VENV)/peers $(SETS)

bench: $(VENV)/installed-for-tests
	$(BIN)/python -m rag.eval.bench

load: $(VENV)/installed-for-tests
	$(BIN)/python -m rag.eval.load

pictures: $(VENV)/installed-for-tests
	$(BIN)/python docs/pictures.py

clean:
	rm -rf $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt
	@echo "Installing into $(VENV): a few minutes and about 2 GB, most of it PyTorch ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-for-tests: $(VENV)/installed
	@echo "Installing what the tests need ..."
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[test]"
	@($(CHROMIUM)) || $(FROM_DEBIAN) || $(BIN)/playwright install chromium
	@touch $@
