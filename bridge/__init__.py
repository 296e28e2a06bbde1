"""Messages, framing and transports between panel and core; standard library, and Qt in `qt_client.py`."""
