"""Hair: a mass behind the head, a cap and locks in front of it, strands, bands of shine and the hairline.

Curls, waves and strands keep their places in the picture; controls fade one field of them into another, so
that a generator can learn each one. It would blur whatever several controls move at once.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ..smooth_step import smooth
from . import head
from .canvas import Area, blank
from .pose import Pose, Tints
from .shapes import bump, cover, mix, nowhere, ramp, rgb, soft_max

_BROWN = [(78, 49, 35), (92, 58, 38), (136, 88, 50), (190, 140, 80), (236, 204, 138)]
_RED = [(88, 38, 24), (120, 48, 26), (176, 78, 34), (212, 116, 54), (240, 166, 100)]
_CURLS = (17.0, 30.0)  # radians per picture width, of large and small curls
_PARTINGS = (-0.05, 0.05)  # x from which strands fall, relative to the picture's middle
_CROWN = 0.09  # y from which they fall


def hair_colour(p: "dict[str, Tensor]") -> Tensor:
    """[N, 3, 1, 1]: red tints brown and fair hair, black and grey override both; all have lighter shades."""
    red = p["hair_red"].unsqueeze(1)
    colour = mix(
        ramp(p["hair_lightness"], _BROWN), ramp(p["hair_lightness"], _RED), (red.clamp(min=0.0)) ** 1.5
    )
    colour = colour * torch.cat(
        [1.0 + 0.0 * red, 1.0 + 0.04 * (-red).clamp(min=0), 1.0 + 0.16 * (-red).clamp(min=0)], 1
    )
    jet, soft = rgb(24, 20, 26, like=red), rgb(60, 54, 60, like=red)
    colour = mix(colour, mix(jet, soft, p["hair_lightness"].unsqueeze(1)), p["black_hair"].unsqueeze(1))
    silver = mix(rgb(150, 148, 152, like=red), rgb(222, 220, 218, like=red), p["hair_lightness"].unsqueeze(1))
    iron = mix(rgb(84, 84, 90, like=red), rgb(128, 127, 132, like=red), p["hair_lightness"].unsqueeze(1))
    silver = mix(silver, iron, p["black_hair"].unsqueeze(1))  # greying black hair stays darker
    return mix(colour, silver, p["grey"].unsqueeze(1))


class Fields(NamedTuple):
    """The textures of hair at one picture size, each about -1..1."""

    sway: "tuple[Tensor, Tensor]"  # sideways sway of large and small waves, [1, R, 1]
    curls: "tuple[Tensor, Tensor]"  # large and small, on the outline, [1, R, R]
    ringlets: "tuple[Tensor, Tensor]"  # light and dark, large and small, [1, R, R]
    straight: "tuple[Tensor, Tensor]"  # strands from either parting, [1, R, R]
    waved: "tuple[Tensor, Tensor]"  # the same strands with waves, [1, R, R]
    tufts: Tensor  # on a short cut's outline, [1, R, R]


@lru_cache(maxsize=4)
def fields(resolution: int, device: str) -> Fields:
    canvas = blank(1, resolution, device)
    x, y = canvas.x - 0.5, canvas.y
    sway = [torch.sin(frequency * y) for frequency in _CURLS]
    shifted = [x, x + 0.014 * sway[0] * smooth(0.25, 0.60, y)]  # straight, waved
    straight, waved = (
        [_strands(across, y, parting, canvas.pixel) for parting in _PARTINGS] for across in shifted
    )
    angle = torch.atan2(x, 0.53 - y)
    return Fields(
        _pair(sway),
        _pair([_curls(x, y, frequency) for frequency in _CURLS]),
        _pair([_ringlets(x, y, frequency) for frequency in _CURLS]),
        _pair(straight),
        _pair(waved),
        torch.sin(angle * 11.0 + 1.0) + 0.6 * torch.sin(angle * 19.0),
    )


def _pair(fields: "list[Tensor]") -> "tuple[Tensor, Tensor]":
    return fields[0], fields[1]


def _curls(x: Tensor, y: Tensor, frequency: float) -> Tensor:
    across = torch.sin(frequency * 1.9 * x + 1.0 + 2.0 * torch.sin(9.0 * y))
    large = across * torch.sin(frequency * 1.7 * y + 2.0 * torch.sin(8.0 * x))
    small = torch.sin(frequency * 4.1 * x + 2.0 * large) * torch.sin(frequency * 3.7 * y + 1.0)
    return 0.7 * large + 0.3 * small


def _fall(x: Tensor, y: Tensor, parting: float) -> "tuple[Tensor, Tensor]":
    """Depth below the crown, and a number that is constant along each strand, [1, R, R]."""
    drop = (y - _CROWN).clamp(min=0.0)
    root = parting * (1.0 - smooth(0.0, 0.5, drop))
    return drop, (x - root) / (0.10 + drop.clamp(max=0.42))


def _strands(x: Tensor, y: Tensor, parting: float, pixel: float) -> Tensor:
    drop, strand = _fall(x, y, parting)

    def seen(frequency: float) -> Tensor:
        """Share of strands this fine that pixels can show; the rest would flicker."""
        return smooth(2.4, 0.9, frequency * pixel / (0.10 + drop.clamp(max=0.42)))

    locks = torch.sin(strand * 13.0 + 1.3 + 1.5 * drop)
    strands = torch.sin(strand * 37.0 + 2.0 * locks)
    fine = torch.sin(strand * 83.0 + 3.0 * strands)
    return 0.45 * locks + 0.33 * seen(37.0) * strands + 0.22 * seen(83.0) * fine


def _ringlets(x: Tensor, y: Tensor, frequency: float) -> Tensor:
    _, strand = _fall(x, y, 0.0)
    turns = torch.sin(frequency * 2.3 * y + 2.4 * torch.sin(strand * 9.0 + 6.0 * y))
    coils = torch.sin(strand * 21.0 + 1.6 * turns + 1.2 * torch.sin(frequency * 0.9 * y))
    return 0.55 * turns + 0.45 * turns * coils + 0.2 * coils


class Hair:
    """The hair's shape on the canvas."""

    def __init__(self, area: Area, pose: Pose) -> None:
        p = pose.p
        self.area, self.pose = area, pose
        self.fields = fields(area.x.numel(), str(area.x.device))
        self.curl = smooth(0.62, 0.12, p["straight_hair"])
        self.wave = smooth(0.92, 0.45, p["straight_hair"])
        self.fine = smooth(0.6, -0.6, p["curl_size"])  # 1 for small curls
        volume = 0.5 + 0.5 * p["hair_volume"]
        thick = (0.022 + 0.042 * volume + 0.040 * self.curl) * (1.0 - 0.85 * p["bald"])
        length = p["hair_length"] * (1.0 - 0.85 * p["bald"])
        self.long = smooth(0.30, 0.50, length)
        self.end = 0.50 + 0.10 * smooth(0.15, 0.4, length) + 0.62 * (length - 0.25).clamp(min=0.0)  # lowest y
        self.middle_x = pose.x + 0.10 * pose.shift
        self.middle_y = pose.eye_y + pose.middle_b - 0.005
        self.half = pose.width + thick
        quiff = (0.3 + 0.7 * p["sweep"]).clamp(min=0.0) * (1.0 - self.long) * (1.0 - p["bald"])
        above = thick * 1.15 + 0.026 * quiff
        self.height = pose.skull_height + above * (1.0 - 0.8 * p["hat"])  # flat under a hat
        y = area.y
        fall = smooth(0.30, 0.75, y) * self.long + 0.25
        sway = self.wave * mix(*self.fields.sway, self.fine)  # [N, h, 1]
        self.x = area.x - self.middle_x  # [N, 1, w]
        swing = (1.0 - 0.5 * self.curl) * 0.016 * fall * sway
        self.waved = self.x + swing * (1.0 + 0.35 * torch.sin(9.0 * (area.x - 0.5) + 1.0))  # [N, h, w]
        self.outer = self._silhouette(y, volume)
        self.front = self._front(y, sway)
        self.cut = self._bald_cut(y)

    def _silhouette(self, y: Tensor, volume: Tensor) -> Tensor:
        """Signed distance of the whole hair, [N, h, w]."""
        p = self.pose.p
        above = (self.middle_y - y).clamp(min=0.0) / self.height
        below = (y - self.middle_y).clamp(min=0.0)
        flare = self.long * (0.10 + 0.12 * volume) - (1.0 - self.long) * 0.26
        tip = ((y - self.end + 0.11) / 0.13).clamp(0.0, 1.0)
        temples = 0.75 * (self.half - self.pose.width) * (1.0 - self.long) * (1.0 - 0.4 * self.curl)
        width = self.half - temples * smooth(-0.06, 0.10, y - self.middle_y)
        width = (width + flare * below * (1.0 - 0.6 * below)) * (1.0 - 0.55 * tip * tip)
        lean = 0.030 * p["parting"] * above
        radial = ((self.waved + lean).square() + (above * self.half).square()).sqrt_() - width
        ends = 0.016 * torch.sin((self.area.x - 0.5) * 75.0) * (1.0 - self.curl)
        distance = soft_max(radial, (y - self.end + ends).expand_as(radial), 0.06)
        curls = self.curl * (1.0 - 0.7 * p["bald"]) * 0.019 * mix(*self.fields.curls, self.fine)
        tufts = 0.0055 * (1.0 - self.long) * (1.0 - self.curl) * (1.0 - p["bald"]) * self.fields.tufts
        return distance + curls + tufts

    def hairline(self, a: Tensor) -> Tensor:
        """Height b of the hair's edge over the forehead at face coordinates a."""
        p = self.pose.p
        part = 0.085 * p["parting"]
        away = a - part
        reach = away.abs() / 0.21
        masculine = p["masculine"].clamp(min=0.0)
        drop = (0.085 + 0.07 * p["sweep"] - 0.025 * masculine) * (0.65 + 0.35 * self.long)
        top = -0.222 + 0.012 * masculine - 0.018 * smooth(0.5, 1.0, p["age"]) * masculine
        swept = top + drop * reach.pow(1.35) - 0.012 * bump(away, 0.05)
        fringe = (
            -0.112
            + 0.016 * a.abs() / 0.2
            + 0.003 * torch.sin(a * 61.0)
            + 0.004 * torch.sin(a * 173.0)
            + 0.05 * (away / 0.2) * p["sweep"] * 0.4
        )
        swept = swept + 0.0025 * torch.sin(a * 150.0) * torch.sin(a * 67.0 + 1.0)
        line = mix(swept, fringe, p["bangs"] * (1.0 - p["bald"]))
        return line - 0.30 * p["bald"]

    def _front(self, y: Tensor, sway: Tensor) -> Tensor:
        """Signed distance of the hair in front of the head, before the outer silhouette cuts it."""
        pose, p = self.pose, self.pose.p
        x = self.area.x
        inner = (
            1.22
            - 0.05 * p["hair_volume"]
            - 0.05 * self.curl
            - 0.08 * p["bangs"] * self.long
            - 0.20 * p["bald"]
        )
        b = pose.down(y)
        right = (inner + pose.yaw).clamp(max=1.55)
        left = (-inner + pose.yaw).clamp(min=-1.55)
        beyond = 0.35 * ((inner + pose.yaw - 1.50).clamp(min=0.0))
        before = 0.35 * ((inner - pose.yaw - 1.50).clamp(min=0.0))
        ripple = 0.006 * sway
        xr = pose.x + pose.radius * torch.sin(right) + beyond + ripple
        xl = pose.x + pose.radius * torch.sin(left) - before + ripple
        lean = 0.5 * pose.shift * smooth(0.02, 0.30, b)
        narrow = 0.030 * self.long * smooth(0.06, 0.30, b) - 0.02 * (1.0 - self.long) * smooth(-0.06, 0.03, b)
        tip = ((y - self.end + 0.20) / 0.20).clamp(0.0, 1.0)
        narrow = narrow - 0.085 * tip.square()  # locks end in points that turn outward
        sides = torch.maximum(x - xr - lean + narrow, xl - x + lean + narrow)  # < 0 on the face
        top = self.hairline(pose.across(x)) - b
        self.opening = soft_max(sides, top.expand_as(sides), 0.09)
        stop = mix(torch.full_like(self.end, 0.487), self.end, self.long * (1.0 - p["tucked"]))
        tips = 0.006 * torch.sin(x * 90.0)
        behind = torch.maximum(self._past_ear(-1.0), self._past_ear(1.0))  # [N, 1, w], > 0 beyond an ear
        return torch.maximum(-self.opening, torch.minimum(y - stop + tips, 0.5 * (y - stop) - behind))

    def _past_ear(self, side: float) -> Tensor:
        ear = head.ear_place(self.pose, side)[0]
        return side * (self.area.x - ear) - 0.020

    def _bald_cut(self, y: Tensor) -> Tensor:
        """> 0 where baldness takes the hair: above a line that sinks to the temples."""
        b = self.pose.down(y)
        back = 0.35 * (self.x.abs() - 0.14).clamp(min=0.0)  # higher toward the back of the head
        return -0.62 + (0.51 - back) * smooth(0.0, 1.0, self.pose.p["bald"]) - b

    def _texture(self) -> Tensor:
        """Light and dark of strands that fall from the parting, or of ringlets: about -1..1, [N, h, w]."""
        side = smooth(-0.4, 0.4, self.pose.p["parting"])
        fallen = mix(mix(*self.fields.straight, side), mix(*self.fields.waved, side), self.wave)
        return mix(fallen, 0.9 * mix(*self.fields.ringlets, self.fine), 0.85 * self.curl)

    def shaded(self, tints: Tints, colour: Tensor) -> Tensor:
        """Colour [N, 3, h, w] of lit strands, with bands of shine and a rim of light from behind."""
        p, y = self.pose.p, self.area.y
        texture = self._texture()
        nx = (self.waved / self.half).clamp(-0.97, 0.97)
        rise = (y - self.middle_y) / self.height  # [N, h, 1]
        lit = self.pose.lit(nx * 0.85, rise.clamp(-0.9, 0.25).expand_as(nx) * 0.85)
        picture = tints.shade(colour, lit + (0.26 + 0.16 * self.curl) * texture)
        dome = (nx.square() + rise.square()).sqrt_()
        shine = bump(dome - 0.70 - 0.06 * texture, 0.13) * smooth(0.05, 0.75, lit) * (0.55 + 0.45 * texture)
        lower = bump(torch.sin(7.0 * y + 1.0 + 0.5 * texture) - 0.9, 0.5) * smooth(0.2, 0.8, lit)
        shine = (shine + 0.45 * smooth(0.5, 0.6, y) * lower).clamp(min=0.0)
        shine = shine * (0.35 + 0.65 * p["straight_hair"])
        shine = shine + 0.38 * self.curl * smooth(0.25, 0.9, texture) * smooth(0.1, 0.9, lit)
        edge = smooth(-0.030, -0.002, self.outer) * (-nx * p["light_direction"]).clamp_(min=0.0)
        rim = tints.rim * (0.14 + 0.28 * colour)
        picture.addcmul_(rim.expand_as(picture), edge.unsqueeze(1))
        gleam = (colour * 0.75 + 0.10) * tints.key
        return picture.addcmul_(gleam.expand_as(picture), shine.unsqueeze(1))


