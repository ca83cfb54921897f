"""The database underneath: group commit, failures that harm nobody else, other owners' tables, queries."""

import asyncio
import sqlite3
import threading
from contextlib import asynccontextmanager, closing

import pytest

from execution.jobs.connection import writing
from execution.jobs.database import Database
from execution.jobs.errors import StoreClosed, StoreDamaged, StoreTooNew
from execution.jobs.writer import LARGEST_GROUP, Writer

STEPS = (("CREATE TABLE things (name TEXT UNIQUE NOT NULL)",),)


@asynccontextmanager
async def opened(folder, steps=STEPS):
    database = Database.open(folder / "any.db", "things", steps)
    try:
        yield database
    finally:
        database.close()


def insert(name):
    return lambda connection: connection.execute("INSERT INTO things VALUES (?)", (name,)).lastrowid


def names(connection):
    return [row[0] for row in connection.execute("SELECT name FROM things ORDER BY rowid")]


async def held(database: Database) -> threading.Event:
    """Keep the writer busy until the event is set."""
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work(connection):
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(30)

    database_task = asyncio.ensure_future(database.write(work))
    await begun.wait()
    go_on.task = database_task  # kept, and awaited by the last write after it
    return go_on


async def traced(database: Database) -> list[str]:
    """The statements that the writer runs from now on."""
    statements: list[str] = []
    await database.write(lambda connection: connection.set_trace_callback(statements.append))
    return statements


def test_writes_that_wait_share_one_commit(tmp_path):
    async def main():
        async with opened(tmp_path) as database:
            statements = await traced(database)
            go_on = await held(database)
            waiting = [asyncio.ensure_future(database.write(insert(f"n{i}"))) for i in range(50)]
            await asyncio.sleep(0)
            go_on.set()
            assert await asyncio.gather(*waiting) == list(range(1, 51))
            assert await database.read(names) == [f"n{i}" for i in range(50)]
            assert statements.count("COMMIT") == 3  # of the trace, of the writer's wait, and of all fifty

    asyncio.run(main())


def test_a_group_is_bounded(tmp_path):
    async def main():
        async with opened(tmp_path) as database:
            statements = await traced(database)
            go_on = await held(database)
            waiting = [asyncio.ensure_future(database.write(insert(f"n{i}"))) for i in range(2 * LARGEST_GROUP + 1)]
            await asyncio.sleep(0)
            go_on.set()
            await asyncio.gather(*waiting)
            assert statements.count("COMMIT") == 2 + 3

    asyncio.run(main())


def test_a_write_that_fails_harms_no_other(tmp_path):
    async def main():
        async with opened(tmp_path) as database:
            go_on = await held(database)

            def half(connection):
                connection.execute("INSERT INTO things VALUES ('half')")
                raise KeyError("on purpose")

            told = []
            calls = [
                database.write(insert("a"), told.append),
                database.write(half, told.append),
                database.write(insert("a"), told.append),
                database.write(lambda connection: connection.execute("nonsense"), told.append),
                database.write(insert("b"), told.append),
            ]
            waiting = [asyncio.ensure_future(call) for call in calls]
            await asyncio.sleep(0)
            go_on.set()
            results = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(result) for result in results] == [
                int,
                KeyError,
                sqlite3.IntegrityError,
                sqlite3.OperationalError,
                int,
            ]
            assert await database.read(names) == ["a", "b"]
            assert told == [1, 2]  # only of what was committed, in its order

    asyncio.run(main())


def test_a_transaction_that_cannot_even_be_undone_ends_nobody_elses_writes(tmp_path, monkeypatch):
    class Stubborn(sqlite3.Connection):
        """Commits nothing and undoes nothing once."""

        refused = ("COMMIT", "ROLLBACK")

        def execute(self, statement, *values):
            if statement in self.refused:
                self.refused = tuple(one for one in self.refused if one != statement)
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(statement, *values)

    async def main():
        async with opened(tmp_path):
            pass
        connect = sqlite3.connect
        monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: connect(*given, factory=Stubborn, **more))
        writer = Writer(writing(tmp_path / "any.db"), tmp_path / "any.db")
        monkeypatch.undo()
        with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
            await asyncio.wait_for(writer.write(insert("lost")), 30)
        await asyncio.wait_for(writer.write(insert("kept")), 30)
        writer.close()
        async with opened(tmp_path) as database:
            assert await database.read(names) == ["kept"]

    asyncio.run(main())


