"""Enlarging pictures by networks, in the layouts in which people have their files. Weights are random."""

import math
import sys
import warnings
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from models.checkpoints.errors import CheckpointError
from models.memory import DeviceMemory
from models.upscaling.enlarge import OVERLAP, SMALLEST_TILE, TILE, UpscaleError, enlarge
from models.upscaling.library import import_spandrel
from models.upscaling.network import UpscaleModel, load_upscaler


class Dense(nn.Module):
    """A residual dense block as the ESRGAN paper draws it, under Real-ESRGAN's names."""

    def __init__(self, width, growth):
        super().__init__()
        for index in range(1, 6):
            out = growth if index < 5 else width
            self.add_module(f"conv{index}", nn.Conv2d(width + (index - 1) * growth, out, 3, padding=1))

    def forward(self, x):
        known = [x]
        for index in range(1, 5):
            known.append(F.leaky_relu(getattr(self, f"conv{index}")(torch.cat(known, 1)), 0.2))
        return x + 0.2 * self.conv5(torch.cat(known, 1))


class Rrdb(nn.Module):
    def __init__(self, width, growth):
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (Dense(width, growth) for _ in range(3))

    def forward(self, x):
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class RealEsrgan(nn.Module):
    """Real-ESRGAN's generator, four times larger."""

    def __init__(self, width=8, blocks=2, channels=3):
        super().__init__()
        self.conv_first = nn.Conv2d(channels, width, 3, padding=1)
        self.body = nn.Sequential(*[Rrdb(width, 32) for _ in range(blocks)])
        for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
            self.add_module(name, nn.Conv2d(width, width, 3, padding=1))
        self.conv_last = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, x):
        first = self.conv_first(x)
        x = first + self.conv_body(self.body(first))
        for up in (self.conv_up1, self.conv_up2):
            x = F.leaky_relu(up(F.interpolate(x, scale_factor=2, mode="nearest")), 0.2)
        return self.conv_last(F.leaky_relu(self.conv_hr(x), 0.2))


class Compact(nn.Module):
    """Real-ESRGAN's compact network (SRVGG): convolutions, then pixels shuffled out of channels."""

    def __init__(self, scale=4, width=8, convolutions=2):
        super().__init__()
        self.scale = scale
        layers = [nn.Conv2d(3, width, 3, padding=1), nn.PReLU(width)]
        for _ in range(convolutions):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width)]
        self.body = nn.ModuleList([*layers, nn.Conv2d(width, 3 * scale**2, 3, padding=1)])

    def forward(self, x):
        y = x
        for layer in self.body:
            y = layer(y)
        return F.pixel_shuffle(y, self.scale) + F.interpolate(x, scale_factor=self.scale, mode="nearest")


OLD_NAMES = {
    "conv_first": "model.0", "conv_body": "model.1.sub.2", "conv_up1": "model.3", "conv_up2": "model.6",
    "conv_hr": "model.8", "conv_last": "model.10",
}  # fmt: skip


def old_names(state):
    """ESRGAN's own names, which the first years' files have."""
    renamed = {}
    for name, value in state.items():
        part, _, rest = name.partition(".")
        if part == "body":
            block, dense, convolution, kind = rest.split(".")
            renamed[f"model.1.sub.{block}.{dense.upper()}.{convolution}.0.{kind}"] = value
        else:
            renamed[f"{OLD_NAMES[part]}.{rest}"] = value
    return renamed


def seeded(make, seed=0):
    torch.manual_seed(seed)
    return make().eval()


def picture(height, width, batch=1, channels=3):
    return torch.rand(batch, height, width, channels, generator=torch.Generator().manual_seed(1))


def expected(network, pictures):
    with torch.no_grad():
        return torch.cat([network(one.movedim(-1, 1)).clamp(0, 1).movedim(1, -1) for one in pictures.split(1)])


def silent(_done, _total):
    pass


@pytest.fixture
def memory():
    return DeviceMemory.choose("cpu")


def saved(path, state):
    if path.suffix == ".safetensors":
        save_file({name: value.contiguous() for name, value in state.items()}, path)
    else:
        torch.save(state, path)
    return path


WRITTEN = {
    "real.pth": lambda state: {"params_ema": state},
    "real.safetensors": dict,
    "parallel.pth": lambda state: {f"module.{name}": value for name, value in state.items()},
    "half.safetensors": lambda state: {name: value.half() for name, value in state.items()},
    "old.pth": old_names,
}


