"""The plugin: the docker in Krita (`docker.py`), and studio, the same panel in a plain window (`studio.py`).

`state/` has what the artist does, without widgets or Krita; `panel/` the widgets; `documents/` Krita's side;
`canvas/` the preview there; `install/` how the core comes. Start with `state/state.py`.
"""
