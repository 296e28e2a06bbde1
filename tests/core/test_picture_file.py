"""What an edited picture file keeps: every bit that the edit leaves alone, and what the file says."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from colour_profiles import camera, grey, swapped_rgb
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, JpegImagePlugin, PngImagePlugin

from anycost.bridge.messages import Layer
from anycost.core.errors import CoreError
from anycost.core.files.picture_file import PictureFile
from anycost.core.files.pictures import read_picture

SIZE = (24, 18)  # width and height of most pictures here
BOX = (6, 5, 8, 7)  # x, y, width and height of most layers
RED = (200, 40, 30, 255)


def values(image: Image.Image) -> np.ndarray:
    return np.asarray(image).reshape(image.height, image.width, -1)


def noise(mode: str, size: tuple[int, int] = SIZE, seed: int = 0) -> Image.Image:
    """A picture of any values in one of Pillow's modes."""
    dice = np.random.default_rng(seed)
    width, height = size
    if mode == "I;16":
        return Image.fromarray(dice.integers(0, 65536, (height, width), np.uint16))
    if mode == "1":
        return Image.fromarray(dice.integers(0, 2, (height, width), np.uint8) * 255).convert("1")
    bands = {"P": 1, "L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}[mode]
    image = Image.frombytes(mode, size, dice.bytes(width * height * bands))
    if mode == "P":
        image.putpalette(dice.bytes(768))
    return image


def plain(colour: tuple[int, int, int, int] = RED, box: tuple[int, int, int, int] = BOX) -> Layer:
    x, y, width, height = box
    return Layer(x, y, width, height, bytes(colour) * (width * height))


def inside(box: tuple[int, int, int, int] = BOX) -> tuple[slice, slice]:
    x, y, width, height = box
    return np.s_[y : y + height, x : x + width]


def edited(
    image: Image.Image, layer: Layer | None, source: Path, target: str = "out.png", **options: Any
) -> Image.Image:
    """The image saved to `source`, and the same file with the layer over it, read by Pillow."""
    image.save(source, **options)
    PictureFile.read(source).write(source.parent / target, layer)
    out = Image.open(source.parent / target)
    out.load()
    return out


# Pixels


@given(st.data())
def test_what_a_layer_leaves_alone_keeps_its_bits(tmp_path: Path, data: st.DataObject):
    mode, written = data.draw(
        st.sampled_from(
            [
                ("1", "L"),
                ("L", "L"),
                ("LA", "LA"),
                ("I;16", "I;16"),
                ("P", "RGB"),
                ("RGB", "RGB"),
                ("RGBA", "RGBA"),
            ]
        )
    )
    width, height = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    w, h = data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y))
    pixels = np.random.default_rng(1).integers(0, 256, (h, w, 4), np.uint8)
    pixels[..., 3] *= np.random.default_rng(2).integers(0, 2, (h, w), np.uint8)
    format_ = data.draw(st.sampled_from(["a.png", "a.tif"]))
    image = noise(mode, (width, height), seed=width)
    out = edited(image, Layer(x, y, w, h, pixels.tobytes()), tmp_path / format_)
    assert out.mode == written or not pixels[..., 3].any()  # a layer that changes nothing copies the file
    kept = np.ones((height, width), bool)
    kept[y : y + h, x : x + w] = pixels[..., 3] == 0
    shown = image.convert(out.mode) if mode != out.mode else image
    assert np.array_equal(values(out)[kept], values(shown)[kept])


@pytest.mark.parametrize("mode", ["L", "LA", "I;16", "RGB", "RGBA"])
@pytest.mark.parametrize("profile", ["none", "own"])
def test_a_layer_that_shows_the_picture_itself_changes_nothing(tmp_path: Path, mode: str, profile: str):
    own = swapped_rgb() if mode.startswith("RGB") else grey(1.5)
    options: dict[str, Any] = {} if profile == "none" else {"icc_profile": own}
    image = noise(mode)
    image.save(tmp_path / "a.png", **options)
    rgba = read_picture(tmp_path / "a.png")
    out = edited(image, Layer(0, 0, *SIZE, rgba.tobytes()), tmp_path / "a.png", **options)
    assert np.array_equal(values(out), values(image))


