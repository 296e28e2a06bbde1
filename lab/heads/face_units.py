"""From the controls to an expression: how much of which of the 52 face units.

The units' Left and Right are the person's own, so their Right is the viewer's left.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .lids import openings
from .shapes import years_of

# how high the edges of resting lids lie around the eyeball: the upper one covers a little of the iris
LID_RESTS = math.radians(-22), math.radians(18.5)
EVEN = 0.6  # how much alike all eyes are open
GAZE = (math.radians(30), math.radians(22))  # at the controls' ends

SIDES = {"left": "Right", "right": "Left"}  # the viewer's, and the units' ending


def unit_amounts(controls: dict[str, Tensor], details: Tensor) -> dict[str, Tensor]:
    """How much [N] of each target "unit/..." makes the expression."""
    amounts = _Amounts()
    _mouth(amounts, controls, details)
    _eyes(amounts, controls, details)
    return amounts.of


class _Amounts:
    """Amounts [N] by target; what is added several times adds up."""

    def __init__(self) -> None:
        self.of: dict[str, Tensor] = {}

    def add(self, unit: str, value: Tensor) -> None:
        name = f"unit/{unit}"
        self.of[name] = self.of[name] + value if name in self.of else value

    def both(self, unit: str, value: Tensor, lean: Tensor | float = 0.0) -> None:
        """The same on both sides, or more on the viewer's right where `lean` is above 0."""
        self.add(f"{unit}Left", value * (1 + lean))
        self.add(f"{unit}Right", value * (1 - lean))


def _mouth(amounts: _Amounts, controls: dict[str, Tensor], details: Tensor) -> None:
    smile, sad = controls["smile"].clamp(min=0), (-controls["smile"]).clamp(min=0)
    shown, jaw, pucker = teeth_shown(controls), controls["mouth_open"], controls["pucker"]
    tongue, press, sneer = controls["tongue"], controls["press"], controls["sneer"]
    lean = 0.12 * torch.tanh(details[:, 2])  # nobody smiles quite evenly
    amounts.both("mouthSmile", 0.95 * smile * (1 - 0.3 * pucker), lean)
    amounts.both("mouthDimple", 0.25 * smile)
    amounts.both("cheekSquint", 0.75 * smile + 0.25 * controls["squint"] * (1 - smile), lean)
    amounts.both("mouthUpperUp", 0.75 * shown + 0.35 * sneer, lean)
    amounts.both("mouthLowerDown", 0.4 * shown)
    amounts.both("mouthFrown", 0.75 * sad, lean)
    amounts.add("mouthShrugLower", 0.3 * sad)
    amounts.add("jawOpen", 0.95 * jaw + 0.12 * shown + 0.4 * tongue)
    amounts.add("mouthPucker", pucker * (1 - 0.5 * jaw))
    amounts.add("mouthFunnel", (0.4 + 0.6 * jaw) * pucker)
    amounts.both("mouthPress", 0.6 * press)
    for lip in ("Upper", "Lower"):
        amounts.add(f"mouthRoll{lip}", 0.5 * press * (1 - jaw))
    aside = controls["mouth_sideways"]
    for way, value in (("Left", aside), ("Right", -aside)):
        amounts.add(f"mouth{way}", 0.65 * value.clamp(min=0))
        amounts.add(f"jaw{way}", 0.25 * value.clamp(min=0))
    amounts.both("noseSneer", sneer + 0.15 * smile, lean)
    amounts.add("cheekPuff", 1.1 * controls["cheek_puff"] * (1 - jaw))
    amounts.add("tongueOut", tongue)


