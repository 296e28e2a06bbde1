"""Runs one scenario in the real Krita: `python -m tests.in_krita bench` prints the panel's figures, and
`python -m tests.in_krita pictures OUT` takes the pictures for the documentation.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from conftest import make_tiny_pack

from .harness import missing
from .setting import make_setting

LIMIT = 400.0


def main() -> int:
    absent = missing()
    if absent or len(sys.argv) < 2:
        print(f"not installed: {', '.join(absent)}" if absent else __doc__)
        return 2
    with tempfile.TemporaryDirectory(prefix="anycost-krita-") as folder:
        out = Path(sys.argv[2] if len(sys.argv) > 2 else f"{folder}/out").absolute()
        setting = make_setting(Path(folder), make_tiny_pack(Path(folder) / "untrained"))
        outcome = setting.run(sys.argv[1], out, LIMIT)
    print(json.dumps({"pack": setting.variables["ANYCOST_PACK"], **outcome.figures}, indent=1))
    print("\n".join(outcome.problems))
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
