"""The plugin as Krita takes it: put into Krita's own folder, or as a zip for Krita's plugin importer."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..bridge import launch

ROOT = Path(__file__).resolve().parent.parent  # the package `anycost`
NAME = "anycost"
ROOMS = ("bridge", "krita_plugin")
MANUAL = "manual.html"  # Krita looks for it in the plugin's folder
NOT_IN_KRITA = ("krita_plugin/studio.py",)
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the date of every file in the zip, so that equal sources give equal bytes


class PluginError(Exception):
    """The plugin could not be written; the text is a sentence that says what to do."""


def package(out: Path) -> Path:
    """Writes the zip for Tools > Scripts > Import Python Plugin from File; `out` is its path."""
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=out.parent, suffix=".part", delete=False) as part:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, data in _entries():
                    archive.writestr(_info(name), data)
            os.chmod(part.name, 0o644)
        os.replace(part.name, out)
    except OSError as error:
        raise PluginError(f"{out} could not be written ({error.strerror}): choose another place.") from None
    return out


def install() -> Path:
    """Copies the plugin into Krita's folder, enables it and notes this Python as the core's; its new folder.

    Running it again brings the plugin up to date. Settings and other plugins are left as they are.
    """
    krita = _home("XDG_DATA_HOME", ".local/share") / "krita"
    try:
        plugin = _replace_folder(krita / "pykrita" / NAME)
        for source, folder in ((f"{NAME}.desktop", "pykrita"), (f"{NAME}.action", "actions")):
            _write(krita / folder / source, (ROOT / "krita_plugin" / source).read_bytes())
        kritarc = _home("XDG_CONFIG_HOME", ".config") / "kritarc"
        old = kritarc.read_text(encoding="utf-8") if kritarc.exists() else ""
        _write(kritarc, enabled(old).encode())
        _write(launch.config_path(), json.dumps({"python": sys.executable}, indent=1).encode() + b"\n")
    except OSError as error:
        where = error.filename or krita
        raise PluginError(
            f"{where} could not be written ({error.strerror}): make it writable, then try again."
        ) from None
    return plugin


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
    """Name in the zip and contents, folders first: the importer looks for the folder's own entry."""
    for suffix in ("desktop", "action"):
        name = f"{NAME}.{suffix}"
        yield name, (ROOT / "krita_plugin" / name).read_bytes()
    yield f"{NAME}/", b""
    for relative, source in _plugin_files():
        yield f"{NAME}/{relative}", source.read_bytes()


def _plugin_files() -> list[tuple[str, Path]]:
    """What Krita needs below `anycost/`: the name there, and the file here."""
    files = [path for room in ROOMS for path in (ROOT / room).glob("*.py")]
    names = sorted(path.relative_to(ROOT).as_posix() for path in files)
    kept = ["__init__.py", *(name for name in names if name not in NOT_IN_KRITA)]
    return [*((name, ROOT / name) for name in kept), (MANUAL, ROOT / "krita_plugin" / MANUAL)]


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # the attributes below are Unix's
    info.external_attr = (0o40755 << 16 | 0x10) if name.endswith("/") else 0o100644 << 16
    return info


def _replace_folder(folder: Path) -> Path:
    """Puts the plugin's files at `folder`: written beside it, then swapped in."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{NAME}-") as beside:
        new = Path(beside) / "new"
        for relative, source in _plugin_files():
            (new / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, new / relative)
        if folder.exists():
            os.replace(folder, Path(beside) / "old")
        os.replace(new, folder)
    return folder


def _write(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all, with the permissions that it had."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    if path.exists():
        shutil.copymode(path, part)
    os.replace(part, path)


def _home(variable: str, default: str) -> Path:
    given = os.environ.get(variable, "")
    return Path(given) if os.path.isabs(given) else Path.home() / default
