"""What is learned takes part in predictions exactly as its file will, and gradients are those of the whole batch."""

from __future__ import annotations

import pytest
import torch

from models.adapters.embeddings import EmbeddingFolders
from models.adapters.lora import with_lora
from models.adapters.lora_file import read_lora
from models.checkpoint import load_checkpoint
from models.memory import DeviceMemory
from models.tuning.errors import TuningError
from models.tuning.lesson import Told
from models.tuning.preparing import prepare
from models.tuning.prompts import Word, encode, tokenize
from models.tuning.trainer import Trainer
from tests.models.small_models import relative
from tests.models.tuning_jobs import (
    folder_of,
    job_of,
    learned,
    losses,
    same,
    settings_of,
    small_checkpoint,
    trainer_of,
)

TOLD = Told("tried", 4, 4)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lessons")
    small_checkpoint(folder)
    folder_of(folder / "pictures")
    return folder


def prepared(root, learn="lora", family="sdxl", folder="job", **sections):
    settings = settings_of(root / "pictures", learn, **sections)
    return prepare(job_of(root, settings, small_checkpoint(root, family), folder), "cpu")


def randomised(lesson):
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for value in lesson.parameters.values():
            value.copy_(torch.randn(value.shape, generator=generator) * 0.1)


def answer(model, clip, prompt="picture number 1"):
    """A prediction as samplers ask for it, with patched weights."""
    encoded = clip.encode_text(prompt)
    generator = torch.Generator().manual_seed(1)
    noisy = torch.randn(1, 4, 8, 8, generator=generator)
    label = None
    if model.config.adm_channels:
        rest = torch.zeros(1, model.config.adm_channels - encoded.pooled.shape[1])
        label = torch.cat([encoded.pooled, rest], dim=1)
    with torch.no_grad(), model.memory.computing(model.network, model.patches):
        return model.network(noisy, torch.tensor([500.0]), encoded.cond, label)


def learning_answer(prepared):
    """The same as training computes it."""
    model, clip, _ = prepared.checkpoint
    lesson = prepared.lesson
    with lesson.learning(), torch.no_grad():
        one = encode(clip, [tokenize(clip, "picture number 1", 75)], lesson.vectors())
        noisy = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
        label = None
        if model.config.adm_channels:
            rest = torch.zeros(1, model.config.adm_channels - one.pooled.shape[1])
            label = torch.cat([one.pooled, rest], dim=1)
        return model.network(noisy, torch.tensor([500.0]), one.context, label)


@pytest.mark.parametrize("family", ["sdxl", "sd15"])
def test_a_lora_computes_while_learned_as_when_loaded(root, tmp_path, family):
    sections = {"lora": {"convolutions": True, "text_encoders": True, "alpha": 1.5}, "save": {"dtype": "fp32"}}
    ready = prepared(root, family=family, **sections)
    bare = answer(*ready.checkpoint[:2])
    assert relative(learning_answer(ready), bare) < 1e-5  # begins as nothing
    randomised(ready.lesson)
    learning = learning_answer(ready)
    assert relative(learning, bare) > 0.05
    with ready.lesson.showing(ready.lesson.parameters) as (model, clip):
        assert relative(answer(model, clip), learning) < 1e-4
    file = tmp_path / "made.safetensors"
    ready.lesson.product(ready.lesson.parameters, TOLD).make(file)
    model, clip, _ = load_checkpoint(small_checkpoint(root, family), DeviceMemory.choose("cpu"))
    applied = with_lora(model, clip, read_lora(file), 1.0, 1.0)
    assert applied.misfit == ""
    assert relative(answer(applied.model, applied.clip), learning) < 1e-4
    assert relative(learning_answer(ready), learning) == 0
    assert torch.equal(answer(*ready.checkpoint[:2]), bare)  # no trace on the networks


