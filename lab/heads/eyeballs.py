from __future__ import annotations
import torch
import torch.nn.functional as F
from torch import Tensor
from .head_mesh import RIGHT_EYE
from .people import People
from .visible import MeshHits

IRIS = 0.44  # of the eyeball's radius


def eye_matter(people: People, hits: MeshHits, group: Tensor, place: Tensor):
    side = (group == RIGHT_EYE).long()
    centre = people.eyes[hits.picture, side]
    normal = F.normalize(place - centre, dim=1)
    across = (1 - (normal * people.gaze[hits.picture, side]).sum(1).clamp(0, 1).square()).sqrt()
    iris = across < IRIS
    colour = torch.where(
        iris[:, None], place.new_tensor([0.06, 0.04, 0.03]), place.new_tensor([0.6, 0.56, 0.53])
    )
    colour = torch.where((across < 0.17)[:, None], place.new_tensor([0.005, 0.005, 0.005]), colour)
    return colour, iris, normal
