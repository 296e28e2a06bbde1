"""Makes a pack's bank: many of its portraits as they are read, and what each direction does to a head.

The core carries an edit over to a picture with it, so that a drag needs no generator: what moves, what
changes colour, by how much. Movements are those of the resting head (its turn taken out), as a function of
the expression that it wears.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from tqdm import tqdm

from ...core.editing.carry.by_reading import OwnFace, OwnFaces
from ...core.editing.carry.change import gaze_of
from ...core.editing.carry.expression import expression_of
from ...core.editing.carry.picture_parts import DARK, GAMMA
from ...core.editing.carry.solid_head import HeadPose, mean_head, pose_of, rotation_vector
from ...core.editing.carry.zones import ZONES, zone_points
from ...core.editing.carrying import unlike
from ...core.editing.edits import edited
from ...core.faces.attention_mesh import AttentionMesh
from ...core.faces.face_parts import OUTLINES
from ...core.faces.onnx_network import OnnxNetwork, to_input
from ...core.faces.placement import resized
from ...core.rendering.renderer import Renderer
from ...models.bank import STILL, Bank, Effect
from ...models.direction_file import DirectionFile
from ...models.extended_pack import extended
from ...models.pack import Alignment, Direction, Pack, PackError
from .gains import with_gains
from .head_sliders import is_head_slider

UNREAD = 20  # portraits in a row without a face: then the pack draws none that can be read
LEAST_READ = 0.25  # of the judged portraits, whose faces have to be read at the end of a direction
STEADY = 1e-3  # least deviation of an expression: it is divided by
FAR = 2.3  # times what nearly all portraits differ from themselves
TRIED = 12  # portraits on which gains are measured
ADDED_JUDGED = 48  # portraits on which a direction is measured that is added to a pack
PSI = 0.8  # of the portraits, as for the ranges of directions
TURNING = 0.08  # radians: a direction that turns the head by less changes its shape only
RIDGE = 12.0  # portraits' worth of doubt that a movement depends on the expression
ALIKE = 0.02  # logarithm: portraits whose colours differ by less say nothing of what is left of it
UNREADABLE = 0.9  # the slope that is read where nothing changes: colours are read with errors
BLUR = 0.006  # of the square's side, before colours are compared
PLAIN = {"glasses": -0.6, "beard": -0.3, "bangs": -0.3}  # edits that clear the view, where a pack has them


@dataclass(frozen=True)
class ReadPortrait:
    """One drawn portrait: its picture uint8 [R, R, 3] and its face, in the unit square."""

    w: np.ndarray  # [n_style, style_dim]
    rgb: np.ndarray
    face: OwnFace

    @property
    def points(self) -> np.ndarray:
        return self.face.head.mesh  # [468, 3]

    @property
    def irises(self) -> np.ndarray:
        return self.face.head.irises  # [2, 5, 2]


def alignment_of(pack: Pack) -> Alignment:
    """Where the faces of a pack are; PackError for a pack that can have no bank."""
    if pack.alignment is None:
        raise PackError(f'The pack "{pack.title}" draws no faces: a bank needs a pack that does.')
    if not pack.directions:
        raise PackError(f'The pack "{pack.title}" has no directions: add some first (`anycost directions`).')
    return pack.alignment


class Maker:
    """Draws a pack's portraits in full and reads them with the mesh network."""

    def __init__(self, pack: Pack, network: AttentionMesh):
        self.pack = pack
        self._faces = OwnFaces(network, alignment_of(pack))
        self._renderer = Renderer(pack.generator(), pack.ladder)

    def read(self, rgb: np.ndarray, like: OwnFace) -> OwnFace | None:
        """The face in one of its portraits uint8 [R, R, 3], in the same crop as `like`."""
        return self._faces.read(rgb, like)

    def draw(self, w: np.ndarray) -> np.ndarray:
        rgb = self._renderer.render(w, self.pack.ladder[-1], lambda: False)
        assert rgb is not None  # nothing stops it
        return rgb

    def portrait(self, w: np.ndarray, like: ReadPortrait | None = None) -> ReadPortrait | None:
        """A latent drawn and read; None where no face is believed. It is read in the same crop as `like`."""
        rgb = self.draw(w)
        face = self._faces.read(rgb, like.face if like else None)
        return None if face is None else ReadPortrait(w, rgb, face)

    def portraits(self, count: int, seed: int = 11) -> Iterator[ReadPortrait]:
        """`count` portraits of the pack's world, without what hides a face.

        PackError when no face is read in many of them in a row.
        """
        pack, unread = self.pack, 0
        plain = {d.name: max(PLAIN[d.name], d.low) for d in pack.directions if d.name in PLAIN}
        noise = torch.Generator().manual_seed(seed)
        while count:
            with torch.inference_mode():
                w = pack.generator().style(torch.randn(1, pack.style_dim, generator=noise))[0].numpy()
            w = np.tile(pack.mean_w + PSI * (w - pack.mean_w), (pack.n_style, 1)).astype(np.float32)
            found = self.portrait(edited(w, plain, pack))
            if found is not None:
                count, unread = count - 1, 0
                yield found
                continue
            unread += 1
            if unread == UNREAD:
                raise PackError(
                    f'In {UNREAD} portraits of the pack "{pack.title}" no face was read: '
                    'check "alignment" in its pack.json, or train its generator further.'
                )


