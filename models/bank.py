"""A pack's bank: portraits as they are read, and what each direction does to a head. docs/packs.md has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from .manifest import PackError
from .safetensors_file import read_exactly

POINTS = 468
EXPRESSIONS = 4  # numbers that describe an expression
ZONES = 6  # skin, lips, hair, neck, background, iris
ENDS = 2  # of a direction: low, high


@dataclass(frozen=True, eq=False)
class Effect:
    """What a direction does at its low and its high end, on a resting head one face's height high."""

    turn: np.ndarray  # [2, 3] rotation vector in radians; 0 for a direction that does not turn the head
    moves: np.ndarray  # [2, 1 + 4, 468, 3] of the points: in the mean, and for each deviation of expression
    gaze: np.ndarray  # [2, 2, 2] of the irises, over the eye's width
    zones: (
        np.ndarray
    )  # [2, 6, 2, 3] logarithm of the ratio of light: the mean, and for each deviation of light
    after: np.ndarray  # [2, 6, 3] the colour then: logarithms of red, green and blue over their mean
    shade: np.ndarray  # [2, 468] how much lighter than its zone a point of the skin becomes
    teeth: np.ndarray  # [2] share of the open mouth that shows teeth


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
    "shade": (ENDS, POINTS),
    "teeth": (ENDS,),
}


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
    halves = {key: torch.tensor(np.asarray(value, np.float32)).half() for key, value in tensors.items()}
    return save(halves)


def read_bank(path: Path, portraits: int, style_dim: int, directions: tuple[str, ...]) -> Bank:
    """The bank in a file, float32; PackError when anything in it does not fit."""
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
    arrays = {key: tensor.numpy() for key, tensor in read_exactly(path, expected).items()}
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise PackError(f'"{path}" has values that are not numbers: get the pack again.')
    effects = {name: Effect(**{part: arrays[f"{name}/{part}"] for part in SHAPES}) for name in directions}
    return Bank(
        arrays["resting"],
        arrays["expression"],
        arrays["light"],
        arrays["w"],
        arrays["meshes"],
        float(arrays["far"][0]),
        effects,
    )
