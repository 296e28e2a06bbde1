"""The small generators and encoders that docs/tables.md compares: what each is trained by.

All start from one generator that was distilled from the painter at full width (`warm`), so that thousands of
pictures are enough to see differences. Stage 3's start from stage 2's of the same seed, as in the paper; a
generator that is trained separately for a ratio has a warm start of its own, because a narrow one cannot take
over a wide one's weights. The game is played on a folder of portraits, painted once for all runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...models.widths import WidthRule

RESOLUTIONS = (8, 16, 32)  # px
TOP = RESOLUTIONS[-1]
RATIOS = (0.25, 0.5, 1.0)
CHANNELS = (32, 32, 32, 32, 32, 32, 24, 24)
DISCRIMINATOR = (32, 32, 32, 24)  # the discriminator's channels at 4, 8, ... px
BATCH = 8
R1 = 0.1  # 10 is for 1024 px: so small pictures leave the discriminator blind with it
LEARNING_RATE = 0.001  # at 0.002 the game takes the warm start's generators apart in so few pictures

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
        encoders = [toy for seed in seeds for toy in self._encoders(seed)]
        return [[self._warm(ratio) for ratio in RATIOS], second, third, encoders]

    def pictures(self, side: int) -> Path:
        """The folder of the portraits of one resolution: smaller ones are the same, reduced."""
        return self.folder / f"portraits-{side}"

    def _warm(self, ratio: float) -> Toy:
        """Distilled from the painter: the full generator, and the narrow ones that are trained separately."""
        stage = {"kind": "distil", "pictures": self.size.warm, "resolutions": list(RESOLUTIONS)}
        config = self._config(0, {**stage, "ratios": [1.0], "decay": True}, ratio)
        del config["data"]
        return Toy(_warm(ratio), config, RESOLUTIONS)

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
                self._config(seed, self._stage(kind, sides), start=_warm(1.0)),
                tuple(side for side in RESOLUTIONS if side <= max(sides)),
            )
            for name, (kind, sides) in kinds.items()
        ]

    def _separate(self, seed: int) -> list[Toy]:
        """A generator of its own for each ratio, with as many pictures as stages 2 and 3 take together."""
        stage = self._stage("multi-resolution", times=2)
        return [
            Toy(f"separate-{ratio:g}-{seed}", self._config(seed, stage, ratio, start=_warm(ratio)), (TOP,))
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
        stage = {**self._stage("adaptive-channel"), "ratios": list(RATIOS), "sort": sort}
        return self._config(seed, stage, start=f"sampled-{seed}", widths=widths, consistency=consistency)

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

    def _stage(self, kind: str, resolutions: tuple[int, ...] = RESOLUTIONS, times: int = 1) -> dict[str, Any]:
        return {"kind": kind, "pictures": times * self.size.pictures, "resolutions": list(resolutions)}

    def _config(
        self,
        seed: int,
        stage: dict[str, Any],
        ratio: float = 1.0,
        *,
        start: str = "",
        widths: str = "conditioned",
        consistency: float = 1.0,
    ) -> dict[str, Any]:
        generator = {"resolution": TOP, "channels": list(WidthRule().expand(CHANNELS, ratio))}
        if start:
            generator["from"] = str(self.folder / start)
        folder = self.pictures(max(stage["resolutions"]))
        return {
            "network": "generator",
            "seed": seed,
            "batch": BATCH,
            "data": {"kind": "folder", "folder": str(folder), "mirror": False},
            "generator": generator,
            "discriminator": {"channels": list(DISCRIMINATOR), "widths": widths},
            "losses": {"r1": R1, "consistency": consistency, "features": str(self.features)},
            "optimiser": {"learning_rate": LEARNING_RATE, "half_life": 1.0},
            "stages": [stage],
        }


def _warm(ratio: float) -> str:
    return f"warm-{ratio:g}"
