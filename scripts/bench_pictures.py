"""How many training pictures a second one core reads from folders, zips, LMDBs and packed files.

.venv/bin/python scripts/bench_pictures.py PLACE... [--resolution 256] [--shape 1 1] [--seconds 3]
Counts the core's own time, so other programs do not disturb it; files are in the disk's cache already.
"""

from __future__ import annotations

import argparse
import time
from itertools import cycle
from pathlib import Path

import torch

from anycost.lab.data.folder import pictures_of
from anycost.lab.data.frame import PictureFrame


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how fast training pictures are read.")
    parser.add_argument("places", type=Path, nargs="+")
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--shape", type=int, nargs=2, default=(1, 1))
    parser.add_argument("--seconds", type=float, default=3.0)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    for place in chosen.places:
        pictures = pictures_of(place, PictureFrame(chosen.resolution, tuple(chosen.shape)))
        for index in range(len(pictures)):
            pictures.read(index).copy()  # into the disk's cache
        read, spent, start = 0, 0.0, time.process_time()
        for index in cycle(range(len(pictures))):
            torch.from_numpy(pictures.read(index).copy())
            read, spent = read + 1, time.process_time() - start
            if spent > chosen.seconds:
                break
        print(f"{place}: {read / spent:.0f} pictures of {pictures.frame} a second of one core")


if __name__ == "__main__":
    main()
