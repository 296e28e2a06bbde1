"""The commands that install the core, one after the other. pip is asked for wheels only: nothing is built."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from ...bridge import system
from ..words import mark_tr, tr
from . import install_place
from .install_tools import UV_WANTS, Tool

GB = 1_000_000_000
MB = 1_000_000
NETWORKS = 36 * MB  # bytes that are fetched for the networks that read faces
PYTORCH = "https://download.pytorch.org/whl/"


class TorchBuild(NamedTuple):
    """A build of PyTorch. Sizes are in bytes, rounded up, with all other libraries."""

    words: str  # for the artist, in English
    download: int
    disk: int
    indexes: Dict[str, str]  # by system, where PyPI has another build


KINDS = {
    "cpu": TorchBuild(mark_tr("For any computer"), GB // 2, 17 * GB // 10, {"linux": "cpu"}),
    "cuda": TorchBuild(mark_tr("For an NVIDIA card"), 3 * GB, 7 * GB, {"win32": "cu130"}),
}
# Debian's Python cannot put pip into an environment: this fetches it, and checks it
GET_PIP = """\
import hashlib, subprocess, sys, tempfile, urllib.request
address, sha256 = sys.argv[1:]
data = urllib.request.urlopen(address, timeout=60).read(1 << 24)
if hashlib.sha256(data).hexdigest() != sha256:
    sys.exit("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES: pip")
with tempfile.TemporaryDirectory() as folder:
    wheel = folder + "/" + address.rsplit("/", 1)[1]
    open(wheel, "wb").write(data)
    sys.exit(subprocess.call([sys.executable, wheel + "/pip", "install", "--no-index", wheel]))
"""
PIP = (
    "https://files.pythonhosted.org/packages/07/25/ee8c38ae72d66b844ce8eb9711ba905dba21ca1a8a0c960057c41cd23337/"
    "pip-26.3-py3-none-any.whl",
    "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13",
)
# The libraries that a broken installation lacks
CHECK = "import anycost.core.service.desk, torch, cv2, onnxruntime; print('torch', torch.__version__)"


class InstallStep(NamedTuple):
    words: str  # for the artist
    command: Tuple[str, ...]


def kinds(platform: str = sys.platform) -> List[str]:
    """The builds that there are on this system."""
    return ["cpu"] if platform == "darwin" else list(KINDS)


def size_words(count: int) -> str:
    """Bytes for people, e.g. "1.7 GB" or "36 MB"."""
    return f"{count / GB:.1f} GB" if count >= GB // 10 else f"{count / MB:.0f} MB"


def steps(
    tool: Tool,
    folder: Path,
    wheel: Path,
    kind: str,
    from_folder: Optional[Path] = None,
    platform: str = sys.platform,
) -> List[InstallStep]:
    """All that puts the core into a new environment at `folder`; offline from the wheels in `from_folder`."""
    python = str(system.python_of(folder))
    pip = (python, "-m", "pip")
    found = [InstallStep(tr("Making a Python environment…"), _environment(tool, folder))]
    if from_folder is not None:
        source = ("--no-index", "--find-links", str(from_folder))
        if not tool.has_pip:
            found.append(InstallStep(tr("Getting pip…"), _pip_from(python, from_folder)))
        return [*found, *_install(python, (*pip, "install", "--no-compile", *source, str(wheel)))]
    if not tool.has_pip:
        found.append(InstallStep(tr("Getting pip…"), (python, "-c", GET_PIP, *PIP)))
    found.append(InstallStep(tr("Getting pip…"), (*pip, "install", "--upgrade", *_checked("pip"))))
    found += _downloads(pip, kind, platform)
    source = ("--no-index", "--find-links", str(install_place.wheels(kind)))
    local = ("install", "--no-compile", *source, *_tested(), str(wheel))
    return [*found, *_install(python, (*pip, *local))]


def _downloads(pip: Tuple[str, ...], kind: str, platform: str) -> List[InstallStep]:
    """All libraries, whose files on PyPI are known by their hashes.

    A build of PyTorch that PyPI lacks comes from PyTorch's own index, which says its hashes itself.
    """
    wheels = str(install_place.wheels(kind))
    fetch = (
        *pip,
        "download",
        "--progress-bar",
        "raw",
        "--only-binary",
        ":all:",
        "--no-cache-dir",
        "--no-deps",
    )
    fetch = (*fetch, "--dest", wheels, "--find-links", wheels)
    words, index = tr("Downloading the core's libraries…"), KINDS[kind].indexes.get(platform)
    if index is None:
        return [InstallStep(words, (*fetch, *_checked("libraries"), *_checked("pytorch")))]
    torch = (*fetch, *_tested(), "--index-url", PYTORCH + index, "torch", "torchvision")
    return [
        InstallStep(tr("Downloading PyTorch…"), torch),
        InstallStep(words, (*fetch, *_checked("libraries"))),
    ]


def _checked(what: str) -> Tuple[str, ...]:
    """pip's options for a list that names the hashes of all files."""
    return ("--require-hashes", "--requirement", str(install_place.list_of(what)))


def _tested() -> Tuple[str, ...]:
    return ("--constraint", str(install_place.list_of("versions")))


def networks_step(python: str, from_folder: Optional[Path] = None) -> Optional[InstallStep]:
    """Gets the networks that read faces, which are other people's, for the core of this Python.

    From a folder they come from a wheel of MediaPipe in it, or its folder `faces`; None if it has neither.
    """
    weights = (python, "-m", "anycost", "weights")
    if from_folder is None:
        fetch = (*weights, "get", "--progress", "raw", "faces")
        return InstallStep(tr("Downloading the face networks…"), fetch)
    for source in (*sorted(from_folder.glob("mediapipe-*.whl"), reverse=True), from_folder / "faces"):
        if source.exists():
            return InstallStep(tr("Taking the face networks…"), (*weights, "add", "faces", str(source)))
    return None


def _environment(tool: Tool, folder: Path) -> Tuple[str, ...]:
    if tool.is_uv:
        return (*tool.command, "venv", "--seed", "--python", UV_WANTS, str(folder))
    return (*tool.command, "-I", "-m", "venv", *(() if tool.has_pip else ("--without-pip",)), str(folder))


def _pip_from(python: str, folder: Path) -> Tuple[str, ...]:
    """pip from its own wheel in the folder."""
    found = sorted(folder.glob("pip-*.whl"))
    wheel = str(found[-1]) if found else str(folder / "pip.whl")
    return (python, f"{wheel}/pip", "install", "--no-index", wheel)


def _install(python: str, command: Tuple[str, ...]) -> List[InstallStep]:
    return [
        InstallStep(tr("Installing the core and its libraries…"), command),
        InstallStep(tr("Looking whether the core starts…"), (python, "-c", CHECK)),
    ]
