"""What a user of ComfyScript writes (virtual mode): load the nodes from the server, run a script of them."""

import contextlib
import io
import json
import sys
from pathlib import Path

from comfy_script.runtime import Workflow, load, queue
from PIL.PngImagePlugin import PngInfo

job = json.loads(Path(sys.argv[1]).read_text())
folder = Path(job["folder"])
load(job["url"])

from comfy_script.runtime import nodes as loaded  # noqa: E402  (the nodes exist only once they are loaded)
from comfy_script.runtime.nodes import *  # noqa: E402, F403

progress = []


def draw(seed):
    with Workflow() as workflow:
        model, clip, vae = CheckpointLoaderSimple(Checkpoints.weft_base)  # noqa: F405
        positive = CLIPTextEncode("a red circle", clip)  # noqa: F405
        negative = CLIPTextEncode("blurry", clip)  # noqa: F405
        latent = EmptyLatentImage(128, 128, 1)  # noqa: F405
        latent = KSampler(  # noqa: F405
            model, seed=seed, steps=3, cfg=4, sampler_name="euler", scheduler="normal",
            positive=positive, negative=negative, latent_image=latent, denoise=1,
        )  # fmt: skip
        saved = SaveImage(VAEDecode(latent, vae), "script")  # noqa: F405
    workflow.task.add_progress_callback(lambda told: progress.append([told.node_id, told.value, told.max]))
    return saved.wait()


def picture(result):
    """The bytes of the first image, through the client: it gives Pillow images that keep what the file says."""
    with io.BytesIO() as file:
        image = result[0]
        said = PngInfo()
        for key, text in image.info.items():
            said.add_text(key, text)
        image.save(file, "PNG", pnginfo=said)
        return file.getvalue()


(folder / "drawn.png").write_bytes(picture(draw(job["seed"])))
repeats = [len(draw(job["seed"]).wait()) for _ in range(job["repeats"])]

said = io.StringIO()
with contextlib.redirect_stdout(said), Workflow(wait=True) as refused:
    SaveImage(filename_prefix="never")  # noqa: F405

report = {
    "nodes": sorted(name for name in dir(loaded) if name in ("KSampler", "SaveImage", "LoadImage")),
    "progress": progress,
    "repeats": repeats,
    "refused_task": refused.task is None,
    "refused": said.getvalue(),
    "remaining": queue.queue_remaining,
}
(folder / "report.json").write_text(json.dumps(report))
