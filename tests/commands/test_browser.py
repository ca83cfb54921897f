"""When the server opens a browser, and on what."""

import sys
import threading
import webbrowser

import pytest

from commands import browser
from commands.browser import has_desktop, open_browser, wants_browser
from commands.serve import browser_link
from web.security import Guard
from web.site import WebOptions


@pytest.mark.parametrize(
    ("system", "environment", "wanted"),
    [
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0", "CI": "true"}, False),
        ("linux", {"DISPLAY": ":0", "container": "podman"}, False),
        ("linux", {"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "a b"}, True),  # windows appear where the person sits
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "a b"}, False),
        ("win32", {}, True),
        ("win32", {"CI": "1"}, False),
    ],
)
def test_what_counts_as_a_desktop(system, environment, wanted):
    assert has_desktop(environment, system) is wanted


@pytest.fixture
def desktop(monkeypatch):
    """As if somebody had started this in a terminal on a desktop."""
    for name in ("CI", "container", "KUBERNETES_SERVICE_HOST", "COLAB_RELEASE_TAG", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(browser, "CONTAINERS", ())
    monkeypatch.setattr(browser, "_is_terminal", lambda stream: stream is not None)
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.BackgroundBrowser("firefox"))


def test_a_desktop_gets_a_browser_unless_it_is_not_wanted(desktop):
    assert wants_browser(None) and wants_browser(True) and not wants_browser(False)


def test_a_browser_that_would_take_over_the_terminal_is_not_opened(desktop, monkeypatch):
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("/usr/bin/w3m"))
    assert not wants_browser(None) and wants_browser(True)


def test_a_container_or_a_pipe_gets_none_unless_it_is_asked_for(desktop, monkeypatch, tmp_path):
    monkeypatch.setattr(browser, "CONTAINERS", (tmp_path,))
    assert not wants_browser(None) and wants_browser(True)
    monkeypatch.setattr(browser, "CONTAINERS", ())
    monkeypatch.setattr(sys, "stdin", None)
    assert not wants_browser(None)


def test_the_browser_is_opened_beside_the_server(monkeypatch):
    opened, go_on = [], threading.Event()

    def open_slowly(url):
        go_on.wait(30)
        opened.append((url, threading.current_thread().name))

    monkeypatch.setattr(webbrowser, "open", open_slowly)
    thread = open_browser("http://127.0.0.1:1")
    assert opened == []
    go_on.set()
    thread.join(30)
    assert opened == [("http://127.0.0.1:1", "browser")]


def test_no_browser_at_all_is_no_error(monkeypatch):
    def fail(url):
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "open", fail)
    open_browser("http://127.0.0.1:1").join(30)


def test_a_token_travels_in_a_link_that_works_once():
    assert browser_link("http://127.0.0.1:1", Guard(WebOptions())) == "http://127.0.0.1:1"
    guard = Guard(WebOptions(token="a long secret"))
    first, second = browser_link("http://127.0.0.1:1", guard), browser_link("http://127.0.0.1:1", guard)
    assert first.startswith("http://127.0.0.1:1/?token=") and first != second and "secret" not in first
