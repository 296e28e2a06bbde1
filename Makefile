# `make demo` and `make test` do all set-up themselves.
.PHONY: setup demo test lint pack clean
PYTHON := .venv/bin/python
RUN := runs/portraits
# threads that spin while they wait starve each other (see core/__init__.py)
export OMP_WAIT_POLICY := PASSIVE

setup:
	scripts/setup

demo: setup
	$(PYTHON) -m anycost.core.demo

test: setup
	$(PYTHON) -m pytest $(ARGS)

lint:
	scripts/setup requirements/ci.txt
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright

# trains the default pack from nothing: hours on a CPU
pack: setup
	$(PYTHON) -m anycost.core.training.distill --out $(RUN) --resume
	$(PYTHON) -m anycost.core.training.attributes --out $(RUN)/features.safetensors
	$(PYTHON) -m anycost.core.training.finding --out $(RUN)/finder.onnx
	$(PYTHON) -m anycost.core.training.encoding --run $(RUN)
	$(PYTHON) -m anycost.core.training.portraits_pack --run $(RUN) --out models/packs/portraits

clean:
	rm -rf .venv build dist demo *.egg-info
