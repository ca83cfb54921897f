"""Messages survive the pipe, whatever is in them."""

import io
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.errors import NodeRef
from execution.events import (
    Cached,
    Failed,
    Finished,
    NodeBlocked,
    NodeFinished,
    NodeStarted,
    Progress,
    Started,
    UiOutput,
    Warned,
)
from execution.jobs.records import JobError, Outcome
from execution.workers import wire
from execution.workers.event_data import event_from_data, event_to_data
from execution.workers.messages import (
    Answer,
    Ask,
    Broadcast,
    CancelJob,
    Ended,
    Ending,
    Free,
    Pack,
    Picture,
    Ready,
    RunJob,
    Starting,
    Told,
)
from execution.workers.plain import plain
from execution.workers.settings import WorkerSettings
from execution.workers.wire import Frames, WireError, encode, read_message

ERROR = JobError("node", "boom", "pkg.Bad", "5", "KSampler", ("line 1", "line 2"), {"seed": [1, 2.5, "x", None]})
OUTCOME = Outcome(
    "error",
    outputs={"9": {"images": [{"filename": "a.png"}]}},
    meta={"9": {"node_id": "9", "display_node": "9", "parent_node": None, "real_node_id": "9"}},
    cached=("1",),
    executed=("2", "3"),
    error=ERROR,
    cancelled_at=("5", "KSampler"),
    seconds=1.5,
    blocked=({"node": "4", "node_type": "Switch", "message": "no"},),
    warnings=("mind the gap",),
    used={"seeds": {"3": 2**64 - 1}, "models": {"a.safetensors": "abc"}},
)
MESSAGES = [
    RunJob("j", {"1": {"class_type": "A", "inputs": {"x": ["2", 0], "y": "\ud800 é"}}}, ["1"], {"client_id": "c"}, 2),
    CancelJob("j"),
    Free(True, False),
    Ask(7, "validate", [["1", "A", {"x": None}, {"x": "IMAGE"}]]),
    Starting("loading torch"),
    Ending("sys.exit(3) was called"),
    Ready({"A": {"inputs": [], "outputs": []}}, (Pack("p", "/p", ["A"], error="no"),), {"name": "cpu"}, {"torch": "2"}),
    Told("j", [["Started", [3]]]),
    Picture("j", ["1", "A", "1", None, "1"], "preview", "image/jpeg", b"\xff\xd8\0picture"),
    Ended("j", OUTCOME),
    Answer(7, [None, "bad"]),
    Broadcast("my.event", {"x": 1}, "client"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_comes_back_as_it_was(message):
    assert read_message(io.BytesIO(encode(message)).read) == message


def test_a_stream_cut_anywhere_gives_the_same_messages():
    stream = b"".join(map(encode, MESSAGES))
    for size in (1, 7, 1000, len(stream)):
        got = []
        frames = Frames(got.append)
        for start in range(0, len(stream), size):
            frames.feed(stream[start : start + size])
        assert got == MESSAGES


def test_a_stream_that_ends_in_a_message_has_ended():
    frame = encode(MESSAGES[0])
    for end in (0, 3, 8, 20, len(frame) - 1):
        assert read_message(io.BytesIO(frame[:end]).read) is None


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">II", 2**31, 0) + b"x",
        struct.pack(">II", 3, 2**32 - 1),
        struct.pack(">II", 2, 0) + b"{]",
        struct.pack(">II", 2, 0) + b"[]",
        struct.pack(">II", 13, 0) + b'["RunJob",{}]',
        struct.pack(">II", 10, 0) + b'["Nope",1]',
        struct.pack(">II", 4, 0) + b"\xff\xfe\xfd\xfc",
    ],
)
def test_what_is_no_message_is_refused(data):
    with pytest.raises(WireError, match="no message"):
        Frames(lambda _: None).feed(data)


def test_messages_have_a_largest_size(monkeypatch):
    monkeypatch.setattr(wire, "LONGEST_TEXT", 1000)
    assert read_message(io.BytesIO(encode(Answer(1, "x" * 900))).read) == Answer(1, "x" * 900)
    with pytest.raises(WireError, match="too large"):
        encode(Answer(1, "x" * 1001))


def test_values_that_json_lacks_become_texts():
    class Thing:
        def __str__(self):
            return "a thing"

    class Broken:
        def __str__(self):
            raise ValueError

    message = Answer(1, {1: Thing(), "broken": Broken(), "set": {2}, "deep": [math.nan, (1, b"x")], None: 10**5000})
    value = read_message(io.BytesIO(encode(message)).read).value
    assert value["1"] == "a thing"
    assert "Broken" in value["broken"]
    assert value["set"] == [2]
    assert value["deep"] == ["nan", [1, "b'x'"]]
    assert value["None"].startswith("0x")


def test_what_contains_itself_ends_somewhere():
    loop = []
    loop.append(loop)
    value = read_message(io.BytesIO(encode(Answer(1, loop))).read).value
    assert isinstance(value, list)


def test_plain_numbers_and_enumerations():
    import enum

    class Colour(enum.IntEnum):
        RED = 3

    class Name(enum.StrEnum):
        A = "a"

    assert plain([Colour.RED, Name.A, True, -0.0, math.inf, 2**64]) == [3, "a", True, 0.0, "inf", 2**64]
    assert type(plain(Name.A)) is str
    assert type(plain(Colour.RED)) is int


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.none(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_plain_data_survives_and_stays_plain(value):
    made = plain(value)
    assert plain(made) == made
    assert read_message(io.BytesIO(encode(Answer(1, made))).read) == Answer(1, made)


REF = NodeRef("5.0.0.1", "KSampler", "5", "5", "5")


@pytest.mark.parametrize(
    "event",
    [
        Started(300),
        Cached(("1", "2")),
        NodeStarted(REF),
        NodeFinished(REF, 0.25),
        Progress(REF, 3, 20),
        Progress(REF, 0.5, 1.0),
        UiOutput(REF, {"images": [{"filename": "a.png"}]}),
        Warned(None, "mind"),
        Warned(REF, "mind"),
        NodeBlocked(REF, "no"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_events_survive(event):
    sent = encode(Told("j", [event_to_data(event)]))
    (data,) = read_message(io.BytesIO(sent).read).events
    assert event_from_data(data) == event
    assert isinstance(event_from_data(data), type(event))


def test_the_end_of_a_run_is_told_by_its_outcome_alone():
    assert event_to_data(Finished(1.0)) is None
    assert event_to_data(Failed(Exception())) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [math.nan, math.inf, "x", None, 10**400])
def test_progress_that_is_no_number_is_left_out(number):
    assert event_to_data(Progress(REF, number, 20)) is None


def test_settings_survive_the_command_line():
    settings = WorkerSettings(
        "/w s/ü", model_dirs=("/m",), extra={"loras": ("/a", "/b")}, cache="lru:5", disk_cache_bytes=10**12
    )
    assert WorkerSettings.from_argument(settings.to_argument()) == settings
    assert WorkerSettings("/w").session != WorkerSettings("/w").session
    for text in ("", "[]", "{}", '{"workspace": "/w", "model_dirs": 5}'):
        with pytest.raises(ValueError):
            WorkerSettings.from_argument(text)
