"""From the controls to an expression: how much of which of the 52 face units.

The units' Left and Right are the person's own, so their Right is the viewer's left.
"""

from __future__ import annotations

import torch
from torch import Tensor

SIDES = {"left": "Right", "right": "Left"}  # the viewer's, and the units' ending


def unit_amounts(controls: dict[str, Tensor], details: Tensor) -> dict[str, Tensor]:
    """How much [N] of each target "unit/..." makes the expression."""
    amounts: dict[str, Tensor] = {}

    def add(unit: str, value: Tensor) -> None:
        amounts[f"unit/{unit}"] = amounts.get(f"unit/{unit}", 0) + value

    def both(unit: str, value: Tensor) -> None:
        add(f"{unit}Left", value)
        add(f"{unit}Right", value)

    smile, sad = controls["smile"].clamp(min=0), (-controls["smile"]).clamp(min=0)
    shown = controls["teeth"] * smile
    jaw = controls["mouth_open"]
    both("mouthSmile", 0.9 * smile)
    both("cheekSquint", 0.5 * smile)
    both("mouthUpperUp", 0.5 * shown)
    both("mouthLowerDown", 0.35 * shown)
    both("mouthFrown", 0.6 * sad)
    add("jawOpen", 0.65 * jaw + 0.1 * shown)
    add("mouthPucker", 0.8 * controls["pucker"])
    both("mouthPress", 0.8 * controls["press"])
    aside = controls["mouth_sideways"]
    add("mouthLeft", 0.6 * aside.clamp(min=0))
    add("mouthRight", 0.6 * (-aside).clamp(min=0))
    both("noseSneer", 0.8 * controls["sneer"])
    add("cheekPuff", 0.8 * controls["cheek_puff"])
    add("tongueOut", 0.8 * controls["tongue"])
    frown = controls["brow_frown"]
    both("browDown", 0.8 * frown.clamp(min=0))
    add("browInnerUp", 0.8 * (-frown).clamp(min=0))
    for index, (side, unit) in enumerate(SIDES.items()):
        raised = controls[f"brow_{side}"]
        add(f"browOuterUp{unit}", 0.8 * raised.clamp(min=0))
        add("browInnerUp", 0.3 * raised.clamp(min=0))
        add(f"browDown{unit}", 0.6 * (-raised).clamp(min=0))
        add(f"eyeBlink{unit}", shut_share(controls, details)[:, index])
        add(f"eyeWide{unit}", 0.7 * controls[f"eye_open_{side}"].clamp(min=0))
        add(f"eyeSquint{unit}", 0.5 * controls["squint"] + 0.2 * smile)
    return amounts


def shut_share(controls: dict[str, Tensor], details: Tensor) -> Tensor:
    """How far each eye is shut, [N, 2] of 0..1."""
    wink = controls["wink"]
    left = torch.sigmoid(20 * details[:, 0])  # which eye winks
    shares = []
    for side, winks in (("left", left), ("right", 1 - left)):
        open_ = (1 - (-controls[f"eye_open_{side}"]).clamp(0, 1)) * (1 - controls["eyes_shut"])
        shares.append(1 - open_ * (1 - wink * winks))
    return torch.stack(shares, dim=1)
