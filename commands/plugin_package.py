"""Puts the plugin into Krita's own folder, or writes it as a zip for Krita's plugin importer."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..bridge import launch
from ..bridge.posix import user_folder
from ..core.errors import CoreError
from ..core.files.folders import make_folder
from ..core.files.whole_file import write_bytes

ROOT = Path(__file__).resolve().parent.parent  # the package `anycost`
NAME = "anycost"
ROOMS = ("bridge", "krita_plugin")
MANUAL = "manual.html"  # Krita looks for it in the plugin's folder
NOT_IN_KRITA = ("krita_plugin/studio.py",)
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the date of every file in the zip: equal sources give equal bytes


def package(out: Path) -> Path:
    """Writes the zip for Tools > Scripts > Import Python Plugin from File; returns its path, `out`.

    CoreError "bad-value" or "no-space" when it cannot be written.
    """
    out = Path(out)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _entries():
            archive.writestr(_info(name), content)
    _write(out, data.getvalue())
    return out


def install() -> Path:
    """Copies the plugin into Krita's folder, enables it and notes this Python as the core's.

    Returns the plugin's folder. Running it again updates the plugin; settings and other plugins stay as they
    are. CoreError "bad-value" or "no-space" when something cannot be read or written.
    """
    krita = user_folder("data") / "krita"
    plugin = _replace_folder(krita / "pykrita" / NAME)
    for source, folder in ((f"{NAME}.desktop", "pykrita"), (f"{NAME}.action", "actions")):
        _write(krita / folder / source, (ROOT / "krita_plugin" / source).read_bytes())
    _enable(user_folder("config") / "kritarc")
    _write(launch.config_path(), json.dumps({"python": sys.executable}, indent=1).encode() + b"\n")
    return plugin


def _enable(kritarc: Path) -> None:
    try:
        old = kritarc.read_bytes() if kritarc.exists() else b""
    except OSError as error:
        text = f'"{kritarc}" cannot be read ({error.strerror}): correct its permissions, then try again.'
        raise CoreError("bad-value", text) from None
    text = enabled(old.decode("utf-8", "surrogateescape"))  # bytes that are not UTF-8 stay as they are
    _write(kritarc, text.encode("utf-8", "surrogateescape"))


def enabled(kritarc: str) -> str:
    """The text of kritarc with this plugin enabled and every other line kept."""
    key, lines = f"enable_{NAME}", kritarc.splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip() == "[python]"), None)
    if start is None:
        gap = [""] if lines and lines[-1] else []
        return "\n".join([*lines, *gap, "[python]", f"{key}=true", ""])
    end = next((i for i in range(start + 1, len(lines)) if lines[i].startswith("[")), len(lines))
    section = [line for line in lines[start + 1 : end] if line.split("=")[0].strip() != key]
    return "\n".join([*lines[: start + 1], f"{key}=true", *section, *lines[end:], ""])


def _entries() -> Iterator[tuple[str, bytes]]:
    """Names in the zip and contents; the plugin's folder has an entry too, which the importer looks for."""
    for suffix in ("desktop", "action"):
        name = f"{NAME}.{suffix}"
        yield name, (ROOT / "krita_plugin" / name).read_bytes()
    yield f"{NAME}/", b""
    for relative, source in _plugin_files():
        yield f"{NAME}/{relative}", source.read_bytes()


def _plugin_files() -> list[tuple[str, Path]]:
    """The files that Krita needs below `anycost/`: the name there and the file here."""
    files = [path for room in ROOMS for path in (ROOT / room).glob("*.py")]
    names = sorted(path.relative_to(ROOT).as_posix() for path in files)
    kept = ["__init__.py", *(name for name in names if name not in NOT_IN_KRITA)]
    return [*((name, ROOT / name) for name in kept), (MANUAL, ROOT / "krita_plugin" / MANUAL)]


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # Unix, whose attributes these are
    info.external_attr = (0o40755 << 16 | 0x10) if name.endswith("/") else 0o100644 << 16
    return info


def _replace_folder(folder: Path) -> Path:
    """Puts the plugin's files at `folder`: writes them beside it, then swaps the folders."""
    make_folder(folder.parent)
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{NAME}-") as beside:
            new = Path(beside) / "new"
            for relative, source in _plugin_files():
                (new / relative).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, new / relative)
            if folder.exists():
                os.replace(folder, Path(beside) / "old")
            os.replace(new, folder)
    except OSError as error:
        where = error.filename or folder
        text = f'"{where}" cannot be written ({error.strerror}): correct its permissions, then try again.'
        raise CoreError("bad-value", text) from None
    return folder


def _write(path: Path, data: bytes) -> None:
    make_folder(path.absolute().parent)
    write_bytes(path, data)
