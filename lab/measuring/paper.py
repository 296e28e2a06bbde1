"""The paper's figures, where available, to print beside ours (Lin et al., CVPR 2021, arXiv 2103.03243).

Its pictures are photographs (FFHQ, CelebA-HQ) at 1024 px and its FID is Inception's, so the two sets of
figures compare in direction, not in size.
"""

from __future__ import annotations

# Table 1, FFHQ: FID of the multi-resolution generator by resolution in px, as two public lists of results
# give it; the first also gives StyleGAN2's at 1024 px.
FID_OURS = {1024: 2.77, 512: 3.08, 256: 3.35, 128: 3.98}
FID_STYLEGAN2 = {1024: 2.84}
FID_SOURCE = (
    "[Papers with Code](https://paperswithcode.com/paper/anycost-gans-for-interactive-image-synthesis), "
    "[SOTAVerified](https://sotaverified.org/papers/anycost-gans-for-interactive-image-synthesis)"
)

# Table 4: agreement with the full generator in per cent, at 0.5x and 0.25x channels, 10,000 samples
AGREEMENT = {
    "Smiling": (98.1, 96.9),
    "Black_Hair": (97.0, 95.5),
    "Eyeglasses": (99.9, 99.8),
    "Straight_Hair": (95.9, 93.6),
    "Earrings": (94.1, 88.4),
}
AGREEMENT_SEPARATE = "50-83"  # per cent, separately trained generators

# Table 5: speed-up over the full generator (0.63 pictures per second on a Xeon) by cost reduction
SPEED_UPS = {2: 2.8, 4: 9.5, 6: 10.0, 8: 11.9, 10: 11.7}

# Table 6: LPIPS / mean squared error of the full one, of the sub-generator, and between the two
ENCODER_FULL_ONLY = ((0.13, 0.03), (0.17, 0.04), (0.07, 0.012))
ENCODER_CONSISTENT = ((0.13, 0.03), (0.14, 0.03), (0.02, 0.003))
