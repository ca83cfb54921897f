"""Idempotency keys."""

import asyncio

import pytest

from execution.jobs.errors import KeyReused
from execution.jobs.idempotency import LIFETIME
from execution.jobs.records import Outcome
from execution.jobs.store import JobStore
from tests.execution.jobs_helpers import Clock, new, opened, with_store

KEYED = {"idempotency_key": "key", "body_digest": "same"}


def test_the_same_request_again_gives_the_first_job(tmp_path):
    async def main() -> None:
        async with opened(tmp_path) as store:
            first = await store.submit(new("a", **KEYED))
            again = await store.submit(new("b", **KEYED))
            assert not first.replayed and again.replayed
            assert again.job == first.job
            assert store.remaining == 1 and await store.get("b") is None
            await store.claim("w")
        async with opened(tmp_path) as store:
            await store.claim("w")
            ended = await store.finish("a", Outcome("success"))
            assert (await store.submit(new("c", **KEYED))).job == ended

    asyncio.run(main())


def test_all_at_once_make_one_job(tmp_path):
    async def test(store: JobStore) -> None:
        made = await asyncio.gather(*(store.submit(new(f"j{i}", **KEYED)) for i in range(30)))
        assert len({submitted.job.id for submitted in made}) == 1
        assert [submitted.replayed for submitted in made].count(False) == 1
        assert store.remaining == 1

    with_store(tmp_path, test)


def test_another_request_with_the_key_is_refused(tmp_path):
    async def test(store: JobStore) -> None:
        await store.submit(new("a", **KEYED))
        with pytest.raises(KeyReused, match="'key'") as refused:
            await store.submit(new("b", idempotency_key="key", body_digest="other"))
        assert refused.value.job_id == "a"
        assert not (await store.submit(new("b", idempotency_key="other", body_digest="same"))).replayed

    with_store(tmp_path, test)


def test_a_key_lives_for_a_day(tmp_path):
    clock = Clock()

    async def test(store: JobStore) -> None:
        await store.submit(new("a", **KEYED))
        clock.now += LIFETIME - 10
        assert (await store.submit(new("b", **KEYED))).replayed
        clock.now += 10
        assert not (await store.submit(new("c", **KEYED))).replayed
        assert (await store.submit(new("d", **KEYED))).job.id == "c"

    with_store(tmp_path, test, clock=clock)


def test_a_deleted_job_is_not_run_again_for_its_key(tmp_path):
    async def test(store: JobStore) -> None:
        await store.submit(new("a", **KEYED))
        await store.claim("w")
        ended = await store.finish("a", Outcome("error"))
        await store.delete_ended(None)
        again = await store.submit(new("b", **KEYED))
        assert ended is not None and again.replayed
        assert (again.job.id, again.job.status, again.job.ended) == ("a", "error", ended.ended)
        with pytest.raises(KeyReused):
            await store.submit(new("b", idempotency_key="key", body_digest="other"))
        assert store.remaining == 0

    with_store(tmp_path, test)


def test_a_refused_job_leaves_its_key_free(tmp_path):
    async def test(store: JobStore) -> None:
        await store.submit(new("a"))
        with pytest.raises(Exception, match="already a job"):
            await store.submit(new("a", **KEYED))
        assert not (await store.submit(new("b", **KEYED))).replayed

    with_store(tmp_path, test)
