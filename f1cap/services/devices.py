"""What there is to run on, and which models fit: all without importing torch."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace

from f1cap import gpu
from f1cap.models import catalog, memory_estimate
from f1cap.models.device.machine import (
    built_for,
    has_nvidia_driver,
    installed_torch,
    pip_commands,
    read_processor,
)
from f1cap.models.device.placement import (
    Card,
    Machine,
    auto_dtype,
    driver_note,
    install_command,
    why_unusable,
)
from f1cap.models.memory_estimate import architecture_of, parameters_of
from f1cap.records.devices import CardReading, DriverReading
from f1cap.records.fits import CardVerdict, DeviceReport, FitSettings, ModelFit
from f1cap.records.models import LARGEST_BATCH, DType, ModelSpec
from f1cap.records.readings import TorchBuild
from f1cap.store.benchmarks import PeakKey, read_peaks

# What `caption` starts with on a card where the user says nothing.
_BATCH_SIZE = 8


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """What the predictions are asked for; None means f1cap's or the model's own choice.

    Attributes:
        vram_bytes: The memory of a card that is not there.
    """

    vram_bytes: int | None = None
    dtype: DType = DType.AUTO
    num_beams: int | None = None
    batch_size: int | None = None


def report_devices(request: DeviceRequest) -> DeviceReport:
    """Read the cards and judge each model against one of them. Never raises for a bad driver."""
    driver = gpu.read_driver()
    torch = installed_torch()
    verdicts = judge_cards(driver, torch)
    settings = _settings(request, _in_cuda_order(verdicts, driver.cards))
    name = next((v.card.name for v in verdicts if v.card.index == settings.card_index), None)
    return DeviceReport(
        driver=driver,
        cards=verdicts,
        torch=torch,
        processor=read_processor(),
        apple_gpu=platform.system() == "Darwin" and platform.machine() == "arm64",
        settings=settings,
        models=_fits(settings, name),
    )


def judge_cards(driver: DriverReading, torch: TorchBuild | None) -> tuple[CardVerdict, ...]:
    """Tell of each card whether the installed torch can run on it, and what to do if not."""
    visible = gpu.visible_uuids(driver.cards, os.environ)
    return tuple(_judge(card, driver, torch, _is_visible(card, visible)) for card in driver.cards)


def _judge(
    card: CardReading, driver: DriverReading, torch: TorchBuild | None, visible: bool | None
) -> CardVerdict:
    arch_list = None if torch is None else built_for(torch)
    capability = card.compute_capability
    if torch is None or arch_list is None or capability is None:
        return CardVerdict(card, None, visible)
    pips = pip_commands()
    named = Card(card.index, card.name or "This card", capability)
    machine = Machine(
        cards=(named,),
        arch_list=arch_list,
        cuda_build=torch.cuda,
        nvidia_driver=has_nvidia_driver(),
        pip=pips["pip"],
        driver_cuda=driver.cuda,
    )
    if reasons := why_unusable(named, machine):
        commands = {
            name: install_command(capability, pip, driver.cuda) for name, pip in pips.items()
        }
        known = {name: command for name, command in commands.items() if command is not None}
        # the second sentence is the command, or that there is none
        notes = list(reasons[: 1 if known else 2])
        if known and (note := driver_note(capability, driver.cuda)) is not None:
            notes.append(note)
        return CardVerdict(card, False, visible, tuple(notes), known or None)
    if _major(driver.cuda) < _major(torch.cuda):
        note = (
            f"This torch build needs a driver for CUDA {torch.cuda}; this one serves CUDA "
            f"{driver.cuda}. Update the NVIDIA driver."
        )
        return CardVerdict(card, False, visible, (note,))
    return CardVerdict(card, True, visible)


def _major(version: str | None) -> int:
    """Return what decides whether a driver runs a build; unknown ones are given the benefit."""
    head = (version or "").partition(".")[0]
    return int(head) if head.isdecimal() else 99


def _is_visible(card: CardReading, visible: tuple[str | None, ...]) -> bool | None:
    own = _uuids(card)
    if own & set(visible):
        return True
    return None if None in visible or not own else False


def _uuids(card: CardReading) -> set[str]:
    """Return all numbers by which CUDA may know a card: its own and its slices'."""
    found = (card.uuid, *(part.uuid for part in card.mig_devices))
    return {uuid for uuid in found if uuid is not None}


