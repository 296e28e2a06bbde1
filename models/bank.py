"""A pack's bank: portraits as they are read, and what each direction does to a head. docs/packs.md has it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from .manifest import PackError
from .safetensors_file import opened_safetensors, read_exactly

POINTS = 468
EXPRESSIONS = 4  # numbers that describe an expression
ZONES = 6  # skin, lips, hair, neck, background, iris
ENDS = 2  # of a direction: low, high
LINES, LINES_SPAN = 320, 1.3  # a side of the lines on a resting face, in texels and in face heights


@dataclass(frozen=True, eq=False)
class Effect:
    """What a direction does at its low and its high end, on a resting head one face's height high."""

    turn: np.ndarray  # [2, 3] rotation vector in radians; 0 for a direction that does not turn the head
    moves: np.ndarray  # [2, 1 + 4, 468, 3] of the points: in the mean, and for each deviation of expression
    gaze: np.ndarray  # [2, 2, 2] of the irises, over the eye's width
    # [2, 6, 2, 3] logarithm of the ratio of light: the mean, and for each deviation of light
    zones: np.ndarray
    after: np.ndarray  # [2, 6, 3] the colour then: logarithms of red, green and blue over their mean
    kept: np.ndarray  # [2, 6] how much of its former colour a zone keeps: of brown that turns grey, little
    shade: np.ndarray  # [2, 468] how much lighter than its zone a point of the skin becomes
    teeth: np.ndarray  # [2] share of the open mouth that shows teeth
    # [2, 2] how many times as far points and irises are moved, so that a mesh reads what was meant
    gain: np.ndarray
    creases: np.ndarray  # [2] how much deeper the skin's own creases become; -1 takes them all
    # [2, LINES, LINES] logarithm of the ratio of light that new lines make on the resting face, seen from the
    # front, where LINES_SPAN face heights are a side; None for a direction that draws none
    lines: np.ndarray | None = None


STILL = Effect(
    turn=np.zeros((2, 3)),
    moves=np.zeros((2, 5, POINTS, 3)),
    gaze=np.zeros((2, 2, 2)),
    zones=np.zeros((2, ZONES, 2, 3)),
    after=np.zeros((2, ZONES, 3)),
    kept=np.ones((2, ZONES)),
    shade=np.zeros((2, POINTS)),
    teeth=np.zeros(2),
    gain=np.ones((2, 2)),
    creases=np.zeros(2),
)  # of a direction that was never measured


@dataclass(frozen=True, eq=False)
class Bank:
    """Portraits of the pack, and the effects of its directions by name."""

    resting: np.ndarray  # [468, 3] the mean head, looking straight out, one face's height high
    expression: np.ndarray  # [2, 4] mean and deviation of the portraits' expressions
    light: np.ndarray  # [2, 6] mean and deviation of the logarithm of light in each zone
    w: np.ndarray  # [K, style_dim] latents of the portraits
    meshes: np.ndarray  # [K, 468, 3] in the unit square
    far: float  # error of the encoder's portrait above which a picture is far from the pack's world
    effects: Mapping[str, Effect]


SHAPES = {
    "turn": (ENDS, 3),
    "moves": (ENDS, 1 + EXPRESSIONS, POINTS, 3),
    "gaze": (ENDS, 2, 2),
    "zones": (ENDS, ZONES, 2, 3),
    "after": (ENDS, ZONES, 3),
    "kept": (ENDS, ZONES),
    "shade": (ENDS, POINTS),
    "teeth": (ENDS,),
    "gain": (ENDS, 2),
    "creases": (ENDS,),
}
LINES_SHAPE = (ENDS, LINES, LINES)
LATER = {"kept", "creases"}  # parts that files of an earlier version do not have
MOST_LINED = 16  # directions of a bank that draw lines: each takes 0.8 MB of memory
BOUNDS = {  # of every value; far beyond what a head can do, but nothing that arithmetic would suffer from
    "resting": (-2.0, 2.0),
    "expression": (-2.0, 2.0),
    "light": (-5.0, 5.0),
    "w": (-100.0, 100.0),
    "meshes": (-4.0, 4.0),
    "far": (0.0, 1.0),
    "turn": (-math.pi, math.pi),
    "moves": (-1.0, 1.0),
    "gaze": (-1.0, 1.0),
    "zones": (-5.0, 5.0),
    "after": (-5.0, 5.0),
    "kept": (0.0, 1.0),
    "shade": (-5.0, 5.0),
    "teeth": (0.0, 1.0),
    "gain": (0.0, 4.0),
    "creases": (-1.0, 1.0),
    "lines": (-2.0, 2.0),
}
DEVIATIONS = ("expression", "light")  # whose second row is divided by
APART = 1e-3  # between any two points of a resting head, or its turn could not be told


