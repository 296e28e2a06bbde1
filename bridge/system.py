"""What differs between systems, from posix.py or windows.py: both have the same names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING or os.name != "nt":
    from . import posix as here
else:
    from . import windows as here

Connection = here.Connection
Listener = here.Listener
connect = here.connect
end_process = here.end_process
is_own_descriptor = here.is_own_descriptor
locked = here.locked
on_end_signal = here.on_end_signal
open_to_others = here.open_to_others
peer_process = here.peer_process
python_of = here.python_of
socket_path = here.socket_path
user_folder = here.user_folder
