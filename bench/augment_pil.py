"""The peer of augment.ts: torchvision's transforms on PIL images, as main_moco.py uses them, on one thread.

Reads a JSON line with the folder of JPEGs, then answers every line (the name of a case) with the CPU
seconds and the number of images of one round.
"""

import glob
import json
import random
import sys
import time

import numpy as np
import torch
from PIL import Image, ImageFilter
from torchvision import transforms as T

torch.set_num_threads(1)
setup = json.loads(sys.stdin.readline())


class GaussianBlur:
    """moco/loader.py of facebookresearch/moco."""

    def __init__(self, sigma):
        self.sigma = sigma

    def __call__(self, image):
        return image.filter(ImageFilter.GaussianBlur(radius=random.uniform(*self.sigma)))


jitter = T.RandomApply([T.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8)
gray = T.RandomGrayscale(p=0.2)
end = [T.ToTensor(), T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
blur = T.RandomApply([GaussianBlur([0.1, 2.0])], p=0.5)
crop = T.RandomResizedCrop
cifar = T.Compose([crop(32), T.RandomHorizontalFlip(), jitter, gray, *end])
imagenet = T.Compose([crop(224, scale=(0.2, 1.0)), jitter, gray, blur, T.RandomHorizontalFlip(), *end])

noise = np.random.default_rng(0).integers(0, 256, (setup["small"], 32, 32, 3), dtype=np.uint8)
files = sorted(glob.glob(setup["folder"] + "/*.jpg"))


def open_jpeg(file):
    with open(file, "rb") as stream:
        return Image.open(stream).convert("RGB")


def images(case):
    if case == "cifar":
        return (Image.fromarray(pixels) for pixels in noise), len(noise), cifar
    return (open_jpeg(file) for file in files), len(files), imagenet


for line in sys.stdin:
    pictures, count, transform = images(line.strip())
    started = time.process_time()
    views = [torch.stack(view) for view in zip(*[(transform(p), transform(p)) for p in pictures])]
    print(json.dumps({"seconds": time.process_time() - started, "images": count}), flush=True)
