"""What a user of comfy-api-simplified writes: upload, set parameters by title, queue, wait, take the images."""

import json
import sys
from pathlib import Path

from comfy_api_simplified import ComfyApiError, ComfyApiWrapper, ComfyWorkflowWrapper

job = json.loads(Path(sys.argv[1]).read_text())
folder = Path(job["folder"])
api = ComfyApiWrapper(job["url"])


def refusal(prompt):
    try:
        api.queue_and_wait_images(ComfyWorkflowWrapper(prompt), "SaveImage")
    except ComfyApiError as error:
        return str(error)
    return None


drawing = ComfyWorkflowWrapper(job["draw"])
drawing.set_node_param("KSampler", "seed", job["seed"])
images = api.queue_and_wait_images(drawing, "SaveImage")
(folder / "drawn.png").write_bytes(next(iter(images.values())))

repeats = [len(api.queue_and_wait_images(drawing, "SaveImage")) for _ in range(job["repeats"])]

uploaded = api.upload_image(folder / "upload.png", subfolder="uploads")
inverting = ComfyWorkflowWrapper(job["invert"])
inverting.set_node_param("LoadImage", "image", f"{uploaded['subfolder']}/{uploaded['name']}")
images = api.queue_and_wait_images(inverting, "SaveImage")
(folder / "inverted.png").write_bytes(next(iter(images.values())))

report = {
    "repeats": repeats,
    "uploaded": uploaded,
    "refused": refusal(job["refused"]),
    "failed": refusal(job["failing"]),
    "queue": api.get_queue(),
    "sampler": list(api.get_object_info("KSampler")),
    "devices": len(api.get_system_stats()["devices"]),
    "embeddings": api.get_embeddings(),
    "interrupted": api.interrupt(),
}
(folder / "report.json").write_text(json.dumps(report))