def test_a_colour_profile_stays_and_the_layer_is_brought_into_it(tmp_path: Path):
    image = noise("RGB")
    out = edited(image, plain(), tmp_path / "a.png", icc_profile=swapped_rgb())
    assert out.info["icc_profile"] == swapped_rgb()
    assert np.abs(values(out)[inside()].astype(int) - (40, 200, 30)).max() <= 3
    assert np.abs(read_picture(tmp_path / "out.png")[inside()].astype(int) - RED).max() <= 3
    different = (values(out) != values(image)).any(axis=-1)
    different[inside()] = False
    assert not different.any()


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_stays_grey_in_its_profile(tmp_path: Path, mode: str):
    """RED gives 0.145 of white's light."""
    image = noise(mode)
    if mode == "LA":
        image.putalpha(255)
    out = edited(image, plain(), tmp_path / "a.png", icc_profile=grey(1))
    assert out.mode == mode
    assert out.info["icc_profile"] == grey(1)
    drawn = values(out)[inside()][..., 0] // (257 if mode == "I;16" else 1)
    assert np.abs(drawn.astype(int) - 37).max() <= 2
    seen = read_picture(tmp_path / "out.png")[inside()]
    assert np.ptp(seen[..., :3].astype(int), axis=-1).max() <= 1


def test_a_profile_without_a_way_back_is_left(tmp_path: Path):
    image = noise("RGB")
    out = edited(image, plain(), tmp_path / "a.png", icc_profile=camera())
    assert "icc_profile" not in out.info
    shown = read_picture(tmp_path / "a.png")
    assert np.abs(shown[..., :3].astype(int) - values(image)).mean() > 20  # the profile is followed
    shown[inside()] = RED
    assert np.array_equal(values(out), shown[..., :3])


def test_a_damaged_profile_is_kept_as_it_is(tmp_path: Path):
    out = edited(noise("RGB"), plain(), tmp_path / "a.png", icc_profile=b"no profile")
    assert out.info["icc_profile"] == b"no profile"
    assert (values(out)[inside()] == RED[:3]).all()


def test_16_bits_of_grey_keep_their_steps_under_a_faint_layer(tmp_path: Path):
    """A layer one level of 8 bits brighter: a ramp of 16 bits stays a ramp."""
    ramp = np.arange(20_000, 20_000 + 24 * 18, dtype=np.uint16).reshape(18, 24)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    rgba = read_picture(tmp_path / "a.png")
    rgba[..., :3] += 1
    out = edited(Image.fromarray(ramp), Layer(0, 0, *SIZE, rgba.tobytes()), tmp_path / "a.png")
    assert np.array_equal(values(out)[..., 0], ramp + 257)


def test_a_layer_covers_by_its_alpha(tmp_path: Path):
    out = edited(Image.new("RGB", SIZE, (100, 100, 100)), plain((200, 0, 100, 51)), tmp_path / "a.png")
    assert (values(out)[inside()] == (120, 80, 100)).all()


def test_a_see_through_picture_stays_as_see_through(tmp_path: Path):
    """A layer is as transparent as its picture, so half of 128 is half."""
    picture = Image.new("RGBA", SIZE, (100, 100, 100, 128))
    out = edited(picture, plain((200, 0, 100, 64)), tmp_path / "a.png")
    assert (values(out)[inside()] == (150, 50, 100, 128)).all()


def test_a_palette_with_a_transparent_colour(tmp_path: Path):
    image = Image.new("P", SIZE, 1)
    image.putpalette([1, 2, 3, 40, 50, 60])
    image.putpixel((0, 0), 0)
    out = edited(image, plain(), tmp_path / "a.png", transparency=0)
    assert out.mode == "RGBA"
    assert out.getpixel((0, 0)) == (1, 2, 3, 0)
    assert out.getpixel((1, 0)) == (40, 50, 60, 255)
    assert out.getpixel(BOX[:2]) == RED


