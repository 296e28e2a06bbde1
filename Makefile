# `make demo` and `make test` do all set-up themselves.
.PHONY: setup demo test lint fuzz soak attack pack tables clean
PYTHON := .venv/bin/python
# fails where the code needs a newer Python than -t
VERMIN := .venv/bin/vermin --quiet --violations --feature fstring-pep701
# threads that spin while they wait starve each other (see core/__init__.py)
export OMP_WAIT_POLICY := PASSIVE
# where it is set, each worker reads every test anew and rewrites its asserts, which takes longer than to run most
unexport PYTHONDONTWRITEBYTECODE

setup:
	scripts/setup

# needs neither Krita nor root
demo:
	scripts/setup requirements/run.txt
	$(PYTHON) -m anycost.commands.demo

# each worker takes whole files, since a file's tests share what they train; tests/conftest.py sorts them, and
# has one worker take those that share more
test: setup
	$(PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

lint:
	scripts/setup requirements/ci.txt
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright
	$(VERMIN) -t=3.10- commands core lab models scripts tests setup.py __main__.py
	$(VERMIN) -t=3.8- bridge krita_plugin __init__.py

# damaged and hostile files for every reader; what is found stays in tests/fuzz/corpus: make fuzz MINUTES=30
fuzz: setup
	PYTHONPATH=tests $(PYTHON) -m fuzz $(or $(MINUTES),5)

# two panels at work on one core, whose memory must not grow: make soak MINUTES=20
soak: setup
	PYTHONPATH=tests $(PYTHON) -m attacks.soak $(or $(MINUTES),60)

# the figures of docs/reliability.md; as root also full disks and other users
attack: setup
	PYTHONPATH=tests $(PYTHON) -m attacks $(ARGS)

# trains the default pack from nothing, each network by its file in configs/: hours on a CPU
pack: setup
	$(PYTHON) -m anycost train configs/attributes.toml
	$(PYTHON) -m anycost train configs/portraits.toml
	$(PYTHON) -m anycost train configs/encoder.toml
	$(PYTHON) -m anycost weights get faces heads
	$(PYTHON) -m anycost data heads --cache runs/heads --count 8192 --resolution 192 --wide 1.5
	$(PYTHON) -m anycost train configs/head_reader.toml
	$(PYTHON) -m anycost train configs/heads_finder.toml
	$(PYTHON) -m anycost.commands.portraits_pack --out models/packs/portraits

# the paper's tables at toy size, and what our own training says
tables: setup
	$(PYTHON) -m anycost.lab.tables.tables_page --out docs/tables.md

clean:
	rm -rf .venv build dist demo *.egg-info
