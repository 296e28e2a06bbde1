"""Print how many portraits a second the painter makes: `python scripts/bench_painter.py [--threads N]`."""

from __future__ import annotations

import argparse
import time

import torch

from anycost.lab.painter import STYLE_DIM, paint_z

SIZES = (64, 128, 256, 512)


def pictures_per_second(z: torch.Tensor, resolution: int, rounds: int) -> float:
    """Speed of the fastest round on z [N, 64]: other work on the machine can only slow a round down."""
    fastest = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        picture = paint_z(z, resolution)
        if picture.rgb.is_cuda:
            torch.cuda.synchronize()
        fastest = min(fastest, time.perf_counter() - start)
    return len(z) / fastest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1, help="processor threads (1)")
    parser.add_argument("--batch", type=int, default=32, help="portraits per batch (32)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the fastest counts (5)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (cpu)")
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(wanted.batch, STYLE_DIM, generator=generator).to(wanted.device)
    print(
        f"{wanted.device}, {wanted.threads} thread(s), batches of {wanted.batch}, torch {torch.__version__}"
    )
    for resolution in SIZES:
        paint_z(z[:4], resolution)
        print(f"{resolution:4d} px: {pictures_per_second(z, resolution, wanted.rounds):7.1f} portraits/s")


if __name__ == "__main__":
    main()
