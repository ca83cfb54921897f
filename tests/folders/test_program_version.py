"""Which commit is checked out, however git keeps that."""

import pytest

from folders.program_version import checked_out_commit, program_version

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def git(tmp_path):
    (tmp_path / ".git" / "refs" / "heads").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return tmp_path / ".git"


def test_a_branch_a_packed_branch_and_a_commit_itself(git):
    (git / "packed-refs").write_text(
        f"# pack-refs with: peeled\n{'f' * 40} refs/heads/other\n{COMMIT} refs/heads/main\n"
    )
    assert checked_out_commit(git.parent) == COMMIT
    (git / "refs" / "heads" / "main").write_text("a" * 40 + "\n")
    assert checked_out_commit(git.parent) == "a" * 40
    (git / "HEAD").write_text(COMMIT)
    assert checked_out_commit(git.parent) == COMMIT


def test_a_further_working_tree(git, tmp_path):
    (git / "refs" / "heads" / "main").write_text(COMMIT)
    own = git / "worktrees" / "two"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/main")
    (own / "commondir").write_text("../..\n")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / ".git").write_text(f"gitdir: {own}\n")
    assert checked_out_commit(tmp_path / "two") == COMMIT


@pytest.mark.parametrize("head", ["ref: refs/heads/none", "no commit", ""])
def test_where_nothing_is_known(git, head):
    (git / "HEAD").write_text(head)
    assert checked_out_commit(git.parent) is None


def test_without_a_clone(tmp_path):
    assert checked_out_commit(tmp_path) is None
    assert program_version(tmp_path) == "unknown"
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.3"\n')
    assert program_version(tmp_path) == "1.2.3"
