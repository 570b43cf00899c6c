"""The peer of moco-step.ts: the same MoCo v2 step in PyTorch, on one thread as the wasm engine."""

import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision.models.resnet import BasicBlock, ResNet

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)


class Narrow(ResNet):
    """ResNet-18 of another width; torchvision's widths are fixed."""

    def __init__(self, width, cifar):
        nn.Module.__init__(self)
        self._norm_layer, self.inplanes, self.dilation = nn.BatchNorm2d, width, 1
        self.groups, self.base_width = 1, 64
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False) if cifar else nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1, self.relu = nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        self.maxpool = nn.Identity() if cifar else nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._make_layer(BasicBlock, width, 2)
        for stage in (2, 3, 4):
            setattr(self, f"layer{stage}", self._make_layer(BasicBlock, width << (stage - 1), 2, stride=2))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        features = width * 8
        self.fc = nn.Sequential(nn.Linear(features, features), nn.ReLU(), nn.Linear(features, 128))


def measure(name, width, cifar, size, batch, steps=8):
    query, key = Narrow(width, cifar), Narrow(width, cifar)
    queue = F.normalize(torch.randn(128, 4096), dim=0)
    optimizer = torch.optim.SGD(query.parameters(), 0.03, momentum=0.9, weight_decay=1e-4)
    x1, x2 = torch.randn(batch, 3, size, size), torch.randn(batch, 3, size, size)
    target, times, pointer = torch.zeros(batch, dtype=torch.long), [], 0
    for step in range(steps + 2):
        started = time.perf_counter()
        q = F.normalize(query(x1), dim=1)
        with torch.no_grad():
            for pq, pk in zip(query.parameters(), key.parameters()):
                pk.mul_(0.99).add_(pq, alpha=0.01)
            order = torch.randperm(batch)
            k = F.normalize(key(x2[order]), dim=1)[order.argsort()]
        logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue], 1) / 0.2
        loss = F.cross_entropy(logits, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        queue[:, pointer : pointer + batch] = k.T
        pointer = (pointer + batch) % 4096
        if step >= 2:
            times.append(time.perf_counter() - started)
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads  {name}: "
        f"{batch / statistics.median(times):.1f} images/s ({batch / max(times):.1f} to {batch / min(times):.1f})"
    )


measure("quickstart: ResNet-18/16, 32², batch 32", 16, False, 32, 32)
measure("CIFAR demo: ResNet-18, 3x3 stem, 32², batch 32 (plain BatchNorm)", 64, True, 32, 32)
measure("ImageNet: ResNet-18, 224², batch 8", 64, False, 224, 8)
