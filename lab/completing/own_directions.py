"""The step "directions": sliders from what is read of a generator's own pictures, and from its weights."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ...models.features import Features, load_features
from ...models.pack import Direction
from ..directions.range import LEFT
from ..directions.sliders import SLIDERS, extract
from ..directions.svm import FEWEST
from ..networks.attributes import NAMES
from .discovered import discovered
from .face_directions import JUDGED, STEPS, face_directions, without
from .face_numbers import NUMBERS
from .own_faces import FaceReader, artist_of, drawn_w
from .own_samples import FEWEST as FEWEST_FACES
from .own_samples import looked_at, sampled
from .step import Assignment, Step
from .together import say

SVM_SHARE = 0.02  # of the samples at each end, as in the paper
TIMED = 2  # pictures


def _skipped(given: Assignment) -> str:
    """There are always some: the weights alone give them."""
    return ""


def _seconds(given: Assignment) -> float:
    draw, first = artist_of(given.pack), 8_000_000
    read = FaceReader.of(given.pack) if given.pack.alignment else None
    w = drawn_w(draw, first, TIMED)
    start = time.perf_counter()
    if read:
        looked_at(draw, read, w)
        start = time.perf_counter()  # the networks are read by now
        looked_at(draw, read, w)
    each = (time.perf_counter() - start) / TIMED
    return each * (given.sizes.samples + JUDGED * (1 + 2 * STEPS * len(NUMBERS)))


def _run(given: Assignment) -> Mapping[str, Any]:
    pack, found = given.pack, list[Direction](given.pack.directions)
    for make in (_by_attributes, _by_faces, lambda given: discovered(given.pack.generator())):
        found += without(make(given), found)
    say(f"{len(found)} directions, {len(pack.directions)} of which the pack had.")
    return {"directions": found}


def _by_faces(given: Assignment) -> list[Direction]:
    pack = given.pack
    if pack.alignment is None:
        return []
    draw, read = artist_of(pack), FaceReader.of(pack)
    samples = sampled(draw, read, given.sizes.samples, given.folder / "samples.pt")
    number = int(samples.seen.sum())
    say(f"Faces are read in {number} of {len(samples.w)} pictures.")
    if number < FEWEST_FACES:
        say(f"That is too few for sliders of the face: {FEWEST_FACES} are needed.")
        return []
    found = face_directions(draw, read, samples)
    say("\n".join(entry.text for entry in found))
    if found:
        share = sum(entry.report["success"] for entry in found) / len(found)
        say(f"In all, {share:.1%} of these portraits change as their slider says.")
    return [entry.direction for entry in found]


def _by_attributes(given: Assignment) -> list[Direction]:
    """The painter's attributes, if the pack's attribute network is one that reads them."""
    path = given.pack.features_path
    features: Features | None = load_features(path) if path else None
    if features is None or len(features.mean) != len(NAMES):
        return []
    known = {direction.name for direction in given.pack.directions}
    names = [slider.attribute for slider in SLIDERS if slider.attribute not in known]
    if not names:
        return []
    samples = max(given.sizes.samples, 4 * FEWEST)
    share = max(SVM_SHARE, FEWEST / samples)
    directions, report = extract(given.pack, features, names, samples, share=share)
    sure = [d for d in directions if report[d.name]["success"] >= LEFT]
    say(f"The pack's attribute network gives {len(sure)} sliders.")
    return sure


STEP = Step("directions", "sliders", skipped=_skipped, seconds=_seconds, run=_run)
