"""State dicts are found wherever they lie in a file, and no content makes the search long."""

from __future__ import annotations

import pytest
import torch

from anycost.models.importing.tables import MAX_NETWORKS, MAX_TENSORS, beside, roots_of, tables_in
from anycost.models.importing.unpickle import Foreign, Refused

ONE, TWO, THREE = torch.zeros(1), torch.ones(1), torch.full((1,), 2.0)


def module(tensors: dict, children: dict | None = None) -> Foreign:
    return Foreign("Their", {"_parameters": tensors, "_buffers": {}, "_modules": children or {}})


def test_an_average_comes_before_the_rest() -> None:
    content = {"G": {"a.w": ONE}, "d": {"w": ONE}, "nets": {"x": {"G_ema.module.a.w": TWO}}}
    first, second = roots_of(tables_in(content), "a.w")
    assert first.name == "nets.x.G_ema.module."
    assert first.tensors["a.w"] is TWO
    assert second.tensors["a.w"] is ONE


@pytest.mark.parametrize("name", ["schema.w", "nemaw", "emap.w"])
def test_ema_is_a_word(name: str) -> None:
    content = {name: {"a.w": ONE}, "ema": {"a.w": TWO}}
    assert roots_of(tables_in(content), "a.w")[0].tensors["a.w"] is TWO


def test_all_marks_have_to_be_there_under_one_prefix() -> None:
    content = {"a.w": ONE, "b": {"x.a.w": ONE, "x.b.w": TWO, "y.b.w": TWO, "xa.w": ONE}}
    (root,) = roots_of(tables_in(content), "a.w", "b.w")
    assert (root.name, list(root.tensors)) == ("b.x.", ["a.w", "b.w"])


def test_a_module_saved_whole_is_a_table() -> None:
    inner = module({"w": TWO, "none": None})
    content = {"net": module({"v": ONE}, {"a": inner, "twice": inner})}
    (table,) = tables_in(content)
    assert table.path == ("net",)
    assert set(table.tensors.values()) == {ONE, TWO}
    assert (len(table.tensors), table.tensors["v"]) == (2, ONE)


def test_the_nearest_of_several_is_taken() -> None:
    content = {"mean": ONE, "inner": {"mean": TWO, "net.a.w": ONE, "net.mean": THREE}, "other": {"a.w": ONE}}
    tables = tables_in(content)
    inner, other = roots_of(tables, "a.w")
    assert beside(tables, inner, "mean") is THREE
    assert beside(tables, other, "mean") is ONE
    del content["inner"]["net.mean"]
    tables = tables_in(content)
    assert beside(tables, roots_of(tables, "a.w")[0], "mean") is TWO
    assert beside(tables, inner, "nothing") is None


def test_a_content_that_holds_itself_or_branches_without_end_is_walked_once() -> None:
    node: dict = {"w": ONE}
    node["itself"] = node
    for _ in range(200):  # 2^200 paths
        node = {"a": node, "b": node}
    assert len(tables_in({"w": ONE} | node)) == 1
    loop = module({})
    loop.state["_modules"]["loop"] = loop
    assert tables_in(loop) == []
    for _ in range(60):
        loop = module({}, {"a": loop, "b": loop})
    with pytest.raises(Refused, match="put together wrongly"):
        tables_in(loop)


def test_more_than_any_model_has_is_refused() -> None:
    with pytest.raises(Refused, match="more tensors than any model"):
        tables_in({str(k): ONE for k in range(MAX_TENSORS + 1)})
    many = tables_in({f"{k}.w": ONE for k in range(MAX_NETWORKS + 1)})
    with pytest.raises(Refused, match="more networks than any model"):
        roots_of(many, "w")
    assert tables_in({"x" * 1000: ONE, 1.5: ONE, None: ONE}) == []
