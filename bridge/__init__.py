"""How panel and core talk: messages, framing, client and server. Start with `messages.py`.

Only the standard library is used, and Qt in `qt_client.py`: this room also runs inside Krita.
"""
