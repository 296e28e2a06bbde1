"""The wheel of this very package, with the default packs' weights: what the panel installs its core from.

Equal sources give equal bytes, in a checkout as from an installed wheel.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

from ..bridge.version import VERSION
from ..core.errors import CoreError

ROOT = Path(__file__).resolve().parent.parent  # the package `anycost`
INFO = f"anycost_krita-{VERSION}.dist-info"
NAME = f"anycost_krita-{VERSION}-py3-none-any.whl"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the date of every file
OF_PIP = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")  # in INFO: not part of what was built


def core_wheel() -> bytes:
    """The wheel called NAME; CoreError "bad-value" when it cannot be made."""
    return _packed(_built() if (ROOT / "setup.py").exists() else _installed())


def _built() -> dict[str, bytes]:
    """What setup.py puts into the wheel; it leaves nothing behind in the checkout."""
    with tempfile.TemporaryDirectory(prefix="anycost-wheel-") as folder:
        command = [
            *(sys.executable, "setup.py", "--quiet", "egg_info", "--egg-base", folder),
            *("build", "--build-base", f"{folder}/build"),
            *("bdist_wheel", "--bdist-dir", f"{folder}/dist", "--dist-dir", f"{folder}/out"),
            "--compression=stored",
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        wheels = list(Path(folder, "out").glob("*.whl"))
        if done.returncode != 0 or not wheels:
            why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            text = f"The core's wheel cannot be built ({why}): run `make setup`, then try again."
            raise CoreError("bad-value", text)
        with zipfile.ZipFile(wheels[0]) as archive:
            return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def _installed() -> dict[str, bytes]:
    """The same from the files of an installed wheel."""
    site = ROOT.parent
    try:
        record = (site / INFO / "RECORD").read_text("utf-8")
        names = [line.rsplit(",", 2)[0].strip('"') for line in record.splitlines()]
        return {
            name: (site / name).read_bytes()
            for name in names
            if name.startswith(("anycost/", INFO + "/")) and not name.endswith(".pyc")
        }
    except OSError as error:
        text = f"The core's wheel cannot be made ({error}): install Anycost again, then try again."
        raise CoreError("bad-value", text) from None


def _packed(files: dict[str, bytes]) -> bytes:
    """A wheel with these files, sorted, and a new record of them."""
    kept = {name: files[name] for name in sorted(files) if name not in {f"{INFO}/{own}" for own in OF_PIP}}
    rows = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in kept.items()]
    record = f"{INFO}/RECORD"
    kept[record] = "\n".join([*rows, f"{record},,", ""]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in kept.items():
            archive.writestr(zip_entry(name), data)
    return out.getvalue()


def _digest(data: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def zip_entry(name: str, compressed: bool = True) -> zipfile.ZipInfo:
    """A file or folder of a zip whose bytes depend on nothing but the contents."""
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    info.create_system = 3  # Unix, whose attributes these are
    info.external_attr = (0o40755 << 16 | 0x10) if name.endswith("/") else 0o100644 << 16
    return info
