"""The real Krita under Xvfb, with the real mouse and the real core. One profile."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest
import skimage.data
from in_krita import harness
from in_krita.setting import make_setting, without_core
from PIL import Image

ABSENT = harness.missing()
REQUIRED = bool(os.environ.get("ANYCOST_REQUIRE_KRITA"))  # continuous integration: fail rather than skip
pytestmark = [
    pytest.mark.krita,
    pytest.mark.skipif(bool(ABSENT) and not REQUIRED, reason=f"apt-get install {' '.join(ABSENT)}"),
]
LIMIT = 1200.0  # seconds for a run before it is ended: a hang, not a benchmark


@pytest.fixture(scope="module")
def setting(tmp_path_factory, tiny_pack):
    assert ABSENT == []
    return make_setting(tmp_path_factory.mktemp("krita"), tiny_pack)


def test_an_artist_s_sitting(setting, tmp_path):
    """The plugin as `anycost plugin install` puts it; at its end Krita's importer takes the zip."""
    outcome = setting.run("editing", tmp_path / "editing", LIMIT)
    assert outcome.problems == []
    assert len(outcome.checks) >= 40


def test_documents_faces_and_layers_of_every_sort(setting, real_data, tmp_path):
    """The plugin as Krita's importer leaves it, and the core as the docker installs it, here and below."""
    bare = without_core(setting, tmp_path, real_data / "anycost" / "weights")
    outcome = bare.run("by_zip", tmp_path / "by_zip", LIMIT)
    assert outcome.problems == []
    assert len(outcome.checks) >= 120


def test_a_photograph_is_edited_and_all_else_stays(setting, face_weights, tmp_path):
    folder = setting.profile.root / "data" / "anycost" / "weights" / "faces"
    shutil.copytree(face_weights, folder)
    photo = tmp_path / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(photo)
    photographs = replace(setting, variables={**setting.variables, "DRIVE_PHOTO": str(photo)})
    outcome = photographs.run("photo", tmp_path / "photo", LIMIT)
    assert outcome.problems == []
    assert len(outcome.checks) >= 16