@pytest.mark.parametrize("family", ["sdxl_refiner", "sd15", "sd21"])
def test_the_other_families_learn_too(root, family):
    sections = {"lora": {"text_encoders": True}, "train": {"last_timestep": 199, "steps": 3}}
    ready = prepared(root, family=family, folder=family, **sections)
    trainer = Trainer(ready)
    result = list(trainer.run())[-1].result
    model, clip, _ = load_checkpoint(small_checkpoint(root, family), DeviceMemory.choose("cpu"))
    applied = with_lora(model, clip, read_lora(result), 1.0, 1.0)
    assert applied.misfit == "" and applied.clip is not None
    assert relative(answer(applied.model, applied.clip), answer(model, clip)) > 1e-3


def test_targets_choose_layers(root):
    crossing = prepared(root, lora={"targets": ["cross_attention"]}).lesson.parameters
    assert crossing and all("_attn2_" in name for name in crossing)
    one = prepared(root, lora={"targets": ["middle_block.1.*attn1.to_q"]}).lesson.parameters
    assert {name.partition(".")[0] for name in one} == {"lora_unet_middle_block_1_transformer_blocks_0_attn1_to_q"}
    with pytest.raises(TuningError, match=r"'attentoin' fits none.*Did you mean attention"):
        prepared(root, lora={"targets": ["attentoin"]})


def test_a_word_computes_while_learned_as_when_loaded(root, tmp_path):
    ready = prepared(root, "embedding", embedding={"word": "<it>", "vectors": 3, "start": "red fox"})
    lesson, clip = ready.lesson, ready.checkpoint.clip
    starts = lesson.parameters["clip_l"].detach()
    assert torch.equal(starts[0], starts[2]) and not torch.equal(starts[0], starts[1])
    randomised(lesson)
    word = Word("<it>", 3)
    learning = encode(clip, [tokenize(clip, "big <it> now", 75, word)], lesson.vectors())
    folder = tmp_path / "embeddings"
    folder.mkdir()
    lesson.product(lesson.parameters, TOLD).make(folder / "tried.safetensors")
    loaded = clip.with_embeddings(EmbeddingFolders((folder,)))
    shown = loaded.encode_text(lesson.prompt("big <it> now"))
    assert lesson.prompt("big <it> now") == "big embedding:tried now"
    assert relative(learning.context, shown.cond) < 1e-5
    assert relative(learning.pooled, shown.pooled) < 1e-5
    with lesson.showing(lesson.parameters) as (_, sampled):
        assert relative(sampled.encode_text("big embedding:tried now").cond, shown.cond) < 1e-6
    before = tokenize(clip, "big fox", 75, word)  # a caption without the word gets it in front
    assert before.chunks["l"][0][1:4] == [-1, -2, -3]


def test_long_captions_are_cut_or_take_more_chunks(root):
    clip = prepared(root).checkpoint.clip
    text = "fox " * 100
    assert tokenize(clip, text, 225).length == 2 and tokenize(clip, text, 225).whole
    cut = tokenize(clip, text, 75)
    assert cut.length == 1 and not cut.whole
    assert tokenize(clip, "a (red:2) fox", 75).chunks != tokenize(clip, "a red fox", 75).chunks  # brackets are signs


def test_every_part_of_the_text_path_gets_gradients(root):
    trainer = trainer_of(prepared(root, "full", full={"text_encoders": True}, folder="text").job)
    before = learned(trainer)
    list(trainer.run())
    moved = {name for name, value in learned(trainer).items() if not torch.equal(value, before[name])}
    for part in ("unet.", "l.", "g."):
        assert any(name.startswith(part) for name in moved), part


@pytest.mark.parametrize("learn", ["lora", "full"])
def test_computing_features_again_changes_no_gradient(root, learn):
    grads = []
    for checkpointing in (False, True):
        sections = {"train": {"checkpointing": checkpointing, "steps": 2}}
        trainer = trainer_of(prepared(root, learn, folder=f"{learn}{checkpointing}", **sections).job)
        told = losses(trainer.run())
        grads.append((told, learned(trainer)))
    assert grads[0][0] == pytest.approx(grads[1][0], rel=1e-5)
    for name, value in grads[0][1].items():
        assert torch.allclose(value, grads[1][1][name], atol=1e-5), name


