"""What Krita gets of Anycost, and the zip of it for Krita's plugin importer, with the core's wheel inside."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from ..core.files.folders import make_folder
from ..core.files.whole_file import write_bytes
from . import core_wheel
from .core_wheel import ROOT, zip_entry

NAME = "anycost"
ROOMS = ("bridge", "krita_plugin")
MANUAL = "manual.html"  # Krita looks for it in the plugin's folder
NOT_IN_KRITA = ("krita_plugin/studio.py", "krita_plugin/picture_opener.py", "krita_plugin/source_zip/")
# what the panel installs the core with: the versions that the tests run with, and the hashes of their files
LISTS = {
    "versions": "requirements/run.txt",
    **{name: f"requirements/locked/{name}.txt" for name in ("pip", "libraries", "pytorch")},
}
BESIDE = ((f"{NAME}.desktop", "pykrita"), (f"{NAME}.action", "actions"))  # and Krita's folders for them


def package(out: Path) -> Path:
    """Writes the zip for Tools > Scripts > Import Python Plugin from File; returns its path, `out`.

    CoreError "bad-value" or "no-space" when it cannot be written.
    """
    out = Path(out)
    entries = {name: beside(name) for name, _ in BESIDE}
    entries[f"{NAME}/"] = b""  # the importer looks for it
    entries |= {f"{NAME}/{name}": content for name, content in {**plugin_files(), **core_files()}.items()}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in entries.items():
            archive.writestr(zip_entry(name, compressed=not name.endswith(".whl")), content)
    make_folder(out.absolute().parent)
    write_bytes(out, data.getvalue())
    return out


def beside(name: str) -> bytes:
    """One of the files that lie beside the plugin's folder."""
    return (ROOT / "krita_plugin" / name).read_bytes()


def plugin_files() -> dict[str, bytes]:
    """The files that Krita needs below `anycost/`, by their names there."""
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    found += (ROOT / "krita_plugin" / "translations").glob("*.ts")
    names = sorted(path.relative_to(ROOT).as_posix() for path in found)
    kept = {name: ROOT / name for name in ["__init__.py", *names] if not name.startswith(NOT_IN_KRITA)}
    kept[MANUAL] = ROOT / "krita_plugin" / MANUAL
    return {name: path.read_bytes() for name, path in kept.items()}


def core_files() -> dict[str, bytes]:
    """Those from which the panel can install the core, likewise. CoreError when the wheel cannot be made."""
    lists = {f"wheel/{name}.txt": (ROOT / path).read_bytes() for name, path in LISTS.items()}
    return {f"wheel/{core_wheel.NAME}": core_wheel.core_wheel(), **lists}