def test_floating_point_grey_becomes_16_bits(tmp_path: Path):
    ramp = np.linspace(0, 1, 24 * 18, dtype=np.float32).reshape(18, 24)
    out = edited(Image.fromarray(ramp), plain(), tmp_path / "a.tif")
    assert out.mode == "I;16"
    steps = np.rint(ramp * 65535)
    steps[inside()] = values(out)[inside()][..., 0]
    assert np.array_equal(values(out)[..., 0], steps)


# Other formats


@pytest.mark.parametrize(("mode", "sampling"), [("L", 0), ("RGB", 0), ("RGB", 1), ("RGB", 2), ("CMYK", 0)])
def test_a_jpeg_is_compressed_as_it_was(tmp_path: Path, mode: str, sampling: int):
    smooth = noise(mode, (8, 6)).resize((160, 120), Image.Resampling.BICUBIC)
    options: dict[str, Any] = {"quality": 60, "subsampling": sampling, "comment": b"mine", "dpi": (300, 300)}
    smooth.save(tmp_path / "a.jpg", **options)
    with Image.open(tmp_path / "a.jpg") as before:
        out = edited(smooth, plain(), tmp_path / "a.jpg", "out.jpg", **options)
        assert isinstance(before, JpegImagePlugin.JpegImageFile)
        assert isinstance(out, JpegImagePlugin.JpegImageFile)
        assert out.mode == mode
        assert out.quantization == before.quantization
        assert JpegImagePlugin.get_sampling(out) == JpegImagePlugin.get_sampling(before)
        assert (out.info["comment"], out.info["dpi"]) == (b"mine", (300, 300))
        far = np.abs(values(out).astype(int) - values(before))[:, 48:]
        assert far.mean() < 0.25
    assert np.abs(read_picture(tmp_path / "out.jpg")[inside()].astype(int) - RED).mean() < 70


def test_a_jpeg_turned_upright_turns_its_tables(tmp_path: Path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    smooth = noise("RGB", (8, 6)).resize((160, 128), Image.Resampling.BICUBIC)
    options: dict[str, Any] = {"quality": 30, "subsampling": 2, "exif": exif, "dpi": (300, 150)}
    out = edited(smooth, plain(), tmp_path / "a.jpg", "out.jpg", **options)
    assert isinstance(out, JpegImagePlugin.JpegImageFile)
    assert out.size == (128, 160)
    assert out.info["dpi"] == (150, 300)
    assert out.getexif()[ExifTags.Base.Orientation] == 1
    before = read_picture(tmp_path / "a.jpg")[..., :3]
    assert np.abs(values(out).astype(int) - before)[32:].mean() < 0.25


def test_a_jpeg_with_more_pictures_behind_it_is_a_jpeg(tmp_path: Path):
    first = Image.new("RGB", SIZE, (90, 120, 150))
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[Image.new("RGB", SIZE)])
    PictureFile.read(tmp_path / "a.jpg").write(tmp_path / "same.jpg", None)
    assert (tmp_path / "same.jpg").read_bytes() == (tmp_path / "a.jpg").read_bytes()
    PictureFile.read(tmp_path / "a.jpg").write(tmp_path / "out.jpg", plain())
    assert np.abs(read_picture(tmp_path / "out.jpg")[0, -1].astype(int) - (90, 120, 150, 255)).max() <= 3


def test_cmyk_becomes_rgb_where_the_format_has_none(tmp_path: Path):
    out = edited(noise("CMYK"), plain(), tmp_path / "a.tif")
    assert out.mode == "RGB"
    shown = read_picture(tmp_path / "a.tif")
    shown[inside()] = RED
    assert np.array_equal(values(out), shown[..., :3])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("profile", ["none", "own"])
