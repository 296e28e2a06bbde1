"""Anycost's published attribute predictor as the network that judges pictures while directions are fitted.

It is a ResNet-50 with two outputs for each of CelebA's 40 attributes. A pack cannot hold it: packs' networks
are small, and their maps measure how different pictures look.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...core.errors import CoreError
from ...models.features import Features
from ...models.importing.encoders import read_predictor
from ...models.importing.kinds import ModelFile
from ...models.importing.resnet import SIDE, ResNet
from ...models.importing.unpickle import Refused

# fmt: off
CELEBA = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips",
    "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby", "Double_Chin",
    "Eyeglasses", "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open",
    "Mustache", "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline",
    "Rosy_Cheeks", "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat",
    "Wearing_Lipstick", "Wearing_Necklace", "Wearing_Necktie", "Young",
)
# fmt: on


class AttributePredictor(Features):
    """Reads the probability of each attribute, 0 to 1. Its maps are two early ones, which tell natural
    pictures, and what it reads, [N, 40, 1, 1]."""

    def __init__(self, network: ResNet):
        nn.Module.__init__(self)  # it has none of the stages
        self.network, self.side, self.names = network, SIDE, CELEBA
        self.attributes = nn.Identity()
        self.register_buffer("mean", torch.zeros(len(CELEBA)))
        self.register_buffer("deviation", torch.ones(len(CELEBA)))

    def maps(self, picture: Tensor) -> list[Tensor]:
        """picture [N, 3, R, R] in -1..1, resampled to 256 px as the predictor was trained on."""
        picture = F.interpolate(picture, (SIDE, SIDE), mode="bilinear", align_corners=True)
        first, second, _, last = self.network.maps(picture)
        pairs = self.network.read(last).unflatten(1, (-1, 2))  # [N, 40, 2]: without, with
        return [first, second, pairs.softmax(2)[..., 1, None, None]]


def load_predictor(path: Path) -> AttributePredictor:
    """The predictor in a published file; CoreError or PackError when there is none in it."""
    file = ModelFile.open(path)
    try:
        return AttributePredictor(read_predictor(file))
    except Refused as reason:
        raise CoreError("bad-value", f'"{path}" {reason}.') from None
