"""Which programs of this computer can make a Python environment for the core: a Python, or uv."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import List, Mapping, NamedTuple, Optional, Tuple

VERSIONS = ("3.12", "3.13", "3.11", "3.10")  # in the order of preference; the core's libraries run on these
UV_WANTS = ">=3.10,<3.14"  # uv's words for the same
# Prints "yes" for one of them that makes environments, "bare" for one that cannot put pip into them (Debian)
PROBE = """\
import sys, importlib.util as u
good = (3, 10) <= sys.version_info[:2] < (3, 14) and sys.maxsize > 2**32 and u.find_spec("venv")
print(("yes" if u.find_spec("ensurepip") else "bare") if good else "no")
"""
PROBE_LIMIT_MS = 15_000  # a slow disk; Windows' stand-in for a Python that is not there opens its store


class Tool(NamedTuple):
    """A program, as a command's first words."""

    command: Tuple[str, ...]
    is_uv: bool = False
    has_pip: bool = True  # environments that it makes have pip in them

    @property
    def probe(self) -> Tuple[str, ...]:
        """The command that tells whether it is of use."""
        return (*self.command, "--version") if self.is_uv else (*self.command, "-I", "-c", PROBE)

    def answered(self, code: int, output: str) -> Optional[Tool]:
        """The tool as its answer shows it, None for one that is of no use."""
        if self.is_uv:
            return self if code == 0 and output.startswith("uv ") else None
        if code != 0 or output.strip() not in ("yes", "bare"):
            return None
        return self._replace(has_pip=output.strip() == "yes")


def candidates(
    environ: Mapping[str, str], system: str = sys.platform, home: Optional[Path] = None
) -> List[Tool]:
    """What may be there, the best first: Pythons, then uv. Files that are there and can be run."""
    home = home or Path.home()
    folders = [Path(entry) for entry in environ.get("PATH", "").split(os.pathsep) if os.path.isabs(entry)]
    found: List[Tool] = []
    for path in _pythons(folders, environ, system, home):
        if _can_run(path, system) and Tool((str(path),)) not in found:
            found.append(Tool((str(path),)))
    launcher = Path(environ.get("SystemRoot", "C:/Windows")) / "py.exe"
    if system == "win32" and launcher.exists():
        found += [Tool((str(launcher), f"-{version}")) for version in VERSIONS]
    name = "uv.exe" if system == "win32" else "uv"
    for folder in [*folders, *_uv_folders(environ, system, home)]:
        if _can_run(folder / name, system) and Tool((str(folder / name),), True) not in found:
            found.append(Tool((str(folder / name),), is_uv=True))
    return found


def _pythons(folders: List[Path], environ: Mapping[str, str], system: str, home: Path) -> List[Path]:
    if system == "win32":
        local = Path(environ.get("LOCALAPPDATA") or home / "AppData/Local")
        usual = [local / "Programs/Python", Path(environ.get("ProgramFiles", "C:/Program Files"))]
        numbered = [root / f"Python{v.replace('.', '')}" / "python.exe" for root in usual for v in VERSIONS]
        return [*numbered, *(folder / "python.exe" for folder in folders)]
    if system == "darwin":
        framework = Path("/Library/Frameworks/Python.framework/Versions")
        folders = [
            *(folder for folder in folders if str(folder) != "/usr/bin"),  # asks for Apple's developer tools
            *(framework / version / "bin" for version in VERSIONS),
            *(Path("/opt/homebrew/bin"), Path("/usr/local/bin")),
        ]
    else:
        folders = [*folders, Path("/usr/bin"), Path("/usr/local/bin"), home / ".local/bin"]
    names = [*(f"python{version}" for version in VERSIONS), "python3"]
    return [folder / name for name in names for folder in folders]


def _uv_folders(environ: Mapping[str, str], system: str, home: Path) -> List[Path]:
    found = [home / ".local/bin", home / ".cargo/bin"]
    if system == "win32":
        local = Path(environ.get("LOCALAPPDATA") or home / "AppData/Local")
        return [*found, local / "Microsoft/WinGet/Links", home / "scoop/shims"]
    return [*found, Path("/opt/homebrew/bin"), Path("/usr/local/bin")]


def _can_run(path: Path, system: str) -> bool:
    if "WindowsApps" in path.parts:  # Windows' stand-in, which opens its store
        return False
    return path.is_file() and (system == "win32" or os.access(path, os.X_OK))


def has_nvidia(environ: Mapping[str, str], system: str = sys.platform) -> bool:
    """Whether NVIDIA's driver is there, without asking it."""
    if system == "win32":
        return (Path(environ.get("SystemRoot", "C:/Windows")) / "System32/nvcuda.dll").exists()
    return system != "darwin" and Path("/proc/driver/nvidia/version").exists()