def _in_cuda_order(
    verdicts: tuple[CardVerdict, ...], cards: tuple[CardReading, ...]
) -> list[CardVerdict]:
    """Return cards as CUDA numbers them, which is how a run takes them; those not told, last."""
    visible = gpu.visible_uuids(cards, os.environ)

    def place(verdict: CardVerdict) -> int:
        own = _uuids(verdict.card)
        return next((place for place, uuid in enumerate(visible) if uuid in own), len(visible))

    return sorted(verdicts, key=place)


def _settings(request: DeviceRequest, verdicts: Sequence[CardVerdict]) -> FitSettings:
    """Choose the card that a run would take: the first that torch can use, else the first."""
    shown = [v for v in verdicts if v.visible is not False and v.card.vram_total_bytes is not None]
    usable = [verdict for verdict in shown if verdict.supported]
    card = next((verdict.card for verdict in (*usable, *shown)), None)
    chosen = None if request.vram_bytes is not None else card
    capability = None if chosen is None else chosen.compute_capability
    dtype = request.dtype
    if dtype is DType.AUTO:
        # of a card that is not known, the larger format: what fits then fits in any
        dtype = DType.FLOAT32
        if chosen is not None and capability is not None:
            dtype = auto_dtype(Card(chosen.index, chosen.name or "", capability))
    return FitSettings(
        card_index=None if chosen is None else chosen.index,
        capacity_bytes=request.vram_bytes if chosen is None else _free_bytes(chosen),
        dtype=dtype,
        batch_size=request.batch_size or _BATCH_SIZE,
        num_beams=request.num_beams,
    )


def _free_bytes(card: CardReading) -> int | None:
    if card.mig_devices:  # CUDA shows the first slice
        return card.mig_devices[0].vram_free_bytes
    return card.vram_total_bytes if card.vram_free_bytes is None else card.vram_free_bytes


def _fits(settings: FitSettings, card_name: str | None) -> tuple[ModelFit, ...]:
    peaks = read_peaks()
    return tuple(_fit(spec, settings, card_name, peaks) for spec in catalog.CATALOG.values())


def _fit(
    spec: ModelSpec, settings: FitSettings, card_name: str | None, peaks: dict[PeakKey, int]
) -> ModelFit:
    beams = settings.num_beams or spec.decoding.num_beams
    key = PeakKey(card_name or "", spec.name, settings.dtype, beams, settings.batch_size)
    measured, measured_batch = _last_peak(key, peaks)
    architecture, parameters = architecture_of(spec), parameters_of(spec)
    capacity = settings.capacity_bytes
    predicted = fits = largest = None
    if architecture is not None and parameters is not None:
        predicted = memory_estimate.predict(
            architecture,
            parameters=parameters,
            dtype=settings.dtype,
            num_beams=beams,
            batch_size=settings.batch_size,
            max_new_tokens=spec.decoding.max_new_tokens,
        )
        if capacity is not None:
            fits = predicted.total <= capacity
            largest = memory_estimate.largest_batch(
                architecture,
                capacity,
                parameters=parameters,
                dtype=settings.dtype,
                num_beams=beams,
                max_new_tokens=spec.decoding.max_new_tokens,
                limit=LARGEST_BATCH,
            )
    return ModelFit(spec.name, beams, predicted, measured, measured_batch, fits, largest)


def _last_peak(key: PeakKey, peaks: dict[PeakKey, int]) -> tuple[int | None, int | None]:
    """Return a measured peak and its batch: this one's, else the last of another."""
    if key in peaks:
        return peaks[key], key.batch_size
    for other, peak in reversed(peaks.items()):
        if replace(other, batch_size=key.batch_size) == key:
            return peak, other.batch_size
    return None, None
