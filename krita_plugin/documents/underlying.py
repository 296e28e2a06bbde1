"""What lies under the layers that Apply added: the picture that is edited, as if they were not there."""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional

from krita import Document, Node

from ..state.edit_layers import LayerName, is_edit


class Underlying:
    """A document to read the picture from: itself, where nothing has to be left out, or else a copy.

    Krita makes the copy without copying pixels, and nobody sees it: it has no window, and the document's own
    layers, history and mark of being modified stay as they are. `close` when it was read.
    """

    def __init__(
        self,
        document: Document,
        keys: Dict[str, str],
        below: Optional[str] = None,
        up_to: Optional[str] = None,
    ) -> None:
        """`keys` are those of the document's edits. Of a layer's id, `below` also leaves out that layer and
        all above it, `up_to` only what is above it."""
        self._copy: Optional[Document] = None
        self.document = document
        if not _left_out(document.rootNode(), keys, below, up_to):
            return
        copy = document.clone()
        self._copy = self.document = copy
        root = copy.rootNode()
        for node in _left_out(root, keys, below, up_to):
            node.setVisible(False)
        # a node more is what makes Krita put the picture together again; it handles events meanwhile
        last = copy.createNode("", "paintlayer")
        if last is not None:
            root.addChildNode(last, None)
        copy.waitForDone()

    def close(self) -> None:
        if self._copy is not None:
            self._copy.setModified(False)
            self._copy.close()
            self._copy = None


def name_of(node: Node) -> LayerName:
    return LayerName(node.uniqueId().toString(), node.name())


def all_nodes(root: Node) -> Iterator[Node]:
    """Every node of a document, each group before what is in it."""
    for node in root.childNodes():
        yield node
        yield from all_nodes(node)


def layer_and_groups(node: Optional[Node]) -> Iterator[Node]:
    """A node and the groups that it lies in, from inside to outside, without the root."""
    while node is not None:
        parent = node.parentNode()
        if parent is None:
            return
        yield node
        node = parent


def _left_out(root: Node, keys: Dict[str, str], below: Optional[str], up_to: Optional[str]) -> List[Node]:
    nodes = list(all_nodes(root))
    found = [node for node in nodes if node.visible() and is_edit(name_of(node), keys)]
    for node in nodes:
        id = node.uniqueId().toString()
        if id == below:
            found.append(node)
        if id in (below, up_to):
            found += _above(node)
    return found


def _above(node: Node) -> List[Node]:
    """What lies over a node in its group, and over that group, and so on."""
    found: List[Node] = []
    for one in layer_and_groups(node):
        siblings = one.parentNode().childNodes()
        ids = [sibling.uniqueId() for sibling in siblings]
        found += siblings[ids.index(one.uniqueId()) + 1 :]
    return [other for other in found if other.visible() and not other.type().endswith("mask")]
