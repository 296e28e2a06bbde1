"""More pictures than memory should hold, kept from one candidate of a search to the next."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...core.errors import CoreError
from ...core.files.whole_file import unwritable

FREE = 1 << 30  # bytes of the disk that are left alone
REMEDY = "let TMPDIR name a folder on a larger disk, or take fewer samples"


class KeptPictures:
    """`count` pictures [N, 3, R, R], in half precision, in a temporary file that is mapped into memory.

    The system holds as much of it in memory as it has room for. The file has no name, so it vanishes with the
    process, however that ends. CoreError "no-space" if the disk is too small, "bad-value" if it cannot be
    written.
    """

    def __init__(self, batches: Iterable[Tensor], count: int):
        self._lengths: list[int] = []
        shape = (count,)
        folder = Path(tempfile.gettempdir())
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                for batch in batches:
                    if not self._lengths:
                        shape = (count, *batch.shape[1:])
                        _check_room(folder, 2 * batch[0].numel() * count)
                    file.write(batch.half().cpu().numpy().tobytes())
                    self._lengths.append(len(batch))
                file.flush()
                self._pictures = np.memmap(file, np.float16, "r", shape=shape)  # outlives the open file
        except OSError as error:
            raise unwritable(folder, error, REMEDY) from None

    def __iter__(self) -> Iterator[Tensor]:
        """The batches as they came, in float32 on the CPU."""
        begins = 0
        for length in self._lengths:
            yield torch.from_numpy(np.array(self._pictures[begins : begins + length], np.float32))
            begins += length


def _check_room(folder: Path, needed: int) -> None:
    if needed + FREE > shutil.disk_usage(folder).free:
        text = f'"{folder}" has no room for {needed / 1e9:.1f} GB of full pictures: {REMEDY}.'
        raise CoreError("no-space", text)
