"""Writes the figures of docs/speed.md, each between two marks:

    python -m anycost.lab.bench.speed_page docs/speed.md

measures all of them on this machine (10 to 20 minutes, with nothing else running), or the blocks you name.
"""

from __future__ import annotations

import argparse
import functools
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ...core.errors import CoreError
from ...core.files.whole_file import write_bytes
from ...core.rendering.cores import use_available_cores
from ...models.pack import Pack, PackError
from .benched import config_f
from .carry_speed import carry_speed
from .growth import Growth
from .measured import measured, tell, wanted


def figures(pack: str) -> dict[str, Callable[[], str]]:
    """Functions that measure the page's blocks, by name. A block opens the pack only if it needs it."""

    @functools.cache
    def growth() -> Growth:
        return Growth(config_f(), wanted("torch", None))

    return {
        "pack": lambda: _fenced(measured(Pack.open(pack), wanted(None, None), tell).text()),
        "carry": lambda: carry_speed(pack),
        "config-f": lambda: _fenced(measured(None, wanted(None, None), tell).text()),
        "resolution": lambda: growth().by_resolution(),
        "batch": lambda: growth().by_batch(),
        "region": lambda: growth().by_region(),
        "climb": lambda: growth().in_a_climb(),
        "late": lambda: growth().after_a_late_edit(),
        "parts": lambda: growth().by_part(),
    }


def rewritten(text: str, blocks: Mapping[str, str]) -> str:
    """Put new content into the page's blocks; CoreError "bad-value" for a block that it lacks."""
    for name, content in blocks.items():
        begin, end = f"<!-- figures: {name} -->", "<!-- end -->"
        pattern = re.compile(f"({re.escape(begin)}\n).*?({re.escape(end)})", re.DOTALL)
        text, count = pattern.subn(lambda found, new=content: f"{found[1]}{new}\n{found[2]}", text)
        if count != 1:
            raise CoreError("bad-value", f'The page needs one place for "{name}": "{begin}", then "{end}".')
    return text


def _fenced(text: str) -> str:
    return f"```\n{text}\n```"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure and write the figures of docs/speed.md.")
    parser.add_argument("page", type=Path, help="Markdown file with marked blocks")
    parser.add_argument("block", nargs="*", help="blocks to measure (default: all)")
    parser.add_argument("--pack", default="portraits", help="name or folder of a pack")
    chosen = parser.parse_args()
    use_available_cores()
    measures = figures(chosen.pack)
    try:
        for name in chosen.block or measures:
            if name not in measures:
                raise CoreError("bad-value", f'"{name}" is not a block: choose from {", ".join(measures)}.')
            tell(f"{name}...")
            # one by one, so that a failure does not lose earlier figures
            page = rewritten(chosen.page.read_text("utf-8"), {name: measures[name]()})
            write_bytes(chosen.page, page.encode())
    except (CoreError, PackError) as error:
        sys.exit(f"anycost: {error}")


if __name__ == "__main__":
    main()
