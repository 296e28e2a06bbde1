"""The real Krita under Xvfb: a harness, a driver plugin that runs a scenario inside Krita, the scenarios."""
