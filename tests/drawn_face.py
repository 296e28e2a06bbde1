"""A face that can be found without a trained network: coloured dots, and finders that see colours."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnx.parser

from anycost.bridge.messages import Placement
from anycost.models.manifest import Alignment

ALIGNMENT = Alignment(eyes=(0.5, 0.46), mouth=(0.5, 0.66))
DOTS = np.array([[0.4, 0.46], [0.6, 0.46], [0.5, 0.66]])  # left eye, right eye, mouth in the unit square

COLOUR_FINDER = """
<ir_version: 8, opset_import: ["": 17]>
colours (float[1, 3, height, width] picture) => (float[1, 3, rows, columns] heat) {
    red, green, blue = Split <axis = 1> (picture)
    not_red = Max (green, blue)
    not_green = Max (red, blue)
    not_blue = Max (red, green)
    others = Concat <axis = 1> (not_red, not_green, not_blue)
    purity = Sub (picture, others)
    some = Relu (purity)
    half = Constant <value_float = 0.5> ()
    unit = Mul (some, half)
    heat = AveragePool <kernel_shape = [4, 4], strides = [4, 4]> (unit)
}
"""


def portrait(placement: Placement, width: int, height: int) -> np.ndarray:
    """A grey picture with a red left eye, a green right eye and a blue mouth, each a soft dot: [height,
    width, 4].
    """
    y, x = np.mgrid[:height, :width] + 0.5
    unit = np.stack(placement.to_unit(x, y), axis=-1)
    rgba = np.full((height, width, 4), 255, np.uint8)
    rgba[..., :3] = 40
    for channel, dot in enumerate(DOTS):
        distance = np.hypot(*np.moveaxis(unit - dot, -1, 0))
        rgba[..., channel] = np.maximum(rgba[..., channel], 255 * np.exp(-((distance / 0.04) ** 2)))
    return rgba


def colour_finder(picture: np.ndarray) -> np.ndarray:
    """Replaces the finder network on a portrait(): heat [3, H/4, W/4] is how pure each colour is."""
    rgb = (picture[0] + 1) / 2
    purity = np.clip(rgb - np.maximum(np.roll(rgb, 1, 0), np.roll(rgb, -1, 0)), 0, 1)
    return purity.reshape(3, rgb.shape[1] // 4, 4, rgb.shape[2] // 4, 4).mean(axis=(2, 4))


def with_colour_finder(pack: Path, folder: Path) -> Path:
    """A copy of a pack in `folder` whose finder sees a portrait() as a face."""
    shutil.copytree(pack, folder)
    finder = folder / "finder.onnx"
    onnx.save(onnx.parser.parse_model(COLOUR_FINDER), str(finder))
    manifest = json.loads((folder / "pack.json").read_text())
    manifest["files"][finder.name] = hashlib.sha256(finder.read_bytes()).hexdigest()
    manifest["alignment"] = {"eyes": list(ALIGNMENT.eyes), "mouth": list(ALIGNMENT.mouth)}
    (folder / "pack.json").write_text(json.dumps(manifest))
    return folder