def test_what_was_written_can_be_read_at_once_by_anybody(tmp_path):
    async def main():
        async with opened(tmp_path) as database:
            with closing(sqlite3.connect(tmp_path / "any.db")) as other:
                for i in range(20):
                    await database.write(insert(f"n{i}"))
                    assert len(names(other)) == i + 1 == len(await database.read(names))

    asyncio.run(main())


def test_a_query_sees_one_moment(tmp_path):
    async def main():
        async with opened(tmp_path) as database:
            await database.write(insert("a"))
            between = threading.Event()
            read = threading.Event()

            def query(connection):
                before = names(connection)
                read.set()
                assert between.wait(30)
                return before, names(connection)

            reading = asyncio.ensure_future(database.read(query))
            await asyncio.to_thread(read.wait, 30)
            await database.write(insert("b"))
            between.set()
            assert await reading == (["a"], ["a"])
            assert await database.read(names) == ["a", "b"]

    asyncio.run(main())


def test_queries_cannot_write(tmp_path):
    async def main():
        async with opened(tmp_path) as database:
            with pytest.raises(Exception, match=r"readonly|read-only"):
                await database.read(insert("a"))
            assert await database.read(names) == []

    asyncio.run(main())


def test_other_owners_have_their_own_tables_and_numbers(tmp_path):
    one = (("CREATE TABLE extras (x)",),)
    two = (*one, ("ALTER TABLE extras ADD COLUMN y DEFAULT 7", "CREATE INDEX extras_y ON extras (y)"))

    async def main():
        async with opened(tmp_path) as database:
            await database.migrate("extras", one)
            await database.migrate("extras", one)
            await database.write(lambda db: db.execute("INSERT INTO extras VALUES (1)"))
        async with opened(tmp_path) as database:
            await database.migrate("extras", two)
            assert await database.read(lambda db: db.execute("SELECT * FROM extras").fetchall()) == [(1, 7)]
            with pytest.raises(StoreTooNew, match="extras"):
                await database.migrate("extras", one)
            with pytest.raises(ValueError):
                await database.migrate("; DROP TABLE", one)

    asyncio.run(main())


def test_a_migration_that_fails_changes_nothing(tmp_path):
    steps = (*STEPS, ("CREATE TABLE more (x)", "INSERT INTO missing VALUES (1)"))

    async def main():
        async with opened(tmp_path) as database:
            await database.write(insert("a"))
        with pytest.raises(sqlite3.OperationalError, match="missing"):
            async with opened(tmp_path, steps):
                pass
        async with opened(tmp_path) as database:
            assert await database.read(names) == ["a"]
            assert await database.read(
                lambda db: db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'more'").fetchone()
            ) == (0,)

    asyncio.run(main())


def test_every_commit_is_synchronous(tmp_path):
    async def main():
        async with opened(tmp_path) as database:

            def settings(connection):
                return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]

            assert await database.write(settings) == [2, "wal"]  # 2: FULL

    asyncio.run(main())


def test_damage_while_running_is_told_and_repaired_by_the_next_start(tmp_path):
    async def main():
        async with opened(tmp_path) as database:
            for i in range(300):
                await database.write(insert(f"n{i}" * 50))
        with (tmp_path / "any.db").open("r+b") as file:
            file.seek(5 * 4096)
            assert len(file.read(4096)) == 4096
        async with opened(tmp_path) as database:
            with (tmp_path / "any.db").open("r+b") as file:
                file.seek(4096)
                file.write(bytes(range(256)) * 64)
            with pytest.raises(StoreDamaged, match=r"damaged.*Start Weft anew"):
                await database.read(names)
        async with opened(tmp_path) as database:
            assert database.salvaged is not None

    asyncio.run(main())


def test_closing(tmp_path):
    async def main():
        database = Database.open(tmp_path / "any.db", "things", STEPS)
        waiting = asyncio.ensure_future(database.write(insert("a")))
        await asyncio.sleep(0)
        database.close()
        assert await waiting == 1
        with pytest.raises(StoreClosed):
            await database.write(insert("b"))
        with pytest.raises(StoreClosed):
            await database.read(names)

    asyncio.run(main())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("weft-store")]


def test_several_event_loops_may_write(tmp_path):
    async def main():
        async with opened(tmp_path) as database:

            def elsewhere(name):
                return asyncio.run(database.write(insert(name)))

            numbers = await asyncio.gather(*(asyncio.to_thread(elsewhere, f"n{i}") for i in range(8)))
            assert sorted(numbers) == list(range(1, 9))

    asyncio.run(main())
