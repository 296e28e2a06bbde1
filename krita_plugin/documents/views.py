"""Krita's windows and what each of them shows."""

from __future__ import annotations

from typing import List, Optional

from krita import Document, Krita, Node, View, Window

from ..qt import QtCore


def window_of(main: Optional[QtCore.QObject]) -> Optional[Window]:
    """The window with this main window, which is the parent of its dockers, detached ones too."""
    windows = Krita.instance().windows() if main is not None else []
    return next((window for window in windows if window.qwindow() == main), None)


def document_in(window: Optional[Window]) -> Optional[Document]:
    """The document in front in a window. Krita still names the last one for a moment after it is closed."""
    view = None if window is None else window.activeView()
    document = None if view is None else view.document()
    return document if document is not None and is_open(document) else None


def is_open(document: Document) -> bool:
    """Whether Krita lists it or shows it: a copy that a script made is only shown."""
    if any(document == other for other in Krita.instance().documents()):
        return True
    views = [view for window in Krita.instance().windows() for view in window.views()]
    return any(document == view.document() for view in views)


def view_of(document: Document) -> Optional[View]:
    """The view of a document in which the artist works; None where no window has it in front."""
    krita = Krita.instance()
    for window in filter(None, [krita.activeWindow(), *krita.windows()]):
        view = window.activeView()
        if view is not None and view.document() == document:
            return view
    return None


def active_node(document: Document) -> Optional[Node]:
    """The node in use where the artist works: Krita's own `activeNode` is the one of the oldest view."""
    view, oldest = view_of(document), document.activeNode()
    selected: List[Node] = [] if view is None else view.selectedNodes()
    return oldest if oldest in selected or not selected else selected[0]