def test_a_webp_shows_what_the_file_showed(tmp_path: Path, mode: str, profile: str):
    own = grey(1.5) if mode in ("1", "L", "LA", "I;16") else swapped_rgb()
    options: dict[str, Any] = {} if profile == "none" else {"icc_profile": own}
    image = noise(mode)
    image.save(tmp_path / "a.png", **options)
    before = read_picture(tmp_path / "a.png")
    edited(image, plain(RED, (0, 0, 2, 2)), tmp_path / "a.png", "out.webp", **options)
    after = read_picture(tmp_path / "out.webp")
    assert np.array_equal(after[2:], before[2:])
    if mode not in ("P", "RGB", "RGBA"):
        assert np.ptp(after[:2, :2, :3].astype(int), axis=-1).max() <= 1


def test_a_jpeg_of_a_see_through_picture_lies_on_white(tmp_path: Path):
    out = edited(Image.new("LA", SIZE, (0, 0)), plain(), tmp_path / "a.png", "out.jpg")
    assert out.mode == "L"
    assert values(out)[0, -1, 0] > 250


def test_too_large_for_the_format(tmp_path: Path):
    Image.new("L", (16_384, 1)).save(tmp_path / "a.png")
    with pytest.raises(CoreError, match=r"write a PNG\.$"):
        PictureFile.read(tmp_path / "a.png").write(tmp_path / "out.webp", None)


# What the file says


def told() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "A. Painter"
    exif[ExifTags.Base.Orientation] = 1
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.DateTimeOriginal: "2024:05:06 07:08:09"}
    return exif


@pytest.mark.parametrize("source", ["a.png", "a.jpg", "a.webp", "a.tif"])
@pytest.mark.parametrize("target", ["out.png", "out.jpg", "out.webp"])
def test_exif_and_resolution_stay(tmp_path: Path, source: str, target: str):
    out = edited(noise("RGB"), plain(), tmp_path / source, target, exif=told().tobytes(), dpi=(300, 150))
    exif = out.getexif()
    assert exif[ExifTags.Base.Artist] == "A. Painter"
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2024:05:06 07:08:09"
    assert ExifTags.Base.StripOffsets not in exif
    if "webp" not in source + target:
        assert out.info["dpi"] == pytest.approx((300, 150), abs=0.1)


@pytest.mark.parametrize("orientation", [*range(1, 9)])
def test_the_picture_is_upright_and_says_so(tmp_path: Path, orientation: int):
    exif = told()
    exif[ExifTags.Base.Orientation] = orientation
    out = edited(noise("RGB"), plain(), tmp_path / "a.png", exif=exif)
    assert out.getexif()[ExifTags.Base.Orientation] == 1
    before = read_picture(tmp_path / "a.png")
    before[inside()] = RED
    assert np.array_equal(values(out), before[..., :3])


def test_a_cameras_small_picture_of_the_old_face_is_left_out(tmp_path: Path):
    head, ifd = b"Exif\0\0II*\0", b"\1\0" + struct.pack("<HHII", 0x0100, 4, 1, 77) + bytes(4)
    first = b"\1\0" + struct.pack("<HHII", 0x0112, 3, 1, 1) + struct.pack("<I", 26)
    data = head + struct.pack("<I", 8) + first + ifd
    out = edited(noise("RGB"), plain(), tmp_path / "a.jpg", "out.jpg", exif=data)
    with Image.open(tmp_path / "a.jpg") as before:
        assert before.getexif().get_ifd(ExifTags.IFD.IFD1)[ExifTags.Base.ImageWidth] == 77
    assert out.getexif()[ExifTags.Base.Orientation] == 1
    assert not out.getexif().get_ifd(ExifTags.IFD.IFD1)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0rubbish",
        b"Exif\0\0II*\0\x08\0\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(40),
    ],
)
def test_damaged_exif_data_is_left_out(tmp_path: Path, exif: bytes):
    out = edited(noise("RGB"), plain(), tmp_path / "a.jpg", "out.png", exif=exif)
    assert not out.getexif()
    assert (values(out)[inside()] == RED[:3]).all()


@given(st.binary(max_size=200))
def test_any_exif_data_is_kept_or_left_out(tmp_path: Path, rest: bytes):
    out = edited(noise("RGB"), plain(), tmp_path / "a.jpg", "out.png", exif=b"Exif\0\0II*\0\x08\0\0\0" + rest)
    assert set(out.size) == set(SIZE)


