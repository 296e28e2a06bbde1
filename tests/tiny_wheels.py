"""A folder of wheels from which pip installs the core's libraries offline: all but one are empty.

That one leads Python to the libraries of this environment, so what is installed runs as with the real ones.
"""

from __future__ import annotations

import re
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

LEAD = "torch"  # whose wheel leads to this environment's libraries


def make_wheels(folder: Path, without: tuple[str, ...] = ()) -> Path:
    """Wheels of all that the core needs, but of those in `without`; returns the folder."""
    folder.mkdir(parents=True)
    for requirement in metadata.requires("anycost-krita") or []:
        name, _, condition = requirement.partition(";")
        name = re.split(r"[^A-Za-z0-9-]", name)[0]
        if not condition and name not in without:
            _empty_wheel(folder, name)
    return folder


def _empty_wheel(folder: Path, name: str) -> None:
    version, module = metadata.version(name).split("+")[0], name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if name == LEAD:
        files["libraries_of_the_tests.pth"] = sysconfig.get_path("purelib") + "\n"
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
