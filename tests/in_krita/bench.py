"""Measures the panel inside the real Krita and prints the figures: `python -m tests.in_krita.bench [OUT]`"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from conftest import make_tiny_pack

from .harness import missing
from .setting import make_setting


def main() -> int:
    absent = missing()
    if absent:
        print(f"not installed: {', '.join(absent)}")
        return 2
    with tempfile.TemporaryDirectory(prefix="anycost-bench-") as folder:
        out = Path(sys.argv[1] if len(sys.argv) > 1 else folder) / "out"
        setting = make_setting(Path(folder), make_tiny_pack(Path(folder) / "untrained"))
        outcome = setting.run("bench", out.absolute(), 300.0)
    print(json.dumps({"pack": setting.variables["ANYCOST_PACK"], **outcome.figures}, indent=1))
    print("\n".join(outcome.problems))
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
