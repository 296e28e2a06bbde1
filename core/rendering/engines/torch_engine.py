"""The engine that every machine has: torch, on the CPU or a GPU.

Large maps are made in strips of rows. A strip goes through all layers of its block while it is in the cache,
so that each block reads and writes memory once, and a newer edit can stop a picture between two strips.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ....models.generator import Generator, StyledConv, ToRGB
from ....models.layer_sizes import layer_count
from ....models.widths import SubGenerator
from .engine import Stopped, never
from .layers import Conv, Modulated, Rgb, cut, doubled, start
from .window import Window

STRIP_BYTES = 8 << 20  # of one layer's maps in a strip, on a CPU: its caches hold that much
FEWEST_ROWS = 16  # of a strip: each repeats two rows of its neighbours


@dataclass(frozen=True)
class _Maps:
    """A window of a block's output: maps x [1, C, h, w] and picture [1, 3, h, w].

    The generator's constant has no picture, and nothing reads the maps of the last block.
    """

    window: Window
    x: Tensor | None
    rgb: Tensor | None


class TorchEngine:
    """See `Engine`.

    Whole maps are kept, and the next picture starts at the first block with a changed style: a higher
    resolution continues from a lower one, and an edit of late styles from early maps.
    """

    name = "torch"

    def __init__(
        self,
        generator: Generator,
        rung: SubGenerator,
        precision: str = "float32",
        device: str | torch.device = "cpu",
    ):
        """ValueError for a rung that the generator does not have."""
        latent = torch.empty(1, generator.n_style, generator.style_dim, device="meta")
        self.channels = generator.check(latent, rung.resolution, rung.channels)
        self.resolution, self.precision = rung.resolution, precision
        self._device = torch.device(device)
        if self._device.type == "cuda" and precision == "float32":
            torch.backends.cudnn.allow_tf32 = False  # it would round factors to ten bits
        dtype = getattr(torch, precision)
        with torch.inference_mode():
            x = start(generator.input, self.channels[0], dtype, self._device)
            self._constant = _Maps(Window.whole(4), x, None)
            self._blocks = [
                _Block(generator, k, self.channels, dtype, self._device)
                for k in range(len(self.channels) // 2)
            ]
        self._kept: list[_Maps] = []  # of the first blocks, whole
        self._w = torch.zeros(0)  # their latent [n_style, D]

    def draw(
        self,
        w: Tensor,
        resolution: int | None = None,
        window: Window | None = None,
        stopped: Stopped = never,
    ) -> Tensor | None:
        """See `Engine.draw`."""
        side = self.resolution if resolution is None else resolution
        window = Window.whole(side) if window is None else window
        windows = self._windows(side, window)
        with torch.inference_mode():
            w = w.to(self._device, torch.float32)
            self._forget_changed(w)
            first = min(len(self._kept), len(windows))
            maps = self._kept[first - 1] if first else self._constant
            for block, needed in list(zip(self._blocks, windows, strict=False))[first:]:
                made = block.draw(maps, w, needed, stopped)
                if made is None:
                    return None
                maps = made
                self._keep(block, maps)
            assert maps.rgb is not None
            return cut(maps.rgb, window.within(maps.window))[0]

    def _windows(self, side: int, window: Window) -> list[Window]:
        """The part of each block up to `side` px that a window of the picture needs."""
        if not 4 <= side <= self.resolution:
            raise ValueError(f"This sub-generator draws 4 to {self.resolution} px, not {side}.")
        if not window.fits(side):
            raise ValueError(f"A window must hold pixels of the picture's {side} x {side}, and no others.")
        windows = [window]
        for block in self._blocks[layer_count(side) // 2 - 1 : 0 : -1]:
            windows.insert(0, block.reads(windows[0]))
        return windows

    def _forget_changed(self, w: Tensor) -> None:
        """Keeps the maps of the first blocks only as far as their styles equal those of w [n_style, D]."""
        if self._w.shape != w.shape:
            self._kept.clear()
        changed = [k for k in range(len(self._kept)) if not torch.equal(self._w[: 2 * k + 2], w[: 2 * k + 2])]
        if changed:
            del self._kept[changed[0] :]
        self._w = w.clone()

    def _keep(self, block: _Block, maps: _Maps) -> None:
        if maps.window == Window.whole(block.side) and self._blocks.index(block) == len(self._kept):
            self._kept.append(maps)


class _Block:
    """The layers of one resolution: convolutions, the first of which doubles the maps, and RGB."""

    def __init__(
        self,
        generator: Generator,
        k: int,
        channels: tuple[int, ...],
        dtype: torch.dtype,
        device: torch.device,
    ):
        self.side, self._device, self._dtype = 4 << k, device, dtype
        self._last = 2 * k + 2 == len(channels)
        self._styles = (0,) if k == 0 else (2 * k - 1, 2 * k)  # indices in w+, one for each convolution
        layers = [generator.conv1, *generator.convs]
        self._convs = [
            Conv(
                _of(StyledConv, layers[i]),
                channels[i],
                channels[i + 1],
                generator.noises.get_buffer(f"noise_{i}"),
                dtype,
                device,
            )
            for i in self._styles
        ]
        self._outputs = channels[2 * k + 1]
        self._rgb_style = 2 * k + 1
        rgb = _of(ToRGB, [generator.to_rgb1, *generator.to_rgbs][k])
        self._rgb = Rgb(rgb, self._outputs, device)
        self._buffer: Tensor | None = None  # for whole maps, reused by each picture

    def reads(self, window: Window) -> Window:
        """The part of the block before that a window of this one needs."""
        return self._windows(window)[0]

    def _windows(self, window: Window) -> list[Window]:
        """The window that each convolution reads, and last the one that they make."""
        windows = [window]
        for conv in reversed(self._convs):
            windows.insert(0, conv.reads(windows[0]))
        return windows

    def draw(self, below: _Maps, w: Tensor, window: Window, stopped: Stopped) -> _Maps | None:
        """A window of this block from the maps of the one before, for w [n_style, D]. Asks `stopped` before
        every strip and returns None once it says yes."""
        made = [conv.modulated(w[None, i]) for conv, i in zip(self._convs, self._styles, strict=True)]
        to_rgb = self._rgb.modulated(w[None, self._rgb_style])
        strips = window.strips(self._rows(window))
        x_room, rgb_room = self._room(window) if len(strips) > 1 else (None, None)
        for strip in strips:
            if stopped():
                return None
            x, rgb = self._strip(below, made, to_rgb, strip)
            if rgb_room is None:  # a single strip, which is the window
                return _Maps(window, None if self._last else x, rgb)
            if x_room is not None:
                cut(x_room, strip.within(window)).copy_(x)
            cut(rgb_room, strip.within(window)).copy_(rgb)
        return _Maps(window, x_room, rgb_room)

    def _strip(
        self, below: _Maps, made: list[Modulated], to_rgb: Tensor, window: Window
    ) -> tuple[Tensor, Tensor]:
        read, *windows = self._windows(window)
        assert below.x is not None
        x = cut(below.x, read.within(below.window))
        for conv, modulated, needed in zip(self._convs, made, windows, strict=True):
            x = conv(x, modulated, needed)  # [1, C, h, w]
        rgb = self._rgb(x, to_rgb)  # [1, 3, h, w]
        if below.rgb is not None:
            rgb = rgb + doubled(below.rgb, below.window, self.side, window)
        return x, rgb

    def _rows(self, window: Window) -> int:
        """The rows of a strip of this window."""
        if self._device.type != "cpu":
            return window.height
        row = max(conv.outputs for conv in self._convs) * window.width * self._dtype.itemsize
        rows = max(FEWEST_ROWS, STRIP_BYTES // row)
        return rows if 2 * rows <= window.height else window.height

    def _room(self, window: Window) -> tuple[Tensor | None, Tensor]:
        """Memory for the maps and picture of a window's strips; reused memory causes no page faults."""
        rgb = torch.empty(1, 3, window.height, window.width, device=self._device)
        if self._last:
            return None, rgb
        if window != Window.whole(self.side):
            return self._empty(window), rgb
        if self._buffer is None:
            self._buffer = self._empty(window)
        return self._buffer, rgb

    def _empty(self, window: Window) -> Tensor:
        shape = (1, self._outputs, window.height, window.width)
        return torch.empty(shape, dtype=self._dtype, device=self._device, memory_format=torch.channels_last)


def _of(kind, layer):
    assert isinstance(layer, kind)
    return layer