def test_exif_data_too_long_for_a_jpeg_are_left_out(tmp_path: Path):
    exif = told()
    exif[ExifTags.Base.ImageDescription] = "x" * 70_000
    out = edited(noise("RGB"), plain(), tmp_path / "a.png", "out.jpg", exif=exif)
    assert not out.getexif()


def test_no_resolution_is_made_up(tmp_path: Path):
    assert "dpi" not in edited(noise("RGB"), plain(), tmp_path / "a.tif").info


XMP = b"""<rdf:Description tiff:Orientation="6" dc:rights="mine \xc3\xa9"/>"""


@pytest.mark.parametrize("source", ["a.png", "a.jpg", "a.webp", "a.tif"])
@pytest.mark.parametrize("target", ["out.png", "out.jpg", "out.webp"])
def test_xmp_stays_and_says_upright(tmp_path: Path, source: str, target: str):
    options: dict[str, Any] = {"xmp": XMP}
    if source == "a.png":
        options = {"pnginfo": PngImagePlugin.PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode())
    if source == "a.tif":
        options = {"tiffinfo": {700: XMP}}
    out = edited(noise("RGB"), plain(), tmp_path / source, target, **options)
    upright = [XMP.replace(b"6", b"1"), XMP.replace(b'tiff:Orientation="6"', b"")]
    assert out.info["xmp"] in upright


def test_xmp_that_cannot_be_kept_is_left_out(tmp_path: Path):
    out = edited(noise("RGB"), plain(), tmp_path / "a.webp", "out.png", xmp=b"\xff\xfe")
    assert "xmp" not in out.info
    out = edited(noise("RGB"), plain(), tmp_path / "a.webp", "out.jpg", xmp=b" " * 70_000)
    assert "xmp" not in out.info


def test_the_texts_of_a_png_stay(tmp_path: Path):
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "Élise")
    info.add_text("Comment", "long " * 999, zip=True)
    info.add_itxt("Author", "Ω", "el", "Συγγραφέας")
    out = edited(noise("RGB"), plain(), tmp_path / "a.png", pnginfo=info)
    assert isinstance(out, PngImagePlugin.PngImageFile)
    assert out.text == {"Title": "Élise", "Comment": "long " * 999, "Author": "Ω"}
    author = out.text["Author"]
    assert isinstance(author, PngImagePlugin.iTXt)
    assert (author.lang, author.tkey) == ("el", "Συγγραφέας")


# Nothing to change


CLEAR = plain((200, 40, 30, 0))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
@pytest.mark.parametrize("layer", [None, CLEAR])
def test_without_a_change_the_file_is_copied(tmp_path: Path, name: str, layer: Layer | None):
    exif = told()
    exif[ExifTags.Base.Orientation] = 3
    target = f"out{Path(name).suffix}"
    edited(noise("RGB"), layer, tmp_path / name, target, exif=exif, quality=70)
    assert (tmp_path / target).read_bytes() == (tmp_path / name).read_bytes()


def test_a_file_may_be_written_onto_itself(tmp_path: Path):
    image = noise("LA")
    assert np.array_equal(values(edited(image, None, tmp_path / "a.png", "a.png")), values(image))
    assert values(edited(image, plain(), tmp_path / "a.png", "a.png")).shape == values(image).shape


def test_the_ending_does_not_tell_what_a_file_is(tmp_path: Path):
    noise("RGB").save(tmp_path / "a.png", "JPEG")
    PictureFile.read(tmp_path / "a.png").write(tmp_path / "out.png", None)
    with Image.open(tmp_path / "out.png") as out:
        assert out.format == "PNG"


def test_without_a_change_another_format_has_the_same_pixels(tmp_path: Path):
    image = noise("I;16")
    out = edited(image, None, tmp_path / "a.tif", dpi=(120, 120))
    assert np.array_equal(values(out), values(image))
    assert out.info["dpi"] == pytest.approx((120, 120), abs=0.1)
