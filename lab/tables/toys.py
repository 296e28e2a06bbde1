"""The small generators and encoders that docs/tables.md compares, and how each is trained.

All start from one generator distilled from the painter at full width (`warm`), so that thousands of pictures
are enough to show differences. Stage 3 starts from stage 2 of the same seed, as in the paper. A generator
trained separately for one ratio has its own warm start, because a narrow one cannot take over a wide one's
weights. Adversarial training uses a folder of portraits, painted once for all runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...models.widths import WidthRule

RESOLUTIONS = (8, 16, 32)  # px
TOP = RESOLUTIONS[-1]
MEASURED = RESOLUTIONS[1:]  # those at which the paper compares widths: the highest and half of it
RATIOS = (0.25, 0.5, 0.75, 1.0)
NARROW = (0.25, 0.5)  # those of Figure 5's baselines and of Table 4
CHANNELS = (32, 32, 32, 32, 32, 32, 24, 24)
DISCRIMINATOR = (32, 32, 32, 24)  # the discriminator's channels at 4, 8, ... px
BATCH = 8
R1 = 0.1  # 10 is for 1024 px; on pictures this small it blinds the discriminator
LEARNING_RATE = 0.001  # 0.002 ruins the warm start's generators within so few pictures

# stage 3 and what it is compared with: name -> changes to its configuration
WITHOUT: dict[str, dict[str, Any]] = {
    "conditioned": {},
    "same": {"widths": "same"},
    "reduced": {"widths": "reduced"},
    "inconsistent": {"consistency": 0.0},
    "unsorted": {"sort": False},
}
NEAR = ("conditioned", "inconsistent", "unsorted")  # those whose distances to the full one are compared
PATHS = (0.5, 1.0)  # the ratios whose path lengths are compared
ENCODERS = {"full-only": (1.0,), "consistent": RATIOS}  # ratios of the sub-generators in Eq. 6


@dataclass(frozen=True)
class Size:
    """How much to train and measure: pictures per run and for the warm start, seeds, samples, and generations
    of the evolution for Figure 5."""

    pictures: int = 2048
    warm: int = 4096
    seeds: int = 1
    samples: int = 1000
    generations: int = 8


@dataclass(frozen=True)
class Toy:
    """One run: its folder's name, the configuration that `train` gets, and the sub-generators to measure.

    Of its highest resolution, `paths` are the ratios whose path lengths are measured too, and `agrees` those
    whose attributes are compared with the full one's; `near` asks for the distances of all ratios to it,
    `evolves` for the best flexible widths as cheap as `NARROW`, and `teacher`, a run's name, for the distance
    to that run's pictures.
    """

    name: str
    config: dict[str, Any]
    resolutions: tuple[int, ...] = ()
    ratios: tuple[float, ...] = (1.0,)
    paths: tuple[float, ...] = ()
    agrees: tuple[float, ...] = ()
    near: bool = False
    evolves: bool = False
    teacher: str = ""
    encodes: str = field(default="")  # for an encoder, the name of its generator's run


class Toys:
    """All runs of one size, in folders under `folder`; `features` is an attribute network's file."""

    def __init__(self, size: Size, folder: Path, features: Path):
        self.size, self.folder, self.features = size, folder, features

    def levels(self) -> list[list[Toy]]:
        """Runs by level; each needs only runs of earlier levels."""
        seeds = range(self.size.seeds)
        second = [toy for seed in seeds for toy in (*self._second_stage(seed), *self._separate(seed))]
        third = [toy for seed in seeds for toy in (*self._third_stage(seed), *self._baselines(seed))]
        encoders = [toy for seed in seeds for toy in self._encoders(seed)]
        return [[self._warm(ratio) for ratio in RATIOS], second, third, encoders]

    def pictures(self, side: int) -> Path:
        """The folder of the portraits at one resolution; all show the same portraits, reduced."""
        return self.folder / f"portraits-{side}"

    def _warm(self, ratio: float) -> Toy:
        """Distilled from the painter: the full generator, and the narrow ones for separate training."""
        stage = {"kind": "distil", "pictures": self.size.warm, "resolutions": list(RESOLUTIONS)}
        config = self._config(0, {**stage, "ratios": [1.0], "decay": True}, ratio)
        del config["data"]
        return Toy(_warm(ratio), config, RESOLUTIONS)

    def _second_stage(self, seed: int) -> list[Toy]:
        """Single resolutions, all at once (MSG-GAN's way), and two sampled per iteration (the paper's)."""
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
        """A separate generator for each ratio, trained on as many pictures as stages 2 and 3 together."""
        stage = self._stage("multi-resolution", times=2)
        return [
            Toy(
                f"separate-{ratio:g}-{seed}",
                self._config(seed, stage, ratio, start=_warm(ratio), distillation=0.0),
                MEASURED,
                paths=(1.0,) if ratio in PATHS else (),
            )
            for ratio in RATIOS
        ]

    def _third_stage(self, seed: int) -> list[Toy]:
        uniform = [
            Toy(
                f"{name}-{seed}",
                self._adaptive(seed, **changed),
                MEASURED,
                RATIOS,
                paths=PATHS if name == "conditioned" else (),
                agrees=NARROW if name == "conditioned" else (),
                near=name in NEAR,
            )
            for name, changed in WITHOUT.items()
        ]
        flexible = self._adaptive(seed, drawn="sandwich")
        return [*uniform, Toy(f"flexible-{seed}", flexible, (TOP,), RATIOS, evolves=True)]

    def _baselines(self, seed: int) -> list[Toy]:
        """What Figure 5 compares with: a narrow generator distilled from the full one (trained for as long as
        a separate one), and the full one pruned, then trained on for as long as stage 3."""
        full = f"sampled-{seed}"
        long, short = (self._stage("multi-resolution", times=times) for times in (2, 1))
        distilled = [
            Toy(
                f"distilled-{ratio:g}-{seed}",
                self._config(seed, long, ratio, start=_warm(ratio), teacher=full),
                (TOP,),
                teacher=full,
            )
            for ratio in NARROW
        ]
        pruned = [
            Toy(
                f"pruned-{ratio:g}-{seed}",
                self._config(seed, short, ratio, start=full, distillation=0.0),
                (TOP,),
            )
            for ratio in NARROW
        ]
        return distilled + pruned

    def _adaptive(
        self,
        seed: int,
        widths: str = "conditioned",
        consistency: float = 1.0,
        sort: bool = True,
        drawn: str = "uniform",
    ) -> dict[str, Any]:
        stage = {**self._stage("adaptive-channel"), "ratios": list(RATIOS), "sort": sort, "widths": drawn}
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
        distillation: float = 2.0,
        teacher: str = "",
    ) -> dict[str, Any]:
        generator = {"resolution": TOP, "channels": list(WidthRule().expand(CHANNELS, ratio))}
        for setting, run in (("from", start), ("teacher", teacher)):
            if run:
                generator[setting] = str(self.folder / run)
        folder = self.pictures(max(stage["resolutions"]))
        return {
            "network": "generator",
            "seed": seed,
            "batch": BATCH,
            "data": {"kind": "folder", "folder": str(folder), "mirror": False},
            "generator": generator,
            "discriminator": {"channels": list(DISCRIMINATOR), "widths": widths},
            "losses": {
                "r1": R1,
                "consistency": consistency,
                "distillation": distillation,
                "features": str(self.features),
            },
            "optimiser": {"learning_rate": LEARNING_RATE, "half_life": 1.0},
            "stages": [stage],
        }


def _warm(ratio: float) -> str:
    return f"warm-{ratio:g}"
