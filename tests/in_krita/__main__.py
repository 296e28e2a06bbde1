"""Runs one scenario in the real Krita: `PYTHONPATH=tests python -m in_krita bench` prints the panel's
figures, and `... pictures OUT` takes the pictures for the documentation.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tiny_pack import make_tiny_pack

from anycost.core.files.weights import installed

from .harness import missing
from .setting import make_setting

LIMIT = 400.0


def keep_pictures(found: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for picture in found.glob("*.png"):
        if picture.name != "final.png":  # the driver's own
            shutil.copyfile(picture, out / picture.name)


def main() -> int:
    absent = missing()
    if absent or len(sys.argv) < 2:
        print(f"not installed: {', '.join(absent)}" if absent else __doc__)
        return 2
    with tempfile.TemporaryDirectory(prefix="anycost-krita-") as folder:
        setting = make_setting(Path(folder), make_tiny_pack(Path(folder) / "untrained"))
        faces = installed("faces")
        if faces is not None:  # without them, edits are drawn rather than carried
            own = setting.profile.root / "data" / "anycost" / "weights" / "faces"
            shutil.copytree(next(iter(faces.values())).parent, own)
        outcome = setting.run(sys.argv[1], Path(folder) / "out", LIMIT)
        if len(sys.argv) > 2:
            keep_pictures(Path(folder) / "out", Path(sys.argv[2]))
    print(json.dumps({"pack": setting.variables["ANYCOST_PACK"], **outcome.figures}, indent=1))
    print("\n".join(outcome.problems))
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