def back(hair: Hair, picture: Tensor) -> None:
    """Paint the mass behind head and shoulders."""
    alpha = cover(hair.outer, 0.004 + hair.area.pixel) * cover(hair.cut, 0.08)
    deep = smooth(-0.015, -0.10, hair.outer).unsqueeze(1)  # near the neck, far from the light
    hair.area.blend(picture * (1.0 - 0.42 * deep), alpha)


def front(hair: Hair, picture: Tensor) -> None:
    """Paint the cap, the fringe and the locks that frame the face, darker at their inner edge."""
    edge = 0.003 + 1.3 * hair.area.pixel
    thin = 0.035 * hair.pose.p["bald"]  # the remaining hair thins out over the temples
    alpha = cover(hair.outer, edge) * cover(hair.front - 0.3 * thin, edge + thin) * cover(hair.cut, 0.08)
    inner = torch.exp(-(hair.opening.clamp(min=0.0)) / 0.022)
    dimmed = picture * (1.0 - 0.30 * inner).unsqueeze(1)
    hair.area.blend(dimmed, alpha)


def forehead_shadow(hair: Hair) -> Tensor:
    """How much light the hair's edge keeps off the face, 0..1 [N, h, w]."""
    p = hair.pose.p
    near = hair.opening + 0.018
    return smooth(-0.05, 0.035, near) * (1.0 - p["bald"]) * 0.8


