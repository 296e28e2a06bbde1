"""`anycost evaluate`: every metric of the paper for every sub-generator of a pack."""

from __future__ import annotations

import json
from pathlib import Path

from ...core.editing.perceptual import Measure, best_measure, lpips_at_hand
from ...core.errors import CoreError
from ...core.files.torch_cache import at_hand
from ...core.files.whole_file import write_bytes
from ...core.rendering.cores import use_available_cores
from ...models.features import Features, load_features
from ...models.pack import Pack
from ..networks.attributes import names_of, paper_attributes
from ..running import distributed
from ..worlds import PORTRAITS, WORLDS
from .consistency import agreement, distances, psnr
from .evaluation_plots import save_plots
from .evaluation_report import EvaluationReport, EvaluationRow
from .frechet import Extractor, Inception, Pooled, frechet_distances
from .path_length import path_lengths, smooth
from .reals import Reals, of_folder, of_world
from .reconstruction import Reconstruction, of_file, reconstructions
from .slider_effects import sliders
from .subject import Cell, Subject, of_pack

OWN = "own features"


def evaluate(pack: Pack, samples: int, out: Path, data: str | None = None) -> EvaluationReport:
    """Measures the pack over `samples` pictures, prints a table, writes evaluation.json and plots to `out`.

    `data` names the real pictures for FID and encoder: a world like "portraits", or a folder, a zip or a
    packed file. None means portraits for the pack of that name, and no real pictures for others. The same on
    one process and under torchrun.
    CoreError for fewer than two samples, a folder without pictures, and unreadable features.
    """
    if samples < 2:
        raise CoreError("bad-value", f"{samples} samples are too few to measure anything: take hundreds.")
    use_available_cores()
    with distributed.processes():
        report = _report(pack, samples, data)
        if distributed.rank() == 0:
            print(report.text())
            out.mkdir(parents=True, exist_ok=True)
            write_bytes(out / "evaluation.json", json.dumps(report.data(), indent=1).encode())
            save_plots(report, out)
    return report


def _report(pack: Pack, samples: int, data: str | None) -> EvaluationReport:
    subject, features, notes = of_pack(pack), _features(pack), []
    measure, for_steps = measures(pack, features)
    reals = _reals(pack, data, subject.resolutions[-1], samples)
    fids = _fids(subject, features, reals, samples, notes)
    distance, squared = distances(subject, measure, samples)
    lengths = path_lengths(subject, for_steps, samples)
    shares = _agreement(subject, features, samples, notes)
    rows = [
        EvaluationRow(
            *cell,
            macs=subject.sub_generator(*cell).macs,
            fid={name: found[cell] for name, found in fids.items()},
            distance=distance[cell],
            psnr=psnr(squared[cell]),
            path_length=lengths[cell],
            agreement=shares.get(cell, {}),
        )
        for cell in subject.cells
    ]
    return EvaluationReport(
        pack.title,
        samples,
        reals.name if reals else None,
        measure.name,
        for_steps.name,
        rows,
        _encoded(pack, subject, measure, reals, notes),
        sliders(pack.directions, subject, features, samples) if features is not None and shares else [],
        notes,
    )


def _features(pack: Pack) -> Features | None:
    if pack.features_path is None:
        return None
    try:
        return load_features(pack.features_path).to(distributed.device())
    except ValueError as error:
        raise CoreError("pack", f"{error}: install the pack again.") from None


def _reals(pack: Pack, data: str | None, resolution: int, samples: int) -> Reals | None:
    if data is None and pack.name == PORTRAITS.name:
        data = PORTRAITS.name
    if data is None:
        return None
    if data in WORLDS:
        return of_world(WORLDS[data], resolution, samples)
    return of_folder(Path(data), resolution, samples, pack.shape)


def _fids(
    subject: Subject, features: Features | None, reals: Reals | None, samples: int, notes: list[str]
) -> dict[str, dict[Cell, float]]:
    """FID of every sub-generator, by the features' name; `notes` gets what is left out."""
    if reals is None:
        notes.append(
            f"FID and encoder are left out: name real pictures with --data {', '.join(WORLDS)} or FOLDER."
        )
        return {}
    extractors = _extractors(features, min(samples, reals.count), notes)
    return {
        extractor.name: frechet_distances(
            subject,
            extractor,
            (picture for _, picture in reals.batches("real pictures")),
            samples,
            reals.shape,
        )
        for extractor in extractors
    }


def _extractors(features: Features | None, pictures: int, notes: list[str]) -> list[Extractor]:
    """The features available for FID; CoreError if there are none.

    As published code does, FID is computed of fewer `pictures` than features too, but not without a note.
    """
    found = [] if features is None else [Extractor(OWN, Pooled(features))]
    weights = at_hand("inception")
    if weights is not None:
        found.append(Extractor("Inception", Inception(weights)))
    else:
        notes.append("FID (Inception) is left out: `anycost weights get inception` fetches its weights.")
    if not found:
        raise CoreError(
            "pack",
            "FID needs features, and this pack has no attribute network: run `anycost weights get inception` "
            "or leave out --data.",
        )
    if pictures < 2:
        raise CoreError(
            "bad-value", "FID needs at least two real pictures: name a larger folder with --data."
        )
    for extractor in found:
        count = extractor.network.num_features
        if pictures <= count:
            notes.append(
                f"FID ({extractor.name}) is too high, because it has {count} features and only "
                f"{pictures} pictures: compare it only with FIDs of as many."
            )
    return found


def measures(pack: Pack, features: Features | None) -> tuple[Measure, Measure]:
    """What distances and what path lengths are measured by, on this process's device.

    Path lengths are by VGG, as in StyleGAN2, or else by what is smooth in small steps: LPIPS is; an attribute
    network's distance must be made so.
    """
    best, vgg = best_measure(pack).to(distributed.device()), lpips_at_hand(["vgg"])
    if vgg is not None:
        return best, vgg.to(distributed.device())
    return best, best if features is None or best.name.startswith("LPIPS") else smooth(features)


def _agreement(
    subject: Subject, features: Features | None, samples: int, notes: list[str]
) -> dict[Cell, dict[str, float]]:
    if features is None or not paper_attributes(names_of(features)):
        notes.append("Attributes are left out: this pack has no network that reads the paper's.")
        return {}
    return agreement(subject, features, samples)


def _encoded(
    pack: Pack, subject: Subject, measure: Measure, reals: Reals | None, notes: list[str]
) -> list[Reconstruction]:
    if reals is None:
        return []
    if pack.encoder_path is None:
        notes.append("The encoder is left out: this pack has none.")
        return []
    return reconstructions(subject, of_file(pack.encoder_path, pack.encoder_size, subject), measure, reals)
