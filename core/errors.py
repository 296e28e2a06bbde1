"""The exception whose message the artist sees."""

from __future__ import annotations

from ..bridge.protocol import KINDS
from ..bridge.shown_names import plain


class CoreError(Exception):
    """A failure of `kind` (one of bridge.protocol.KINDS); `message` is one sentence that says what to do.

    Names in it may be any: what a terminal would obey or could not write becomes an escape.
    """

    def __init__(self, kind: str, message: str):
        if kind not in KINDS:
            raise ValueError(f"unknown kind of error: {kind}")
        self.kind = kind
        self.message = plain(message)
        super().__init__(self.message)

    def __reduce__(self):
        return type(self), (self.kind, self.message)  # so that other processes can raise it here


def refused_network(reason: str) -> CoreError:
    """For a pack's network that may not run; `reason` is a part of the sentence."""
    return CoreError("pack", f"A network of the pack is refused, since {reason}: use another pack.")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it says that the machine has no more memory for this process."""
    # torch raises RuntimeError, or its own class on a GPU; OpenCV and onnxruntime have their own, too
    texts = ("allocate memory", "out of memory", "Failed to allocate", "nsufficient memory", "bad allocation")
    return isinstance(error, MemoryError) or any(text in str(error) for text in texts)
