"""What a training would do, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from models.tuning.preparing import Prepared

MOST = 8  # sizes that are listed


def plan_lines(prepared: Prepared) -> Iterator[str]:
    """What is learned, from what, how long, and what it takes on disk."""
    settings, order = prepared.job.settings, prepared.material.order
    train = settings.train
    model = prepared.checkpoint.model
    yield f"Model: {prepared.job.model} ({model.family}, predicts {prepared.objective.prediction})"
    what = {"lora": f"a LoRA of rank {settings.lora.rank}", "embedding": "an embedding", "full": "the whole network"}
    text = ", with the text encoders" if settings.text_encoders else ""
    yield f"Learns: {what[settings.learn]}{text}: {prepared.learned:,} numbers, on {model.memory.device.type}"
    sizes = prepared.buckets.most_common(MOST)
    told = ", ".join(f"{count} of {width}x{height}" for (width, height), count in sizes)
    more = f" and {len(prepared.buckets) - MOST} more sizes" if len(prepared.buckets) > MOST else ""
    yield f"Pictures: {len(prepared.examples)} ({told}{more}) in {prepared.job.pictures}"
    a_step = train.batch_size * train.accumulate
    epochs = train.steps * train.accumulate / order.batches
    yield f"Steps: {train.steps} of {a_step} pictures, {epochs:.1f} times through all of them"
    yield f"Disk: {prepared.room / 1e6:,.0f} MB in {prepared.job.folder}"