def make_bank(maker: Maker, portraits: int, judged: int) -> Bank:
    """The bank of a pack: `portraits` latents, and each direction's effect on the first `judged` of them.

    Sliders for which no generator draws (head_sliders.py) are left out. PackError where too few of its
    portraits can be read.
    """
    faces = list(tqdm(maker.portraits(portraits), total=portraits, desc="portraits", unit="portrait"))
    resting = mean_head(np.stack([face.points for face in faces]))
    expressions = expression_of(
        np.stack([pose_of(face.points, resting).resting(face.points) for face in faces])
    )  # [K, 4]
    spread = np.stack([expressions.mean(axis=0), np.maximum(expressions.std(axis=0), STEADY)])  # [2, 4]
    standard = np.clip((expressions - spread[0]) / spread[1], -2.5, 2.5)
    lights = np.stack([_zones(face).mean(axis=1) for face in faces])  # [K, 6]
    light = np.stack([np.median(lights, axis=0), np.maximum(lights.std(axis=0), 0.1)])
    directions = [direction for direction in maker.pack.directions if not is_head_slider(direction)]
    effects = {}
    for direction in tqdm(directions, desc="directions", unit="direction"):
        effects[direction.name] = _effect(maker, faces[:judged], standard[:judged], resting, light, direction)
    made = Bank(
        resting,
        spread,
        light,
        np.stack([face.w[0] for face in faces]),
        np.stack([face.points for face in faces]),
        far=_far(maker, faces),
        effects=effects,
    )
    tried = [(face.rgb, face.face) for face in faces[:TRIED]]
    return with_gains(made, directions, tried, maker.read)


def effect_of_added(pack: Pack, direction: Direction, network: AttentionMesh) -> Effect:
    """What a direction that somebody made for a pack does to a head, measured as the pack's own bank was.

    PackError where the pack has no bank, or too few of its portraits can be read with the direction.
    """
    bank = pack.bank
    if bank is None:
        raise PackError(f'The pack "{pack.title}" has no bank: without one there is nothing to measure by.')
    maker = Maker(extended(pack, [DirectionFile(direction, effect=STILL)]), network)
    faces = list(tqdm(maker.portraits(ADDED_JUDGED), total=ADDED_JUDGED, desc="portraits", unit="portrait"))
    resting, (mean, deviation) = bank.resting, bank.expression
    expressions = expression_of(
        np.stack([pose_of(face.points, resting).resting(face.points) for face in faces])
    )
    standard = np.clip((expressions - mean) / deviation, -2.5, 2.5)
    effect = _effect(maker, faces, standard, resting, bank.light, direction)
    alone = replace(bank, effects={direction.name: effect})
    tried = [(face.rgb, face.face) for face in faces[:TRIED]]
    return with_gains(alone, [direction], tried, maker.read).effects[direction.name]


def _effect(
    maker: Maker,
    faces: Sequence[ReadPortrait],
    standard: np.ndarray,
    resting: np.ndarray,
    light: np.ndarray,
    direction: Direction,
) -> Effect:
    """A direction's effect, whose gains are still 1."""
    ends = [
        _end(maker, faces, standard, resting, light, direction, value)
        for value in (direction.low, direction.high)
    ]
    parts = {key: np.stack([end[key] for end in ends]) for key in ends[0]}
    return Effect(**parts, gain=np.ones((2, 2)), creases=np.zeros(2))


def _far(maker: Maker, faces: Sequence[ReadPortrait]) -> float:
    """How unlike its encoded portrait a picture of the pack's world may be; 1 without an encoder."""
    path = maker.pack.encoder_path
    if path is None:
        return 1.0
    encoder = OnnxNetwork(path, "latents")
    side = maker.pack.encoder_size
    found = [unlike(face.rgb, maker.draw(encoder(to_input(resized(face.rgb, side))))) for face in faces]
    return min(1.0, FAR * float(np.quantile(found, 0.95)))


