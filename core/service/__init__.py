"""The core process: `python -m anycost.core.service SOCKET`. Start with `service.py`."""