@pytest.mark.parametrize("name", WRITTEN)
def test_esrgan_files_of_every_layout(tmp_path, memory, name):
    network = seeded(RealEsrgan)
    model = load_upscaler(saved(tmp_path / name, WRITTEN[name](network.state_dict())), memory)
    assert (model.architecture, model.scale, model.input_channels, model.output_channels) == ("ESRGAN", 4, 3, 3)
    image = picture(20, 13, batch=2)
    result = enlarge(model, image, silent)
    assert result.shape == (2, 80, 52, 3)
    assert result.dtype == torch.float32
    assert torch.allclose(result, expected(network, image), atol=1e-3 if "half" in name else 1e-6)
    assert result.std() > 0.005


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_compact_files(tmp_path, memory, scale):
    network = seeded(lambda: Compact(scale))
    model = load_upscaler(saved(tmp_path / "compact.pth", {"params": network.state_dict()}), memory)
    assert model.scale == scale
    assert next(model.network.parameters()).dtype == torch.float32
    image = picture(9, 11)
    assert torch.allclose(enlarge(model, image, silent), expected(network, image), atol=1e-6)


def attention_networks():
    spandrel = import_spandrel()
    swin = spandrel.architectures.SwinIR.SwinIR
    dat = spandrel.architectures.DAT.DAT
    return {
        "SwinIR": lambda: swin(
            img_size=16, window_size=8, depths=[2], num_heads=[2], embed_dim=12, mlp_ratio=2, upscale=2, img_range=1.0,
            upsampler="pixelshuffle", resi_connection="1conv",
        ),
        "DAT": lambda: dat(
            img_size=16, depth=[2], num_heads=[2], embed_dim=32, split_size=[2, 4], expansion_factor=2, upscale=2,
            img_range=1.0, resi_connection="1conv", upsampler="pixelshuffle",
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["SwinIR", "DAT"])
def test_networks_with_attention(tmp_path, memory, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of how the library calls torch
        network = seeded(attention_networks()[name])
    model = load_upscaler(saved(tmp_path / "a.pth", {"params": network.state_dict()}), memory)
    assert (model.architecture, model.scale) == (name, 2)
    image = picture(16, 24)
    assert torch.allclose(enlarge(model, image, silent), expected(network, image), atol=1e-5)
    assert enlarge(model, picture(13, 7), silent).shape == (1, 26, 14, 3)  # sides that no window divides


def test_tiles_leave_no_seam(tmp_path, memory):
    """Beside the overlaps the picture is that of the whole; in them only what looks past a tile's border differs."""
    network = seeded(lambda: Compact(2, convolutions=1))  # looks 3 pixels far
    model = load_upscaler(saved(tmp_path / "a.pth", network.state_dict()), memory)
    side = TILE + 200
    image = picture(side, 40)
    tiled, whole = enlarge(model, image, silent), expected(network, image)
    assert not torch.equal(tiled, whole)
    overlap = slice(2 * (TILE - OVERLAP), 2 * TILE)
    assert torch.allclose(tiled[:, : overlap.start], whole[:, : overlap.start], atol=1e-6)
    assert torch.allclose(tiled[:, overlap.stop :], whole[:, overlap.stop :], atol=1e-6)
    inner = slice(overlap.start + 6, overlap.stop - 6)
    assert torch.allclose(tiled[:, inner], whole[:, inner], atol=1e-6)
    assert (tiled - whole).abs().max() < 0.02  # at a border the blend gives a tile a weight of 1/65 only


def counting(scale=2, channels=3, limit=None, given=None):
    """A network that enlarges by repeating pixels and notes the tiles it sees; out of memory above a size."""
    sizes = []

    def apply(x):
        sizes.append(tuple(x.shape))
        if limit is not None and x.shape[-1] > limit:
            raise torch.OutOfMemoryError("no room")
        out = x.repeat_interleave(scale, -1).repeat_interleave(scale, -2)
        return out if given is None else out[:, :given]

    memory = DeviceMemory.choose("cpu")
    return UpscaleModel(nn.Identity(), apply, "test", scale, channels, given or channels, memory), sizes


def test_tiles_halve_until_they_fit():
    model, sizes = counting(limit=200)
    image = picture(40, 600, batch=2)
    told = []
    result = enlarge(model, image, lambda *count: told.append(count))
    assert torch.allclose(result, image.repeat_interleave(2, 1).repeat_interleave(2, 2), atol=1e-6)
    assert [size[-1] for size in sizes[:3]] == [512, 256, 128]
    assert all(size[-1] <= 128 for size in sizes[2:])  # the second picture is not tried in large tiles again
    per_picture = math.ceil((600 - 128) / (128 - OVERLAP)) + 1
    assert told == [(number + 1, 2 * per_picture) for number in range(2 * per_picture)]


def test_a_device_too_small_for_the_smallest_tile_is_told():
    model, sizes = counting(limit=50)
    with pytest.raises(UpscaleError, match="tiles of 128 pixels"):
        enlarge(model, picture(200, 200), silent)
    assert sizes[-1][-1] == SMALLEST_TILE


def test_work_stops_between_tiles():
    class Stopped(Exception):
        pass

    def stop(done, _total):
        if done == 2:
            raise Stopped

    model, sizes = counting()
    with pytest.raises(Stopped):
        enlarge(model, picture(8, 2000), stop)
    assert len(sizes) == 2


def test_the_last_tile_is_no_larger_than_what_is_left():
    model, sizes = counting()
    enlarge(model, picture(8, 1024), silent)
    assert [size[-1] for size in sizes] == [512, 512, 64]


def test_networks_for_grey_pictures_get_the_colours_one_by_one():
    model, sizes = counting(channels=1)
    image = picture(5, 6)
    assert torch.equal(enlarge(model, image, silent), image.repeat_interleave(2, 1).repeat_interleave(2, 2))
    assert sizes == [(1, 1, 5, 6)] * 3
    grey = picture(5, 6, channels=1)
    assert torch.equal(enlarge(model, grey, silent)[..., 2], enlarge(model, grey, silent)[..., 0])
    assert len(sizes) == 5


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("taken", [3, 4])
def test_any_picture_fits_a_network_for_colours(channels, taken):
    model, sizes = counting(channels=taken)
    result = enlarge(model, picture(4, 4, channels=channels), silent)
    assert result.shape == (1, 8, 8, 3)
    assert sizes == [(1, taken, 4, 4)]


def test_a_network_that_gives_grey_gives_a_picture():
    model, _ = counting(given=1)
    result = enlarge(model, picture(4, 4), silent)
    assert result.shape == (1, 8, 8, 3)
    assert torch.equal(result[..., 0], result[..., 2])


@pytest.mark.parametrize("shape", [(4, 4, 3), (1, 4, 4, 2), (0, 4, 4, 3)])
def test_what_is_no_picture_is_refused(shape):
    model, _ = counting()
    with pytest.raises(UpscaleError, match="channels"):
        enlarge(model, torch.zeros(shape), silent)


LORA = {"lora_unet_x.lora_down.weight": torch.zeros(4, 8), "lora_unet_x.lora_up.weight": torch.zeros(8, 4)}


@pytest.mark.parametrize(
    "state, says",
    [
        (LORA, "is a LoRA, but a model for upscaling is needed"),
        ({"conv.weight": torch.zeros(3, 3, 3, 3)}, "is no model for upscaling"),
        ({"body.0.weight": torch.zeros(8, 3, 3, 3), "body.1.weight": torch.zeros(8)}, "cannot be read"),
        ({"body.0.weight": torch.zeros(1), "body.999999999.weight": torch.zeros(1)}, "number that no network's has"),
    ],
)
def test_other_files_are_refused_with_a_sentence(tmp_path, memory, state, says):
    with pytest.raises(CheckpointError, match=says):
        load_upscaler(saved(tmp_path / "x.safetensors", state), memory)


def test_code_in_a_file_is_not_run(tmp_path, memory):
    class Hostile:
        def __reduce__(self):
            return (pytest.fail, ("code was run",))

    torch.save({"params": Hostile()}, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match="not run it"):
        load_upscaler(tmp_path / "x.pth", memory)


def test_a_network_that_fills_holes_is_refused(tmp_path, memory, monkeypatch):
    found = SimpleNamespace(architecture=SimpleNamespace(name="LaMa"))  # the real one has 50 million weights
    monkeypatch.setattr(type(import_spandrel().MAIN_REGISTRY), "load", lambda _registry, _state: found)
    with pytest.raises(CheckpointError, match=r"x.safetensors \(LaMa\) takes a mask"):
        load_upscaler(saved(tmp_path / "x.safetensors", LORA), memory)


def test_weights_move_to_a_device_and_are_counted(tmp_path):
    class OtherDevice(DeviceMemory):
        def _copy(self, home):
            return home.clone()

    memory = OtherDevice(torch.device("meta"), DeviceMemory.choose("cpu").dtypes, reserve=-1)
    with torch.inference_mode():
        model = load_upscaler(saved(tmp_path / "a.pth", seeded(RealEsrgan).state_dict()), memory)
        home = [parameter.data_ptr() for parameter in model.network.parameters()]
        with memory.resident(model.network):
            assert [parameter.data_ptr() for parameter in model.network.parameters()] != home
        memory.free()
        assert [parameter.data_ptr() for parameter in model.network.parameters()] == home
    assert sum(size for _, size in model.memory_parts()) == 4 * sum(p.numel() for p in model.network.parameters())


def test_the_library_leaves_torchvision_as_it_was():
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "torchvision"}
    import_spandrel()
    after = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "torchvision"}
    assert after == (before or {"torchvision": None})
