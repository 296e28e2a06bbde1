"""What a run in Krita is given: a profile with the installed plugin, a pack, a picture, the zip.

ANYCOST_KRITA_PACK and ANYCOST_KRITA_PICTURE name others than the defaults: the pack that ships, or an
untrained one that takes any picture for a face.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from slow_pack import keep_times, make_slow_pack
from tiny_wheels import make_wheels

from anycost.commands.core_wheel import ROOT
from anycost.commands.plugin_install import install
from anycost.commands.plugin_package import package
from anycost.models.pack import Pack

from .harness import Outcome, Profile

SHIPPED = ROOT / "models" / "packs" / "portraits"
SAMPLE = ROOT / "commands" / "sample" / "portrait.png"


@dataclass
class Setting:
    """One profile and what its runs share."""

    profile: Profile
    variables: dict[str, str]

    def run(self, scenario: str, out: Path, limit: float) -> Outcome:
        return self.profile.run(scenario, out, self.variables, limit)


def make_setting(folder: Path, tiny_pack: Path) -> Setting:
    """Installs the plugin into a new profile below `folder`, as the artist does."""
    profile = Profile(folder / "profile")
    slow_pack = make_slow_pack(folder / "slow")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in profile.variables().items():
            patch.setenv(name, value)
        install()
        keep_times(Pack.open(slow_pack))
    variables = {
        "ANYCOST_PACK": str(chosen_pack(folder, tiny_pack)),
        "DRIVE_SLOW_PACK": str(slow_pack),
        "DRIVE_PICTURE": str(chosen_picture(folder)),
        "DRIVE_ZIP": str(package(folder / "anycost.zip")),
    }
    return Setting(profile, variables)


def without_core(setting: Setting, folder: Path, weights: Path) -> Setting:
    """From now on the profile is one where somebody has imported the zip and done nothing else. `weights` may
    have the face networks in a folder `faces`."""
    importer = Path("/usr/share/krita/pykrita/plugin_importer/plugin_importer.py")
    resources = setting.profile.resources
    subprocess.run(
        ["/usr/bin/python3", importer, setting.variables["DRIVE_ZIP"], resources],
        check=True,
        capture_output=True,
    )
    (setting.profile.root / "config" / "anycost" / "core.json").unlink()
    wheels = make_wheels(folder / "Räder für Krita")
    variables = {**setting.variables, "DRIVE_WHEELS": str(wheels)}
    if (weights / "faces").is_dir():
        variables["DRIVE_FACES"] = str(weights)
    return replace(setting, variables=variables)


def chosen_pack(folder: Path, tiny_pack: Path) -> Path:
    given = os.environ.get("ANYCOST_KRITA_PACK")
    if given:
        return Path(given)
    return SHIPPED if (SHIPPED / "pack.json").exists() else without_finder(tiny_pack, folder / "tiny")


def chosen_picture(folder: Path) -> Path:
    given = os.environ.get("ANYCOST_KRITA_PICTURE")
    if given:
        return Path(given)
    return SAMPLE if SAMPLE.exists() else _gradients(folder / "gradients.png")


def without_finder(pack: Path, folder: Path) -> Path:
    """A copy of a pack that takes the whole picture for the face."""
    shutil.copytree(pack, folder)
    manifest = json.loads((folder / "pack.json").read_text())
    manifest["finder"] = manifest["alignment"] = None
    del manifest["files"]["finder.onnx"]
    (folder / "finder.onnx").unlink()
    (folder / "pack.json").write_text(json.dumps(manifest))
    return folder


def _gradients(path: Path) -> Path:
    y, x = np.mgrid[0:400, 0:320]
    rgb = np.stack([x % 256, y % 256, (x * y // 300) % 256], axis=-1).astype(np.uint8)  # [400, 320, 3]
    Image.fromarray(rgb).save(path)
    return path
