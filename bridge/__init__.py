"""How panel and core talk: messages, framing, client and server. Start with `messages.py`.

`sandbox.py` runs a function in a process with limits.

Only the standard library is used, and Qt in `qt_client.py`: this room also runs inside Krita.
"""
