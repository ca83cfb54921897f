"""What the tests of models share."""

from models.sdxl.text_encoder import hide_broken_torchvision

# Some compare with `diffusers`, which takes a torchvision that is installed for one that works. spandrel brings one
# along, which beside a torch for CPUs alone is often built for another; it must learn so before it first looks.
hide_broken_torchvision()
