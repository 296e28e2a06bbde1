"""The small generators and encoders that docs/tables.md compares: what each is trained by.

All start from one generator that was distilled from the painter at full width (`warm`), so that thousands of
pictures are enough to see differences. Stage 3's start from stage 2's of the same seed, as in the paper; what
is trained separately starts from nothing, because a narrow generator cannot take over a wide one's weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...models.widths import WidthRule

RESOLUTIONS = (8, 16, 32)  # px
TOP = RESOLUTIONS[-1]
RATIOS = (0.25, 0.5, 1.0)
CHANNELS = (64, 64, 64, 64, 48, 48, 32, 32)
JUDGE = (64, 64, 48, 32)  # the discriminator's channels at 4, 8, ... px
BATCH = 16

# what stage 3 is compared without: name -> how its configuration differs
WITHOUT: dict[str, dict[str, Any]] = {
    "conditioned": {},
    "same": {"widths": "same"},
    "reduced": {"widths": "reduced"},
    "inconsistent": {"consistency": 0.0},
    "unsorted": {"sort": False},
}
ENCODERS = {"full-only": (1.0,), "consistent": RATIOS}  # the ratios of Eq. 6's sub-generators


@dataclass(frozen=True)
class Size:
    """How much is trained and measured: pictures of every run and of the warm start, seeds, samples."""

    pictures: int = 4096
    warm: int = 8192
    seeds: int = 1
    samples: int = 1000


@dataclass(frozen=True)
class Toy:
    """One run: its folder's name, what `train` gets, and the sub-generators that are measured after it."""

    name: str
    config: dict[str, Any]
    resolutions: tuple[int, ...] = ()
    ratios: tuple[float, ...] = (1.0,)
    encodes: str = field(default="")  # an encoder's: the name of its generator's run


class Toys:
    """All runs of one size, in folders within `folder`; `features` is an attribute network's file."""

    def __init__(self, size: Size, folder: Path, features: Path):
        self.size, self.folder, self.features = size, folder, features

    def levels(self) -> list[list[Toy]]:
        """Runs that need only those of the levels before."""
        seeds = range(self.size.seeds)
        second = [toy for seed in seeds for toy in (*self._second_stage(seed), *self._separate(seed))]
        third = [toy for seed in seeds for toy in self._third_stage(seed)]
        return [[self._warm()], second, third, [toy for seed in seeds for toy in self._encoders(seed)]]

    def _warm(self) -> Toy:
        stage = {**_stage("distil", self.size.warm), "ratios": [1.0], "decay": True}
        return Toy("warm", self._config(0, [stage]), RESOLUTIONS)

    def _second_stage(self, seed: int) -> list[Toy]:
        """Single resolutions, all at once (MSG-GAN's way), and two sampled an iteration (the paper's)."""
        kinds: dict[str, tuple[str, tuple[int, ...]]] = {
            f"single-{side}": ("single", (side,)) for side in RESOLUTIONS
        }
        kinds["all-at-once"] = ("all-resolutions", RESOLUTIONS)
        kinds["sampled"] = ("multi-resolution", RESOLUTIONS)
        return [
            Toy(
                f"{name}-{seed}",
                self._config(seed, [_stage(kind, self.size.pictures, sides)], start="warm"),
                tuple(side for side in RESOLUTIONS if side <= max(sides)),
            )
            for name, (kind, sides) in kinds.items()
        ]

    def _separate(self, seed: int) -> list[Toy]:
        """A generator of its own for each ratio, with as many pictures of each kind as stages 1 to 3 take."""
        stages = [
            {**_stage("distil", self.size.warm), "ratios": [1.0], "decay": True},
            _stage("multi-resolution", 2 * self.size.pictures),
        ]
        rule = WidthRule()
        return [
            Toy(
                f"separate-{ratio:g}-{seed}",
                self._config(seed, stages, channels=rule.expand(CHANNELS, ratio)),
                (TOP,),
            )
            for ratio in RATIOS
        ]

    def _third_stage(self, seed: int) -> list[Toy]:
        return [
            Toy(f"{name}-{seed}", self._adaptive(seed, **changed), (TOP,), RATIOS)
            for name, changed in WITHOUT.items()
        ]

    def _adaptive(
        self, seed: int, widths: str = "conditioned", consistency: float = 1.0, sort: bool = True
    ) -> dict[str, Any]:
        stage = {**_stage("adaptive-channel", self.size.pictures), "ratios": list(RATIOS), "sort": sort}
        return self._config(seed, [stage], start=f"sampled-{seed}", widths=widths, consistency=consistency)

    def _encoders(self, seed: int) -> list[Toy]:
        generator = f"conditioned-{seed}"
        return [
            Toy(
                f"encoder-{name}-{seed}",
                {
                    "network": "encoder",
                    "generator": str(self.folder / generator),
                    "features": str(self.features),
                    "loss": {"perceptual": 0.3},
                    "first_fit": self.size.pictures // 4,
                    "resolutions": [TOP],
                    "ratios": list(ratios),
                    "pictures": self.size.pictures,
                    "batch": BATCH,
                    "seed": seed,
                },
                (TOP,),
                RATIOS,
                encodes=generator,
            )
            for name, ratios in ENCODERS.items()
        ]

    def _config(
        self,
        seed: int,
        stages: list[dict[str, Any]],
        *,
        channels: tuple[int, ...] = CHANNELS,
        start: str = "",
        widths: str = "conditioned",
        consistency: float = 1.0,
    ) -> dict[str, Any]:
        generator = {"resolution": TOP, "channels": list(channels)}
        if start:
            generator["from"] = str(self.folder / start)
        return {
            "network": "generator",
            "seed": seed,
            "batch": BATCH,
            "generator": generator,
            "discriminator": {"channels": list(JUDGE), "widths": widths},
            "losses": {"consistency": consistency, "features": str(self.features)},
            "optimiser": {"half_life": 1.0},
            "stages": stages,
        }


def _stage(kind: str, pictures: int, resolutions: tuple[int, ...] = RESOLUTIONS) -> dict[str, Any]:
    return {"kind": kind, "pictures": pictures, "resolutions": list(resolutions)}
