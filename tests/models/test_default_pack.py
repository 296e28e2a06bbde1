"""The default pack: its rungs draw the same person, its finder and encoder read drawn faces, and its sliders
do what they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import skimage.data
import torch
import torch.nn.functional as F
from torch import Tensor

from anycost.commands.demo import EDITS, SAMPLE
from anycost.commands.portraits_pack import CARD
from anycost.core.editing.carry.zones import ZONES
from anycost.core.editing.session import EditState, Session
from anycost.core.faces.drawings import find_faces
from anycost.core.faces.face_parts import Mask
from anycost.core.faces.onnx_network import OnnxNetwork, to_input
from anycost.core.faces.placement import to_unit
from anycost.core.faces.readers import readers_of
from anycost.core.faces.reading import LEFT_EYE, LIPS_INSIDE, MOUTH_CORNERS, RIGHT_EYE
from anycost.core.files.pictures import read_picture
from anycost.lab.directions.head_sliders import NAMES, is_head_slider
from anycost.lab.directions.sliders import SLIDERS
from anycost.lab.painter import LANDMARKS, STYLE_DIM, paint_z
from anycost.models.bank import Bank, Effect
from anycost.models.generator import truncate
from anycost.models.pack import Pack

pytestmark = pytest.mark.slow
LOW, HIGH = range(2)  # the ends of a direction
SIDE = 64  # px at which pictures are compared
# eyes, nose, corners of the mouth and chin in scikit-image's photograph, as MediaPipe's mesh reads them
ASTRONAUT = np.array([(204, 102), (247, 104), (224, 131), (202, 139), (246, 141), (222, 178)], np.float64)
AROUND = {"eyes": (0.40, 0.52, 0.28, 0.72), "mouth": (0.60, 0.74, 0.36, 0.64)}  # top, bottom, left, right


@pytest.fixture(scope="module")
def pack() -> Pack:
    return Pack.open("portraits")


@pytest.fixture(scope="module")
def latents(pack: Pack) -> Tensor:
    z = torch.randn(12, pack.style_dim, generator=torch.Generator().manual_seed(6))
    with torch.no_grad():
        w = truncate(pack.generator().style(z), torch.tensor(pack.mean_w), 0.7)
    return w[:, None].expand(-1, pack.n_style, -1)  # [N, n_style, D]


def drawn(pack: Pack, w: Tensor, resolution: int = SIDE, channels=None) -> Tensor:
    with torch.no_grad():
        return pack.generator()(w, resolution, channels).clamp(-1, 1)


def psnr(a: Tensor, b: Tensor) -> float:
    return float(10 * torch.log10(4 / (a - b).square().mean()))


def at(picture: Tensor, part: str) -> Tensor:
    top, bottom, left, right = (round(SIDE * v) for v in AROUND[part])
    return picture[..., top:bottom, left:right]


def change(pack: Pack, w: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """The latents drawn at the two ends of a slider."""
    (found,) = (d for d in pack.directions if d.name == name)
    vector = torch.from_numpy(found.vector)
    return drawn(pack, w + found.low * vector), drawn(pack, w + found.high * vector)


def test_what_ships(pack: Pack):
    assert pack.licence == "Apache-2.0"
    assert pack.resolution >= 128
    assert len(pack.ladder) >= 3
    assert len(pack.directions) >= 12
    assert sum(path.stat().st_size for path in pack.folder.iterdir()) < 40 << 20
    assert set(EDITS) <= {d.name for d in pack.directions}
    assert (pack.folder / "MODEL_CARD.md").read_text() == CARD.read_text()


def test_every_slider_says_what_it_touches_and_how(pack: Pack):
    known = {s.attribute: (s.label, s.group, s.parts, s.how) for s in SLIDERS}
    assert {d.name for d in pack.directions if is_head_slider(d)} == NAMES
    for d in (d for d in pack.directions if not is_head_slider(d)):
        assert (d.label, d.group, d.parts, d.how) == known[d.name]
        assert d.parts
        assert d.how


def test_every_rung_draws_the_same_person(pack: Pack, latents: Tensor):
    full = F.interpolate(drawn(pack, latents, pack.resolution), (SIDE, SIDE), mode="area")
    other = full.roll(1, 0)
    for rung in pack.ladder[:-1]:
        rough = drawn(pack, latents, rung.resolution, rung.channels)
        rough = F.interpolate(rough, (SIDE, SIDE), mode="area")
        assert psnr(rough, full) > psnr(rough, other) + 10
        assert psnr(rough, full) > 24


def test_the_generator_draws_the_painters_portraits(pack: Pack):
    z = torch.randn(12, STYLE_DIM, generator=torch.Generator().manual_seed(90_000))
    with torch.no_grad():
        painted = paint_z(z, SIDE).rgb
        w = pack.generator().style(z)[:, None].expand(-1, pack.n_style, -1)
    own = psnr(drawn(pack, w), painted)
    assert own > psnr(drawn(pack, w.roll(1, 0)), painted) + 5
    assert own > 17


def test_the_finder_finds_painted_faces(pack: Pack):
    assert pack.finder_path is not None
    finder = OnnxNetwork(pack.finder_path, "heat")
    z = torch.randn(4, STYLE_DIM, generator=torch.Generator().manual_seed(91_000))
    painted = paint_z(z, 256)
    eyes = painted.landmarks[:, [LANDMARKS.index("left_eye"), LANDMARKS.index("right_eye")]].mean(1)
    mouths = painted.landmarks[:, LANDMARKS.index("mouth")]
    for rgb, eye, mouth in zip(painted.rgb, eyes, mouths, strict=True):
        canvas = np.full((400, 500, 4), 255, np.uint8)
        canvas[100:356, 150:406, :3] = ((rgb.permute(1, 2, 0) + 1) * 127.5).byte().numpy()
        (face,) = find_faces(canvas, finder)
        found_eye = np.mean(face.eyes, axis=0)
        assert np.abs(found_eye - (150 + 256 * eye[0].item(), 100 + 256 * eye[1].item())).max() < 20
        assert (
            np.abs(np.array(face.mouth) - (150 + 256 * mouth[0].item(), 100 + 256 * mouth[1].item())).max()
            < 20
        )
        assert 20 < face.eyes_to_mouth < 80


def test_a_photograph_is_found_and_read_with_nothing_downloaded(pack: Pack):
    photo = skimage.data.astronaut()  # [512, 512, 3]
    rgba = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    readers = readers_of(pack)
    (face,) = readers.read(rgba)
    found = np.array([*face.eyes, face.nose, *face.mouth, face.chin])
    assert np.linalg.norm(found - ASTRONAUT, axis=1).mean() < 0.15 * np.linalg.norm(
        ASTRONAUT[1] - ASTRONAUT[0]
    )
    told = readers.parts(rgba, face)
    assert told is not None
    masks = {name: whole(mask, rgba) for name, mask in told.items()}
    for name, x, y in (("hair", 222, 30), ("skin", 240, 125), ("background", 420, 60)):
        assert masks[name][y, x] > 0.5


def whole(mask: Mask, rgba: np.ndarray) -> np.ndarray:
    """A mask over the whole picture [H, W] 0..1, of its nearest values."""
    y, x = np.mgrid[: rgba.shape[0], : rgba.shape[1]] + 0.5
    at = to_unit(mask.placement, np.stack([x, y], axis=-1)) * len(mask.values)
    column, row = np.clip(at, 0, len(mask.values) - 1).astype(int).transpose(2, 0, 1)
    return mask.values[row, column] / 255


def test_noise_is_not_a_face(pack: Pack):
    assert pack.finder_path is not None
    finder = OnnxNetwork(pack.finder_path, "heat")
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 4)).astype(np.uint8)
    noise[..., 3] = 255
    assert find_faces(noise, finder) == []


def test_the_encoder_reads_a_portrait(pack: Pack, latents: Tensor):
    """An encoded picture is nearer to the original than the mean or any other face is."""
    assert pack.encoder_path is not None
    encoder = OnnxNetwork(pack.encoder_path, "latents")
    pictures = drawn(pack, latents, pack.encoder_size)
    pixels = ((pictures + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    read = torch.stack([torch.from_numpy(encoder(to_input(p))).reshape(latents.shape[1:]) for p in pixels])
    again = drawn(pack, read)
    seen = drawn(pack, latents)
    mean = drawn(pack, torch.tensor(pack.mean_w).expand(1, pack.n_style, -1)).expand_as(seen)
    assert psnr(again, seen) > psnr(mean, seen) + 4
    assert psnr(again, seen) > psnr(again.roll(1, 0), seen) + 4


def test_projection_refines_the_sample(pack: Pack):
    session = Session(pack)
    session.open("sample", read_picture(SAMPLE))
    losses = [step.loss for step in session.project("sample", steps=4)]
    assert losses[-1] < 0.9 * losses[0]  # the encoder starts close
    frames = list(session.render(EditState("sample", 1, {"smile": 1.0}, "full"), lambda: False))
    assert frames[-1].resolution == pack.resolution


def test_glasses_are_at_the_eyes_and_a_smile_at_the_mouth(pack: Pack, latents: Tensor):
    for name, here, there in (("glasses", "eyes", "mouth"), ("smile", "mouth", "eyes")):
        low, high = change(pack, latents, name)
        moved = (high - low).abs()
        assert at(moved, here).mean() > 1.5 * at(moved, there).mean()
        assert at(moved, here).mean() > 2 * moved.mean()


def test_an_open_mouth_smiling_shows_more_light(pack: Pack, latents: Tensor):
    """Teeth: in nearly every face, the mouth's brightest part is brighter at the high end."""
    low, high = change(pack, latents, "smile")
    brighter = at(high, "mouth").mean(1).flatten(1).amax(1) > at(low, "mouth").mean(1).flatten(1).amax(1)
    assert brighter.float().mean() > 0.8


