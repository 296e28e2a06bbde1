"""The paper's figures, to print beside ours (Lin et al., CVPR 2021, arXiv 2103.03243).

Its pictures are photographs at 1024 px and its FID is Inception's, so the two sets of figures compare in
direction, not in size. None stands for a figure that the paper does not give.
"""

from __future__ import annotations

from dataclasses import dataclass

RATIOS = (1.0, 0.75, 0.5, 0.25)  # of Tables 2 and 3
Figures = tuple[float | None, ...]

# Table 1: FID-70k on FFHQ, config-E (half the channels), by resolution
SIDES = (1024, 512, 256, 128, 64, 32)  # px
TABLE_1: dict[str, Figures] = {
    "single resolution": (3.25, 4.17, 3.76, 4.04, 3.32, 2.41),
    "all at once (MSG-GAN)": (None, None, 4.79, 6.34, 2.7, 3.04),
    "sampled, 256 px and below": (None, None, 3.49, 3.26, 2.52, 2.18),
    "sampled, 1024 px and below": (2.99, 3.08, 3.35, 3.98, None, None),
}

# Table 2: FID-70k on FFHQ, config-E, at 256 px and at 128 px, by `RATIOS`
TABLE_2: dict[str, tuple[Figures, Figures]] = {
    "one generator per ratio (vanilla)": ((3.80, 4.64, 6.20, 10.39), (4.04, 4.99, 5.78, 11.15)),
    "same D": ((3.63, 3.91, 5.41, 14.01), (7.25, 6.81, 5.92, 7.57)),
    "reduced-channel D": ((3.67, 4.35, 5.82, 10.62), (3.09, 3.65, 4.74, 8.82)),
    "conditioned D (the paper's)": ((3.73, 3.86, 4.64, 8.06), (3.30, 3.28, 3.69, 5.55)),
}


@dataclass(frozen=True)
class Quality:
    """A row of Table 3: FID-50k by `RATIOS`, and the path length at full width."""

    fid: Figures
    path_length: float


# Table 3: config-F, uniform widths; each StyleGAN2 is trained for its width alone
TABLE_3 = {
    "FFHQ, 1024 px": {
        "StyleGAN2": Quality((2.84, None, 3.31, None), 145.0),
        "Anycost": Quality((2.77, 3.05, 3.28, 5.01), 144.2),
    },
    "Car, 512x384 px": {
        "StyleGAN2": Quality((2.32, None, 3.19, None), 415.5),
        "Anycost": Quality((2.38, 2.46, 2.61, 3.69), 380.1),  # and up at narrower widths
    },
}


@dataclass(frozen=True)
class Agreement:
    """A row of Table 4: agreement with the full generator in per cent over 10,000 samples at psi 0.5: of a
    separately trained generator, and of the sub-generators at 0.5x and 0.25x."""

    separate: float
    half: float
    quarter: float


TABLE_4 = {
    "Smiling": Agreement(55.8, 98.1, 96.9),
    "Black_Hair": Agreement(62.7, 97.0, 95.5),
    "Eyeglasses": Agreement(83.4, 99.9, 99.8),
    "Straight_Hair": Agreement(55.8, 95.9, 93.6),
    "Earrings": Agreement(50.6, 94.1, 88.4),
}


@dataclass(frozen=True)
class Rate:
    """A row of Table 5: pictures a second on a Xeon and on a Jetson Nano, and how much faster that is."""

    xeon: float
    xeon_faster: float
    jetson: float
    jetson_faster: float


# Table 5: how many times fewer multiply-accumulates -> rates; the full generator at 1024 px needs 144 G
TABLE_5 = {
    1: Rate(0.63, 1.0, 0.65, 1.0),
    2: Rate(1.78, 2.8, 1.17, 1.8),
    4: Rate(5.94, 9.5, 2.77, 4.2),
    6: Rate(6.24, 10.0, 3.59, 5.5),
    8: Rate(7.48, 11.9, 4.07, 6.2),
    10: Rate(7.35, 11.7, 4.1, 6.3),
}
SPEED_UPS = {reduction: rate.xeon_faster for reduction, rate in TABLE_5.items() if reduction > 1}
GMAC = {1024: 144, 256: 85}  # of config-F, by resolution

Pair = tuple[float, float]  # LPIPS (AlexNet), mean squared error

# Table 6: w = E(x) on CelebA's test pictures: G(w) to x, G'(w) to x, G'(w) to G(w)
TABLE_6: dict[str, tuple[Pair | None, ...]] = {
    "ALAE": ((0.32, 0.15), None, None),
    "IDInvert": ((0.22, 0.06), None, None),
    "pSp": ((0.19, 0.04), None, None),
    "full generator only": ((0.13, 0.03), (0.17, 0.04), (0.07, 0.012)),
    "consistency-aware": ((0.13, 0.03), (0.14, 0.03), (0.02, 0.003)),
}

# Figure 5a plots these generators by FID and cost, 5b Distill and Anycost by LPIPS to the full output
FIGURE_5 = ("Vanilla", "Distill", "ChannelPrune", "Anycost (uniform)", "Anycost (flexible and evolved)")
# Figure 10: so many times less GPU time for so many devices, which one Anycost training serves all
FIGURE_10 = {6: 3.8}