def test_two_half_batches_learn_what_a_whole_one_does(tmp_path):
    folder_of(tmp_path / "pictures", [(64, 64)] * 4)
    made = []
    for batch, accumulate in ((2, 2), (4, 1)):
        settings = settings_of(
            tmp_path / "pictures", data={"caption_dropout": 0.0},
            train={"batch_size": batch, "accumulate": accumulate, "steps": 1, "rate": 1e-2},
        )  # fmt: skip
        trainer = Trainer(prepare(job_of(tmp_path, settings, folder=f"job{batch}"), "cpu"))
        prepared_ = trainer._prepared
        pictures = sorted(
            slot.example for number in range(accumulate) for slot in prepared_.material.order.batch(number)
        )
        assert pictures == [0, 1, 2, 3]  # both see every picture
        fixed = torch.Generator().manual_seed(4)
        noise = {index: torch.randn(4, 8, 8, generator=fixed) for index in range(4)}
        _same_noise(trainer, noise)
        list(trainer.run())
        made.append(learned(trainer))
    assert all(torch.allclose(made[0][name], made[1][name], atol=2e-4) for name in made[0])
    assert not same(made[0], {name: torch.zeros_like(value) for name, value in made[0].items()})


def _same_noise(trainer, noise):
    """Give each picture noise of its own, whatever batch it is in."""
    from models.tuning.objective import Noise

    material, calls = trainer._prepared.material, []
    whole = material.batch

    def batch(number):
        calls.append([slot.example for slot in material.order.batch(number)])
        return whole(number)

    def draw(shape, generator):
        rows = calls[-1]
        return Noise(torch.stack([noise[row] for row in rows]), torch.tensor([200 + 100 * row for row in rows]))

    material.batch = batch
    object.__setattr__(trainer._prepared.objective, "draw", draw)


def test_v_prediction_is_written_into_the_checkpoint(root):
    ready = prepared(root, "full", train={"prediction": "v_prediction"}, folder="v")
    events = list(Trainer(ready).run())
    model = load_checkpoint(events[-1].result, DeviceMemory.choose("cpu")).model
    assert model.schedule.prediction == "v_prediction"


def test_a_full_result_computes_as_what_was_learned_and_the_source_file_is_untouched(root):
    source = small_checkpoint(root).read_bytes()
    ready = prepared(root, "full", save={"dtype": "fp32"}, train={"ema": 0.9}, folder="whole")
    trainer = Trainer(ready)
    events = list(trainer.run())
    again = load_checkpoint(events[-1].result, DeviceMemory.choose("cpu"))
    with ready.lesson.showing(trainer._average.values) as (model, clip):
        assert relative(answer(*again[:2]), answer(model, clip)) < 1e-5
    assert relative(answer(*again[:2]), answer(*ready.checkpoint[:2])) > 1e-4  # the average is not the last value
    assert small_checkpoint(root).read_bytes() == source


def test_a_folder_of_diffusers_is_written_too(root):
    ready = prepared(root, "full", save={"layout": "diffusers"}, train={"steps": 1}, folder="folder")
    result = list(Trainer(ready).run())[-1].result
    assert (result / "model_index.json").is_file()
    again = load_checkpoint(result, DeviceMemory.choose("cpu"))
    assert relative(answer(*again[:2]), answer(*ready.checkpoint[:2])) < 5e-3


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_about_the_same(root, precision):
    full = losses(trainer_of(prepared(root, folder="fp32").job).run())
    sections = {"train": {"precision": precision}}
    half = losses(trainer_of(prepared(root, folder=precision, **sections).job).run())
    assert half == pytest.approx(full, rel=0.05) and half != full