def test_tones_go_the_way_they_say(pack: Pack, latents: Tensor):
    low, high = change(pack, latents, "hair_lightness")
    crown = (slice(None), slice(None), slice(SIDE // 8, SIDE // 4), slice(3 * SIDE // 8, 5 * SIDE // 8))
    assert (high[crown].mean((1, 2, 3)) > low[crown].mean((1, 2, 3))).float().mean() > 0.95
    low, high = change(pack, latents, "skin_tone")  # 1 is deep brown
    assert (at(high, "eyes").mean((1, 2, 3)) < at(low, "eyes").mean((1, 2, 3))).float().mean() > 0.95


def test_a_turned_head_moves_sideways(pack: Pack, latents: Tensor):
    """The framing keeps the eyes in place: a head that looks right has its bulk further left."""
    columns = torch.linspace(-1, 1, SIDE)

    def centre(picture: Tensor) -> Tensor:
        red = (picture[:, 0] - picture[:, 2]).clamp(min=0)[:, SIDE // 3 : 3 * SIDE // 4]  # [N, rows, columns]
        return (red.sum(1) * columns).sum(1) / red.sum((1, 2)).clamp(min=1e-6)

    low, high = change(pack, latents, "turn")
    assert (centre(high) < centre(low)).float().mean() > 0.9


# ---- what its bank knows: y goes down, and the resting head is one face's height high


@pytest.fixture(scope="module")
def bank(pack: Pack) -> Bank:
    assert pack.bank is not None
    return pack.bank


def down(effect: Effect, end: int, points: Sequence[int]) -> float:
    """How far points of the mesh go down, in the mean of the pack's expressions."""
    return float(effect.moves[end, 0, list(points), 1].mean())


def lightness(effect: Effect, end: int, zone: str) -> float:
    """The logarithm of the ratio of light in a zone, in the mean."""
    return float(effect.zones[end, ZONES.index(zone), 0].mean())


def test_its_bank_is_small_and_whole(pack: Pack, bank: Bank):
    assert pack.bank_file is not None
    assert (pack.folder / pack.bank_file).stat().st_size <= 7 << 20
    assert len(bank.w) == pack.bank_portraits >= 200
    assert list(bank.effects) == [d.name for d in pack.directions]
    assert 0.03 < bank.far < 0.2
    assert np.linalg.norm(bank.resting[10] - bank.resting[152]) == pytest.approx(1, abs=0.01)


def test_a_smile_raises_the_corners_of_the_mouth(bank: Bank):
    smile = bank.effects["smile"]
    assert down(smile, HIGH, MOUTH_CORNERS) < -0.015
    assert down(smile, LOW, MOUTH_CORNERS) > 0.015
    assert smile.teeth[HIGH] > 0.3 > 0.1 > smile.teeth[LOW]


def test_an_open_mouth_has_its_lips_apart(bank: Bank):
    upper, lower = LIPS_INSIDE
    opened = bank.effects["mouth_open"]
    assert down(opened, HIGH, [lower]) - down(opened, HIGH, [upper]) > 0.02
    assert down(opened, LOW, [lower]) - down(opened, LOW, [upper]) < -0.005


def test_eyes_open_and_close_by_their_lids(bank: Bank):
    opened = bank.effects["eye_open"]
    for eye in (LEFT_EYE, RIGHT_EYE):
        apart = [down(opened, end, [eye[3]]) - down(opened, end, [eye[2]]) for end in (LOW, HIGH)]
        assert apart[LOW] < -0.02
        assert apart[HIGH] > 0.01


def test_a_turn_goes_by_more_than_ten_degrees_sideways_and_nothing_else_turns(bank: Bank):
    low, high = np.degrees(bank.effects["turn"].turn)
    assert abs(high[1] - low[1]) > 10
    assert np.abs(high - low)[[0, 2]].max() < 5
    assert [name for name, effect in bank.effects.items() if effect.turn.any()] == ["turn"]


def test_skin_gets_darker_at_one_end_and_lighter_at_the_other(bank: Bank):
    tone = bank.effects["skin_tone"]
    assert lightness(tone, HIGH, "skin") < -0.5
    assert lightness(tone, LOW, "skin") > 0.2


def test_hair_gets_lighter_and_skin_does_not(bank: Bank):
    light = bank.effects["hair_lightness"]
    assert lightness(light, HIGH, "hair") > 0.2
    assert lightness(light, LOW, "hair") < -0.2
    assert max(abs(lightness(light, end, "skin")) for end in (LOW, HIGH)) < 0.05


@pytest.mark.parametrize(("name", "zone"), [("lipstick", "lips"), ("eye_colour", "iris"), ("grey", "hair")])
def test_colours_change_where_they_say(bank: Bank, name: str, zone: str):
    effect = bank.effects[name]
    change = np.abs(effect.zones[:, :, 0]).max(axis=(0, 2))  # [6]
    assert change[ZONES.index(zone)] > 2 * np.delete(change, ZONES.index(zone)).max()


def test_movements_are_enlarged_only_where_something_moves(pack: Pack, bank: Bank):
    for d in pack.directions:
        gain = bank.effects[d.name].gain
        assert (gain >= 1).all()
        assert (gain < 2).all()
        assert "moved" in d.how or (gain == 1).all()
