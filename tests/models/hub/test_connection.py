"""No way to the hub: said in a sentence and at once."""

import errno
import socket
import threading
import time

import pytest

from f1cap.errors import OfflineError
from f1cap.models.catalog import CATALOG
from f1cap.models.hub.download import fetch

GIT = CATALOG["git-base"]


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_and_not_cached_names_what_works(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv(variable, "1")
    with pytest.raises(OfflineError) as caught:
        fetch(GIT)
    assert f"{variable}=1 is set" in caught.value.message
    assert all(name in (caught.value.hint or "") for name in ("git-mini", "HF_HUB_OFFLINE"))


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("http://127.0.0.1:9", "cannot be reached"),
        ("http://name.invalid", "cannot be reached"),
        ("ftp://127.0.0.1", "is not a valid URL"),
        ("nonsense", "is not a valid URL"),
        ("http://127.0.0.1:99999", "is not a valid URL"),
    ],
)
def test_no_way_to_the_hub_is_told_at_once(
    endpoint: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    monkeypatch.setattr(time, "sleep", None)  # which a client that tries again would call
    with pytest.raises(OfflineError, match=words) as caught:
        fetch(GIT)
    assert "git-mini" in (caught.value.hint or "")
    assert "HF_" in (caught.value.hint or "")


def test_a_name_server_that_never_answers_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_HUB_ETAG_TIMEOUT", "0.2")

    answer, answered = threading.Event(), threading.Event()

    def wait(*_: object, **__: object) -> None:
        answer.wait(60)
        answered.set()
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    monkeypatch.setattr(socket, "create_connection", wait)
    with pytest.raises(OfflineError, match=r"no answer within 0\.2 s"):
        fetch(GIT)
    assert not answered.is_set()
    answer.set()


@pytest.mark.parametrize(
    ("proxy", "words"),
    [("http://127.0.0.1:9", "the proxy 127.0.0.1:9 cannot"), ("http://h:x", "not a valid URL")],
)
def test_a_dead_proxy_is_named(proxy: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.invalid")
    with pytest.raises(OfflineError, match=words):
        fetch(GIT)
