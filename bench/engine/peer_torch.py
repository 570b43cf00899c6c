"""The peer of our MoCo v2 step: the same step in plain PyTorch, as facebookresearch/moco writes it.

Reads its case as JSON from the first argument. Then, line by line on stdin: `run N` trains N steps and answers
with their times, `stop` answers with the peak of resident memory and ends.

tuned: channels_last, all threads, the momentum update as one _foreach call. The allocator is the caller's LD_PRELOAD.
precision: fp32, tf32 (CUDA) or bf16 (autocast).
"""

import json
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision

case = json.loads(sys.argv[1])
device, tuned, precision = torch.device(case["device"]), case["tuned"], case["precision"]
batch, size, queue_size = case["batch"], case["size"], case["queueSize"]
T, m, dim = 0.2, 0.999, 128

if tuned and device.type == "cpu":
    torch.set_num_threads(case["threads"])
if device.type == "cuda":
    torch.backends.cudnn.benchmark = tuned
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"


def create_encoder():
    encoder = getattr(torchvision.models, case["arch"])(num_classes=dim)
    if case["stem"] == "cifar":
        encoder.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        encoder.maxpool = nn.Identity()
    features = encoder.fc.in_features
    encoder.fc = nn.Sequential(nn.Linear(features, features), nn.ReLU(), encoder.fc)
    encoder = encoder.to(device)
    return encoder.to(memory_format=torch.channels_last) if tuned else encoder


torch.manual_seed(0)
encoder_q, encoder_k = create_encoder(), create_encoder()
for q, k in zip(encoder_q.parameters(), encoder_k.parameters()):
    k.data.copy_(q.data)
    k.requires_grad = False
parameters_q, parameters_k = list(encoder_q.parameters()), list(encoder_k.parameters())
queue = F.normalize(torch.randn(dim, queue_size), dim=0).to(device)
optimizer = torch.optim.SGD(encoder_q.parameters(), 0.03, momentum=0.9, weight_decay=1e-4)
im_q, im_k = (torch.randn(batch, 3, size, size).to(device) for _ in range(2))
if tuned:
    im_q, im_k = (x.contiguous(memory_format=torch.channels_last) for x in (im_q, im_k))
labels = torch.zeros(batch, dtype=torch.long, device=device)
pointer = 0


@torch.no_grad()
def update_key_encoder():
    if tuned:
        torch._foreach_mul_(parameters_k, m)
        torch._foreach_add_(parameters_k, parameters_q, alpha=1 - m)
    else:
        for q, k in zip(parameters_q, parameters_k):
            k.data = k.data * m + q.data * (1 - m)


def train_step():
    global pointer
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        q = F.normalize(encoder_q(im_q), dim=1)
        with torch.no_grad():
            update_key_encoder()
            order = torch.randperm(batch, device=device)
            k = F.normalize(encoder_k(im_k[order]), dim=1)[torch.argsort(order)]
        positive = torch.einsum("nc,nc->n", [q, k]).unsqueeze(-1)
        negatives = torch.einsum("nc,ck->nk", [q, queue.clone().detach()])
        logits = torch.cat([positive, negatives], dim=1) / T
    loss = F.cross_entropy(logits.float(), labels)
    with torch.no_grad():
        _, predicted = logits.topk(5, 1, True, True)
        correct = predicted.eq(0)
        acc1, acc5 = correct[:, :1].float().sum(), correct.float().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    queue[:, pointer : pointer + batch] = k.T
    pointer = (pointer + batch) % queue_size
    return loss.item(), acc1.item(), acc5.item()


def run(steps):
    times = []
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(steps):
        started = time.perf_counter()
        loss, _, _ = train_step()
        times.append(1000 * (time.perf_counter() - started))
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"timesMs": times, "cpuMs": 1000 * spent / steps, "loss": loss}


def peak_bytes():
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def answer(message):
    print(json.dumps(message), flush=True)


answer({"ready": f"PyTorch {torch.__version__}", "threads": torch.get_num_threads()})
for line in sys.stdin:
    command, *arguments = line.split()
    if command == "stop":
        answer({"peakBytes": peak_bytes()})
        break
    answer(run(int(arguments[0])))
