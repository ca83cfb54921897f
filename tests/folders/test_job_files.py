"""The journals of jobs: what they remember, and what dying processes leave of them."""

import errno
import io

import pytest

from folders import job_files
from folders.job_files import JobFiles, Published


def entry(node="9", index=0, number=1):
    return Published(node, index, "output", "", f"x_{number:05}_.png", "d" * 64, 123)


@pytest.fixture
def files(tmp_path):
    return JobFiles(tmp_path / "jobs")


def test_a_later_attempt_finds_what_an_earlier_one_wrote_last(files):
    first = files.open("job")
    first.intend(entry(number=1))
    first.intend(entry(number=2))  # the first name was taken
    first.intend(entry(index=1, number=3))
    first.close()
    second = files.open("job")
    assert second.earlier("9", 0) == entry(number=2)
    assert second.earlier("9", 1) == entry(index=1, number=3)
    assert second.earlier("9", 2) is None
    assert second.earlier("8", 0) is None
    second.close()


def test_an_attempt_does_not_take_its_own_entries_for_earlier_ones(files):
    journal = files.open("job")
    journal.intend(entry())
    assert journal.earlier("9", 0) is None
    journal.close()


def test_every_attempt_numbers_files_alike(files):
    for _ in range(2):
        journal = files.open("job")
        assert [journal.reserve("9", 2), journal.reserve("8", 1), journal.reserve("9", 3)] == [0, 0, 2]
        assert journal.reserve("9", 1) == 5
        journal.close()


def test_lines_that_were_cut_off_are_passed_over_and_do_not_spoil_the_next(files, tmp_path):
    journal = files.open("job")
    journal.intend(entry(index=0))
    journal.intend(entry(index=1))
    journal.close()
    (path,) = (tmp_path / "jobs").iterdir()
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        journal = files.open("job")
        journal.intend(entry(index=2))
        journal.close()
        again = files.open("job")
        assert again.earlier("9", 2) == entry(index=2)
        assert again.earlier("9", 0) in (None, entry(index=0))
        again.close()


def test_a_disk_that_is_full_for_a_while_spoils_nothing(files, tmp_path, monkeypatch):
    journal = files.open("job")
    journal.intend(entry(index=0))
    room = [20]  # bytes

    class Filling(io.FileIO):
        def write(self, data):
            taken = super().write(bytes(data)[: room[0]])
            room[0] -= taken
            if not taken:
                raise OSError(errno.ENOSPC, "No space left on device")
            return taken

    journal.close()
    journal = files.open("job")
    with monkeypatch.context() as patched:
        patched.setattr(job_files, "_appending", lambda path: Filling(path, "ab"))
        with pytest.raises(OSError, match="No space left"):
            journal.intend(entry(index=1))
        journal.close()  # with nothing left to write
    journal.intend(entry(index=2))
    journal.close()
    again = files.open("job")
    assert [again.earlier("9", index) for index in range(3)] == [entry(index=0), None, entry(index=2)]


def test_jobs_without_files_leave_no_journal(files, tmp_path):
    files.open("job").close()
    files.forget("job")
    files.forget_all_but(["job"])
    assert not (tmp_path / "jobs").exists()


def test_journals_are_forgotten_one_by_one_or_but_for_those_still_queued(files, tmp_path):
    ids = ["a678b26b-0b0b-432f-b5bf-adf1eddc206b", "../../escape", "UPPER", "upper", "ä" * 300, ""]
    for job in ids:
        journal = files.open(job)
        journal.intend(entry(node=job))
        journal.close()
    assert len(list((tmp_path / "jobs").iterdir())) == len(ids)
    assert [path.name for path in tmp_path.iterdir()] == ["jobs"]
    files.forget(ids[0])
    files.forget_all_but(ids[1:3])
    assert len(list((tmp_path / "jobs").iterdir())) == 2
    for job in ids[1:3]:
        journal = files.open(job)
        assert journal.earlier(job, 0) is not None
        journal.close()
