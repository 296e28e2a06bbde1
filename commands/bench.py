"""`anycost bench`: times every rung beside the machine's roofline, the plain module and the paper."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from .arguments import add_pack, command, open_pack

if TYPE_CHECKING:
    from ..models.pack import Pack


def add(commands: argparse._SubParsersAction) -> None:
    text = "measure how fast this machine draws every rung of a pack's ladder"
    parser = command(commands, "bench", run, text)
    networks = parser.add_mutually_exclusive_group()
    add_pack(networks)
    text = "a random generator of StyleGAN2's size at 1024 px instead of a pack"
    networks.add_argument("--config-f", action="store_true", help=text)
    text = "only these, as resolution@ratio, and the full one (default: all; with --config-f, five of 16)"
    parser.add_argument("--rungs", metavar="1024@1,256@0.25|all", help=text)
    parser.add_argument("--engine", metavar="NAME", help="only this engine (default: the fastest)")
    parser.add_argument("--precision", metavar="fp32|bf16|fp16", help="only this precision")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(chosen: argparse.Namespace) -> None:
    pack = None if chosen.config_f else open_pack(chosen.pack)
    bench(pack, chosen.rungs, chosen.engine, chosen.precision, chosen.json)


def bench(
    pack: Pack | None, rungs: str | None, engine: str | None, precision: str | None, as_json: bool
) -> None:
    """Measures rungs of a pack, or of config-F for None, and prints a table or JSON; progress goes to stderr.

    `rungs` names them (None: all of a pack, five of config-F). `engine` and `precision` (fp32, bf16, fp16 or
    torch's names) leave only the engines that have them. CoreError "bad-value" for a rung that the network
    does not have, and when no engine is left.
    """
    from ..core.rendering.cores import use_available_cores
    from ..lab.bench.benched import SOME_OF_CONFIG_F
    from ..lab.bench.measured import measured, tell, wanted

    choices = wanted(engine, precision)
    use_available_cores()
    rungs = rungs or ("all" if pack else SOME_OF_CONFIG_F)
    report = measured(pack, choices, tell, rungs)
    print(json.dumps(report.data(), indent=1) if as_json else report.text())