def _end(
    maker: Maker,
    faces: Sequence[ReadPortrait],
    standard: np.ndarray,
    resting: np.ndarray,
    light: np.ndarray,
    direction: Direction,
    value: float,
) -> dict[str, np.ndarray]:
    """One end of a direction's range: the fields of an Effect without their first axis."""
    pairs = []
    for number, face in enumerate(faces):
        after = maker.portrait(edited(face.w, {direction.name: value}, maker.pack), face)
        if after is not None:
            pairs.append((face, after, standard[number]))
    if len(pairs) < LEAST_READ * len(faces):
        raise PackError(
            f'With "{direction.label}" at {value:g}, hardly a face of the pack is read: '
            "narrow its range in pack.json."
        )
    poses = [(pose_of(a.points, resting), pose_of(b.points, resting)) for a, b, _ in pairs]
    turns = np.stack([rotation_vector(then.rotation @ now.rotation.T) for now, then in poses])
    turn = np.median(turns, axis=0)
    if np.linalg.norm(turn) < TURNING:
        turn = np.zeros(3)
    moves = [
        _moves(a, b, now, then if turn.any() else now)
        for (a, b, _), (now, then) in zip(pairs, poses, strict=True)
    ]
    before, after = (np.stack([_zones(pair[k]) for pair in pairs]) for k in (0, 1))  # [K, 6, 3]
    lightness = np.clip((before.mean(axis=2) - light[0]) / light[1], -2, 2)  # [K, 6]
    zones = [_by_expression((after - before)[:, z], lightness[:, z, None]) for z in range(len(ZONES))]
    return {
        "turn": turn,
        "moves": _by_expression(np.stack(moves), np.stack([numbers for *_, numbers in pairs])),
        "gaze": np.median([gaze_of(b.face.head) - gaze_of(a.face.head) for a, b, _ in pairs], axis=0),
        "zones": np.stack(zones),
        "after": np.median(_hues(after), axis=0),
        "kept": np.array([_kept(_hues(before)[:, z], _hues(after)[:, z]) for z in range(len(ZONES))]),
        "shade": np.median([_shade(a, b) for a, b, _ in pairs], axis=0),
        "teeth": np.array(np.median([_teeth(b) for _, b, _ in pairs])),
    }


def _moves(a: ReadPortrait, b: ReadPortrait, before: HeadPose, after: HeadPose) -> np.ndarray:
    """How the points of the resting head moved, [468, 3]. Where the head turned, its turn is taken out."""
    return after.resting(b.points) - before.resting(a.points)


def _by_expression(values: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Ridge regression of values [K, ...] on standardised numbers [K, n]: [1 + n, ...], the mean first."""
    flat = values.reshape(len(values), -1)
    off = np.linalg.norm(flat - np.median(flat, axis=0), axis=1)
    kept = off <= 3 * np.median(off) + 1e-9  # not those that were misread
    x = np.column_stack([np.ones(kept.sum()), numbers[kept]])  # [K, 1 + n]
    doubt = RIDGE * np.diag([0.0] + [1.0] * numbers.shape[1])
    slopes = np.linalg.solve(x.T @ x + doubt, x.T @ flat[kept])
    return slopes.reshape(-1, *values.shape[1:])


def _hues(logarithms: np.ndarray) -> np.ndarray:
    """Logarithms of light [..., 3] less their means."""
    return logarithms - logarithms.mean(axis=-1, keepdims=True)


def _kept(before: np.ndarray, after: np.ndarray) -> float:
    """How much of the difference in colour between portraits is left, 0..1, of hues [K, 3]: the slope of what
    they have after the edit on what they had before. All of it, where they do not differ."""
    x, y = (hues - np.median(hues, axis=0) for hues in (before, after))
    if np.abs(x).mean() < ALIKE:
        return 1.0
    return float(np.clip((x * y).sum() / (x**2).sum() / UNREADABLE, 0, 1))


def _teeth(face: ReadPortrait) -> float:
    """The share of the open mouth that is about as bright as the skin around it."""
    side = len(face.rgb)
    mask = np.zeros((side, side), np.uint8)
    inside = face.points[list(OUTLINES["mouth inside"]), :2] * side
    cv2.fillPoly(mask, [np.round(inside).astype(np.int32)], 1)
    light = face.rgb.mean(axis=2)
    skin = np.median(_sampled(face.rgb, face.points[[50, 280, 205, 425], :2]).mean(axis=1))
    return float((light[mask > 0] > 0.9 * skin).mean()) if mask.any() else 0.0


def _zones(face: ReadPortrait) -> np.ndarray:
    """Logarithms of light in each zone, [6, 3]."""
    light, points = _light(face.rgb), zone_points(face.points, face.irises)
    return np.stack([np.median(_log(_sampled(light, points[zone])), axis=0) for zone in ZONES])


def _shade(a: ReadPortrait, b: ReadPortrait) -> np.ndarray:
    """How the light at the points of the mesh changed, less how the skin's did in the middle, [468]."""
    before, after = (_log(_sampled(_light(face.rgb), face.points[:, :2])).mean(axis=1) for face in (a, b))
    return after - before - np.median(after - before)


def _light(rgb: np.ndarray) -> np.ndarray:
    """Linear light 0..1, a little blurred."""
    linear = (rgb.astype(np.float32) / 255) ** GAMMA
    return cv2.GaussianBlur(linear, (0, 0), BLUR * len(rgb))


def _log(light: np.ndarray) -> np.ndarray:
    return np.log(light + DARK)


def _sampled(picture: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Bilinear samples [n, 3] of a square [S, S, 3] at unit coordinates [n, 2]."""
    at = (unit * len(picture) - 0.5).astype(np.float32)[None]
    return cv2.remap(
        picture.astype(np.float32), at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )[0]
