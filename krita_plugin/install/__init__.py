"""Installing the core from inside Krita; start with `install_card.py`."""