def _eyes(amounts: _Amounts, controls: dict[str, Tensor], details: Tensor) -> None:
    frown = controls["brow_frown"]
    amounts.both("browDown", 0.9 * frown.clamp(min=0))
    amounts.both("noseSneer", 0.2 * frown.clamp(min=0))
    amounts.add("browInnerUp", 1.1 * (-frown).clamp(min=0))
    smile = controls["smile"].clamp(min=0)
    for side, (name, unit) in enumerate(SIDES.items()):
        raised = controls[f"brow_{name}"]
        amounts.add(f"browOuterUp{unit}", raised.clamp(min=0))
        amounts.add("browInnerUp", 0.35 * raised.clamp(min=0))
        amounts.add(f"browDown{unit}", 0.6 * (-raised).clamp(min=0))
        open_ = eye_open(controls, details, side)
        amounts.add(f"eyeWide{unit}", 0.6 * open_.clamp(min=0))
        amounts.add(f"eyeBlink{unit}", 0.85 * (-open_).clamp(min=0))
        amounts.add(f"eyeSquint{unit}", 0.6 * controls["squint"] + 0.2 * smile * (1 - controls["squint"]))


def lids_wanted(
    controls: dict[str, Tensor], details: Tensor, side: int, gaze: Tensor, eye: tuple[Tensor, Tensor]
) -> Tensor:
    """How far one eye's lids are open, [N, 2] lower and upper: see lids.openings.

    side: 0 the viewer's left; gaze: [N, 3] of this eye in the head; eye: [N] each, how high the lower and the
    upper edge of its shape lie, radians.
    """
    smile = controls["smile"].clamp(min=0)
    squint = (controls["squint"] + 0.35 * smile + 0.3 * controls["wink"]).clamp(max=1.2)
    old = ((years_of(controls) - 45) / 40).clamp(0, 1)
    resting = LID_RESTS[1] - math.radians(3.5) * old + math.radians(1.5) * torch.tanh(details[:, 1])
    rest = torch.lerp(eye[0], torch.full_like(resting, LID_RESTS[0]), EVEN), torch.lerp(eye[1], resting, EVEN)
    return openings(eye_open(controls, details, side), eye, rest, squint, torch.asin(gaze[:, 1]))


def eye_open(controls: dict[str, Tensor], details: Tensor, side: int) -> Tensor:
    """How far an eye is open, [N] of -1 (shut) to 1 (wide), with winks."""
    winks = torch.sigmoid(20 * (details[:, 0] if side else -details[:, 0]))  # one of the two
    open_ = controls["eye_open_right" if side else "eye_open_left"]
    shut = 1 - (1 - controls["eyes_shut"]) * (1 - controls["wink"] * winks)
    return open_ - (1 + open_) * shut


def teeth_shown(controls: dict[str, Tensor]) -> Tensor:
    """How far a smile parts the lips, [N] of 0..1."""
    return controls["teeth"] * controls["smile"].clamp(min=0)


def gaze_of(controls: dict[str, Tensor]) -> Tensor:
    """Where the eyes look, unit vectors [N, 2, 3] in the head's own space."""
    return eye_turns(controls)[..., 2]


def eye_turns(controls: dict[str, Tensor]) -> Tensor:
    """How the eyeballs are turned in the head, rotations [N, 2, 3, 3]: aside, then up."""
    x, y = GAZE[0] * controls["gaze_x"], GAZE[1] * controls["gaze_y"]
    zero = torch.zeros_like(x)
    right = torch.stack([torch.cos(x), zero, -torch.sin(x)], dim=1)
    ahead = torch.stack([torch.sin(x) * torch.cos(y), torch.sin(y), torch.cos(x) * torch.cos(y)], dim=1)
    turned = torch.stack([right, torch.linalg.cross(ahead, right), ahead], dim=2)  # [N, 3, 3]
    return turned[:, None].expand(-1, 2, -1, -1)


def mouth_opened(controls: dict[str, Tensor]) -> Tensor:
    """0 where the lips are meant to touch, 1 where they are apart, [N]."""
    apart = controls["mouth_open"] + teeth_shown(controls) + controls["tongue"] + 0.3 * controls["sneer"]
    return 1 - torch.exp(-((apart / 0.12) ** 2))
