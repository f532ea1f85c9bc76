"""What a caption run tells on stderr: nothing, lines now and then, or a live display."""

import io
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from rich.console import Console, RenderableType

from f1cap.models.catalog import CATALOG
from f1cap.records.images import Problem
from f1cap.records.models import Device, DType, Placement
from f1cap.records.readings import MemoryReading
from f1cap.render import live, progress
from f1cap.render.live import LiveDisplay
from f1cap.render.progress import CaptionProgress, PlainLines
from f1cap.render.terminal import message_console, say
from tests.render.test_render import CAPTIONS, run_record

SPEC = CATALOG["git-base"]
MEMORY = MemoryReading(300 * 2**20)
BAD_IMAGE = Problem("image", "bad.jpg is empty.", None, "bad.jpg", SPEC.name)


class _Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(progress, "time", clock)
    monkeypatch.setattr(live, "time", clock)
    return clock


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=80)


def _lines(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def _run(listener: CaptionProgress, clock: _Clock) -> None:
    """Tell of a model that is downloaded, of two new captions, a reused one and a failure."""
    listener.model_started(SPEC, 5)
    for done_bytes in (10, 500, 1000):
        listener.downloading(done_bytes, 1000, "model.safetensors")
    listener.model_loaded(
        Placement(Device.parse("cpu"), DType.FLOAT32, ("The GPU is too old.",)), 1.5
    )
    clock.now_s += 2
    listener.captioned(CAPTIONS[0], MEMORY)
    listener.kept("reused.jpg")
    listener.failed(BAD_IMAGE)
    clock.now_s += 4
    listener.captioned(CAPTIONS[1], MEMORY)
    listener.note("Out of memory at batch size 8; continuing with 4.")


def test_plain_lines(console: Console, clock: _Clock) -> None:
    listener = CaptionProgress(console, display=PlainLines(console))
    _run(listener, clock)
    listener.model_finished(run_record())
    assert _lines(console) == [
        "git-base: downloading 1.0 kB of 1.0 kB",
        "note: The GPU is too old.",
        "failed: bad.jpg is empty.",
        "git-base: 4/5 images, 0.33 images/s, 0:00:03 left",
        "note: Out of memory at batch size 8; continuing with 4.",
        "git-mini: 2 captions in 12.75 s, 1 reused, 1 failed, 1 sidecar not written",
    ]


def test_plain_lines_become_rare(console: Console, clock: _Clock) -> None:
    listener = CaptionProgress(console, display=PlainLines(console))
    listener.model_started(SPEC, 100_000)
    listener.model_loaded(Placement(Device.parse("cpu"), DType.FLOAT32), 1.5)
    written: list[float] = []
    for second in range(8 * 3600):
        before = len(_lines(console))
        clock.now_s = 100.0 + second
        listener.captioned(CAPTIONS[0], MEMORY)
        written += [second] * (len(_lines(console)) - before)
    assert written[:3] == [5, 10, 15]
    pauses = [later - earlier for earlier, later in pairwise(written)]
    assert pauses == sorted(pauses)
    assert set(pauses[-400:]) == {60}
    assert sum(second < 600 for second in written) < 40


def test_plain_lines_tell_of_reused_captions(console: Console, clock: _Clock) -> None:
    listener = CaptionProgress(console, display=PlainLines(console))
    listener.model_started(SPEC, 1000)
    for _ in range(12):
        clock.now_s += 1
        listener.kept("reused.jpg")
    assert _lines(console) == ["git-base: 5/1,000 images", "git-base: 10/1,000 images"]


def test_verbose_lines_name_checkpoint_and_device(console: Console, clock: _Clock) -> None:
    listener = CaptionProgress(console, verbose=True, display=PlainLines(console))
    _run(listener, clock)
    assert _lines(console)[0] == "git-base: microsoft/git-base at main"
    assert "git-base: loaded on cpu, float32 in 1.50 s" in _lines(console)


def test_quiet_tells_of_failures_and_of_an_interruption_only(
    console: Console, clock: _Clock
) -> None:
    listener = CaptionProgress(console, quiet=True, verbose=True)
    _run(listener, clock)
    listener.interrupted(run_record())
    failure, interruption = _lines(console)
    assert failure == "failed: bad.jpg is empty."
    assert interruption == (
        "Interrupted: 3 of 4 captions are saved in results/photos-0123/git-mini; run the same "
        "command again to go on."
    )


def test_a_failure_of_no_image_counts_none(console: Console) -> None:
    listener = CaptionProgress(console)
    listener.model_started(SPEC, 5)
    listener.failed(replace(BAD_IMAGE, image=None))
    assert listener.state.done == 0


def test_the_live_display_follows_the_state(console: Console, clock: _Clock) -> None:
    display = LiveDisplay(console, lambda: listener.state, ram_total_bytes=8 * 2**30)
    listener = CaptionProgress(console, display=display)

    def shown() -> str:
        with console.capture() as capture:
            console.print(display.draw())
        return capture.get()

    assert shown().strip() == ""
    listener.model_started(SPEC, 5)
    assert "git-base: loading" in shown()
    listener.downloading(250, 1000, "model.safetensors")
    assert "git-base: downloading" in shown()
    assert "0.2/1.0 kB" in shown()
    listener.downloading(1000, 1000, "model.safetensors")
    assert "git-base: loading" in shown()  # not a bar that stands still at its end
    listener.model_loaded(Placement(Device.parse("cpu"), DType.FLOAT32), 1.5)
    assert "0/5 n/a · -:--:-- left" in shown()
    clock.now_s += 2
    listener.captioned(CAPTIONS[0], MEMORY)
    listener.captioned(CAPTIONS[1], MEMORY)
    text = shown()
    assert "2/5 1.0 images/s · 0:00:03 left" in text
    assert "1_drivers/driver_02.jpg" in text
    assert f"Rate █{' ' * 23} last 12.50 s · median 12.50 s" in text
    assert "RAM  ╸" in text
    assert "300 MiB · peak 300 MiB of 8.00 GiB" in text
    clock.now_s += 4
    listener.captioned(CAPTIONS[2], MemoryReading(1, 2**30, 4 * 2**30))
    listener.captioned(CAPTIONS[2], MemoryReading(1, 2**29, 4 * 2**30))
    text = shown()
    assert f"Rate █▅{' ' * 22} last 12.5 ms · median 250 ms" in text  # 1.0 a second, then 0.5
    assert "VRAM ━" in text
    assert "512 MiB · peak 1.00 GiB of 4.00 GiB" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    listener.model_finished(run_record())
    result = "git-mini  2 captions in 12.75 s, 1 reused, 1 failed, 1 sidecar not written"
    assert shown().strip() == result
    listener.model_started(SPEC, 5)
    assert shown().splitlines()[0] == result
    assert "git-base: loading" in shown()


def test_the_live_display_has_one_colour(clock: _Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    console = message_console()
    listener = CaptionProgress(console)
    display = LiveDisplay(console, lambda: listener.state, ram_total_bytes=8 * 2**30)
    shown: list[RenderableType] = []
    listener.model_started(SPEC, 5)
    shown.append(display.draw())
    listener.downloading(250, 1000, "model.safetensors")
    shown.append(display.draw())
    listener.model_loaded(Placement(Device.parse("cpu"), DType.FLOAT32), 1.5)
    clock.now_s += 2
    listener.captioned(CAPTIONS[0], MEMORY)
    shown.append(display.draw())
    styles = [
        segment.style
        for renderable in shown
        for line in console.render_lines(renderable)
        for segment in line
        if segment.style is not None
    ]
    colours = {style.color.name for style in styles if style.color is not None}
    assert colours == {"cyan", "bright_black", "default"}


@pytest.mark.parametrize("width", [40, 80])
def test_a_terminal_gets_lines_that_end_between_words(width: int) -> None:
    message = "The checkpoint of blip-base is not on this machine, and --offline was given. " * 2
    words = ["hint:", *message.split()]
    for terminal, lines in ((True, range(3, 9)), (False, range(1, 2))):
        stream = io.StringIO()
        console = Console(
            file=stream, force_terminal=terminal, color_system="standard", width=width
        )
        say(console, message.strip(), lead="hint: ", style="bold")
        text = re.sub(r"\x1b\[\d*m", "", stream.getvalue())
        assert text.split() == words
        assert len(text.splitlines()) in lines
        if terminal:
            assert stream.getvalue().startswith("\x1b[1mhint: \x1b[0mThe checkpoint")