def bank_bytes(bank: Bank) -> bytes:
    """A bank as a safetensors file, in half precision."""
    tensors = {
        "resting": bank.resting,
        "expression": bank.expression,
        "light": bank.light,
        "w": bank.w,
        "meshes": bank.meshes,
        "far": np.array([bank.far]),
    }
    for name, effect in bank.effects.items():
        tensors.update({f"{name}/{part}": getattr(effect, part) for part in SHAPES})
        if effect.lines is not None:
            tensors[f"{name}/lines"] = effect.lines
    halves = {key: torch.tensor(np.asarray(value, np.float32)).half() for key, value in tensors.items()}
    return save(halves)


def read_bank(
    path: Path, portraits: int, style_dim: int, directions: tuple[str, ...], sha256: str | None = None
) -> Bank:
    """The bank in a file, float32; PackError when anything in it does not fit, or its hash is another."""
    expected = {
        "resting": (POINTS, 3),
        "expression": (2, EXPRESSIONS),
        "light": (2, ZONES),
        "w": (portraits, style_dim),
        "meshes": (portraits, POINTS, 3),
        "far": (1,),
    }
    for name in directions:
        expected.update({f"{name}/{part}": shape for part, shape in SHAPES.items()})
    with opened_safetensors(path) as file:
        there = set(file.keys())
    lined = [key for key in (f"{name}/lines" for name in directions) if key in there][:MOST_LINED]
    expected.update(dict.fromkeys(lined, LINES_SHAPE))
    earlier = {f"{name}/{part}" for name in directions for part in LATER}
    read = read_exactly(path, expected, sha256, optional=earlier)
    arrays = {key: tensor.numpy() for key, tensor in read.items()}
    for key, array in arrays.items():
        if not sound(key.rpartition("/")[2], array):
            raise PackError(f'"{path}" has values in {key} that fit no head: get the pack again.')
    effects = {
        name: effect_of({part: arrays.get(f"{name}/{part}") for part in (*SHAPES, "lines")})
        for name in directions
    }
    return Bank(
        arrays["resting"],
        arrays["expression"],
        arrays["light"],
        arrays["w"],
        arrays["meshes"],
        float(arrays["far"][0]),
        effects,
    )


def effect_of(parts: Mapping[str, np.ndarray | None]) -> Effect:
    """An effect from its parts, those that are missing or None as of STILL."""
    return replace(STILL, **{part: array for part, array in parts.items() if array is not None})


def sound(part: str, array: np.ndarray) -> bool:
    """Whether values that are numbers are also within reason."""
    low, high = BOUNDS[part]
    if array.min() < low or array.max() > high:
        return False
    if part in DEVIATIONS:
        return bool((array[1] > 0).all())
    if part == "turn":
        return bool((np.linalg.norm(array, axis=1) <= math.pi).all())
    return part != "resting" or _all_apart(array)


def _all_apart(points: np.ndarray) -> bool:
    away = np.linalg.norm(points[:, None] - points[None], axis=2)  # [468, 468]
    np.fill_diagonal(away, np.inf)
    return bool(away.min() > APART)
