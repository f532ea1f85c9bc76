"""One METEOR for all tests of this folder: each costs five seconds of CPU time to start."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from f1cap.metrics.java import find_java
from f1cap.metrics.scoring import ScoringSession
from f1cap.records.scores import JavaRuntime


@pytest.fixture(scope="session")
def warm_session() -> Iterator[ScoringSession]:
    with ScoringSession() as session:
        yield session


@pytest.fixture(scope="session")
def java() -> JavaRuntime:
    return find_java()


@pytest.fixture
def make_java(tmp_path: Path) -> "JavaMaker":
    if sys.platform == "win32":
        pytest.skip("the stubs are shell scripts")
    return JavaMaker(tmp_path)


class JavaMaker:
    """Writes executables that answer `-version` like a Java and do something else otherwise."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self, body: str, *, version: str = "echo 'stub version \"99\"' >&2; exit 0"
    ) -> Path:
        path = self._folder / "java-stub"
        path.write_text(
            f'#!/bin/sh\nif [ "$1" = "-version" ]; then {version}; fi\n{body}\n', "utf-8"
        )
        path.chmod(0o755)
        return path