def beard(canvas: Area, pose: Pose, tints: Tints, colour: Tensor) -> None:
    """Paint a full beard along the jaw, and the moustache."""
    p = pose.p
    if nowhere(torch.maximum(p["beard"], p["moustache"])):
        return
    area = canvas.area(0.22, 0.46, 0.78, 0.90)
    a, b = pose.across(area.x), pose.down(area.y)
    nx, _, outline = pose.outline(area)
    grow = 0.022 * p["beard"] * smooth(0.06, 0.30, b)
    reach = a.abs() / pose.radius
    start = 0.186 - 0.16 * smooth(0.40, 1.05, reach) - 0.02 * smooth(0.1, 0.8, reach)  # cheek line
    hole_b = (b - pose.mouth_b - 0.004) / (0.036 + 0.018 * p["mouth_open"])
    hole = 1.0 - (a / (pose.mouth_half * 1.16)).square() - hole_b.square()
    texture = torch.sin(a * 150.0 + 2.5 * torch.sin(b * 42.0))
    texture = 0.45 * texture * torch.sin(b * 60.0 + 2.0 * torch.sin(a * 60.0))
    alpha = cover(outline - grow + 0.003 * texture, 0.012)
    alpha = alpha * smooth(-0.030, 0.062, b - start + 0.014 * texture)
    alpha = alpha * cover(hole * 0.030, 0.016) * p["beard"] * smooth(-0.03, 0.05, b)
    ny = ((b - 0.16) * 1.6).clamp(-0.9, 0.9).expand_as(nx)
    cosine = pose.lit((nx * 0.85).clamp(-0.95, 0.95), ny) + 0.22 * texture
    area.blend(tints.shade(colour * 0.85, cosine - 0.08), alpha * 0.95)
    u = a / (pose.mouth_half * 1.12)
    _moustache(area, pose, tints, colour, u, b, texture, cosine)


def _moustache(
    area: Area,
    pose: Pose,
    tints: Tints,
    colour: Tensor,
    u: Tensor,
    b: Tensor,
    texture: Tensor,
    cosine: Tensor,
) -> None:
    """Paint it over the lip; u runs -1..1 from end to end."""
    p = pose.p
    centre = pose.mouth_b - 0.030 + (0.014 - 0.012 * p["smile"]) * u.square() - 0.006 * bump(u, 0.12)
    thick = 0.0145 * (1.0 - u.square()).clamp(min=0.0).pow(0.5) * (1.0 - 0.35 * bump(u, 0.10))
    lip = cover((b - centre).abs() - thick + 0.002 * texture, 0.008) * smooth(1.05, 0.9, u.abs())
    shade = cosine + 0.12 + 6.0 * (centre - b)
    area.blend(tints.shade(colour * 0.95, shade), lip * p["moustache"] * 0.95)
