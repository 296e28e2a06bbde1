"""TIFF files of many depths and layouts: each shows the picture that was put into it."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from anycost.core.errors import CoreError
from anycost.core.files.decoding import opened

WIDTH, HEIGHT = 40, 33
TYPES = {"u1": 255, "u2": 65535, "u4": 2**32 - 1, "i2": 32767, "f2": 1, "f4": 1, "f8": 1}  # and their white


def written(
    path: Path, values: np.ndarray, *, order: str = "<", planes: bool = False, tile: int = 0, rows: int = 7,
    packed: bool = False, white: int | None = None, alpha: int = 2,
) -> Path:  # fmt: skip
    """A TIFF of [H, W, S] with 1 to 4 samples, an even number of which ends with alpha."""
    height, width, samples = values.shape
    values = values.astype(f"{order}{values.dtype.str[1:]}")
    parts = [values[..., k : k + 1] for k in range(samples)] if planes else [values]
    if tile:
        corners = [(y, x) for y in range(0, height, tile) for x in range(0, width, tile)]
        pad = ((0, -height % tile), (0, -width % tile), (0, 0))
        parts = [np.pad(part, pad, mode="edge") for part in parts]
        chunks = [part[y : y + tile, x : x + tile] for part in parts for y, x in corners]
    else:
        chunks = [part[y : y + rows] for part in parts for y in range(0, height, rows)]
    pack = zlib.compress if packed else bytes
    data = [pack(np.ascontiguousarray(chunk).tobytes()) for chunk in chunks]
    starts = 8 + np.cumsum([0, *map(len, data)])
    depth, form = values.dtype.itemsize * 8, {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    photometric = (2 if samples > 2 else 1) if white is None else white
    where = ([322, 4, [tile]], [323, 4, [tile]], [324, 4, starts[:-1]], [325, 4, list(map(len, data))])
    strips = ([273, 4, starts[:-1]], [278, 4, [rows]], [279, 4, list(map(len, data))])
    tags = [
        *([256, 4, [width]], [257, 4, [height]], [258, 3, [depth] * samples], [259, 3, [8 if packed else 1]]),
        *([262, 3, [photometric]], [277, 3, [samples]], [284, 3, [1 + planes]], [339, 3, [form] * samples]),
        *(where if tile else strips),
    ]
    tags += [[338, 3, [alpha]]] if samples in (2, 4) else []
    tags.sort()
    end = int(starts[-1])
    rest, directory = b"", struct.pack(f"{order}H", len(tags))
    for tag, kind, numbers in tags:
        form_ = order + {3: "H", 4: "I"}[kind] * len(numbers)
        content = struct.pack(form_, *map(int, numbers))
        if len(content) > 4:
            place = end + 2 + 12 * len(tags) + 4 + len(rest)
            rest += content
            content = struct.pack(f"{order}I", place)
        directory += struct.pack(f"{order}HHI", tag, kind, len(numbers)) + content.ljust(4, b"\0")
    magic = b"II*\0" if order == "<" else b"MM\0*"
    head = magic + struct.pack(f"{order}I", end)
    path.write_bytes(head + b"".join(data) + directory + bytes(4) + rest)
    return path


def read(path: Path) -> np.ndarray:
    with opened(path, "a.tif") as picture:
        picture.load()
        return picture.srgb()


def ramps(samples: int) -> np.ndarray:
    """Values from 0 to 1, each sample its own way: [H, W, S]."""
    ramp = np.linspace(0, 1, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH)
    return np.stack([ramp, ramp[::-1], ramp[:, ::-1] / 2, 1 - ramp / 2][:samples], -1)


def shown_as(values: np.ndarray) -> np.ndarray:
    """What those should look like: [H, W, 4]."""
    samples = values.shape[-1]
    colours = values[..., : 3 if samples > 2 else 1]
    alpha = values[..., -1:] if samples in (2, 4) else np.ones_like(values[..., :1])
    return np.concatenate([np.broadcast_to(colours, (*values.shape[:2], 3)), alpha], -1) * 255


@given(st.data())
def test_every_depth_and_layout_shows_the_same_picture(tmp_path: Path, data: st.DataObject):
    kind = data.draw(st.sampled_from(sorted(TYPES)))
    values = ramps(data.draw(st.integers(1, 4)))
    stored = (values * TYPES[kind]).astype(kind)
    path = written(
        tmp_path / "a.tif",
        stored,
        order=data.draw(st.sampled_from("<>")),
        planes=data.draw(st.booleans()),
        tile=data.draw(st.sampled_from([0, 16])),
        rows=data.draw(st.sampled_from([1, 7, 40])),
        packed=data.draw(st.booleans()),
    )
    assert np.abs(read(path) - shown_as(values)).max() <= 1


@pytest.mark.parametrize("kind", ["u2", "f4"])
def test_a_white_of_zero_is_turned_over(tmp_path: Path, kind: str):
    values = ramps(1)
    path = written(tmp_path / "a.tif", (values * TYPES[kind]).astype(kind), white=0)
    assert np.abs(read(path) - shown_as(1 - values)).max() <= 1


def test_colours_that_were_multiplied_by_their_alpha_are_divided(tmp_path: Path):
    values = ramps(4)
    values[..., :3] *= values[..., 3:]
    path = written(tmp_path / "a.tif", values.astype("f4"), alpha=1)
    assert np.abs(read(path) - shown_as(ramps(4))).max() <= 1


@pytest.mark.parametrize(
    ("compression", "predictor"),
    [("packbits", 1), ("tiff_lzw", 1), ("tiff_lzw", 2), ("tiff_adobe_deflate", 2)],
)
def test_compressed_16_bit_grey(tmp_path: Path, compression: str, predictor: int):
    steps = (ramps(1)[..., 0] * 65535).astype(np.uint16)
    Image.fromarray(steps).save(tmp_path / "a.tif", compression=compression, tiffinfo={317: predictor})
    with opened(tmp_path / "a.tif", "a.tif") as picture:
        assert np.array_equal(np.asarray(picture.image), steps)


@pytest.mark.parametrize("predictor", [1, 3])
def test_compressed_floating_point(tmp_path: Path, predictor: int):
    values = ramps(1)[..., 0].astype(np.float32)
    options = {"compression": "tiff_lzw", "tiffinfo": {317: predictor}}
    Image.fromarray(values).save(tmp_path / "a.tif", **options)
    with opened(tmp_path / "a.tif", "a.tif") as picture:
        assert np.array_equal(np.asarray(picture.image), values)


def test_floating_point_colours_end_at_their_white_and_odd_values_at_black(tmp_path: Path):
    values = ramps(3).astype("f4")
    before = read(written(tmp_path / "a.tif", values))
    values[0, 0], values[0, 1] = np.nan, 1000
    after = read(written(tmp_path / "a.tif", values))
    assert after[0, :2, :3].tolist() == [[0, 0, 0], [255, 255, 255]]
    assert np.array_equal(after[1:], before[1:])


@settings(max_examples=40)
@given(st.integers(0, 4000), st.integers(0, 255))
def test_a_changed_byte_gives_a_picture_or_a_sentence(tmp_path: Path, place: int, byte: int):
    path = written(tmp_path / "a.tif", (ramps(2) * 65535).astype("u2"), packed=True)
    data = bytearray(path.read_bytes())
    data[-1 - place % len(data)] = byte
    path.write_bytes(data)
    with suppress(CoreError):  # and nothing else
        assert read(path).shape[-1] == 4


def test_a_cut_off_one_says_so(tmp_path: Path):
    path = written(tmp_path / "a.tif", (ramps(1) * 65535).astype("u2"))
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<HHI", 273, 4, 5))
    (list_at,) = struct.unpack_from("<I", data, at + 8)
    struct.pack_into("<I", data, list_at + 16, 1 << 30)  # the last strip lies behind the end
    path.write_bytes(data)
    with pytest.raises(CoreError, match="is damaged, cut off or of a rare kind"):
        read(path)
