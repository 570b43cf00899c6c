"""The peer of bench/convolution.ts: the same convolutions in PyTorch, channels_last.

Reads {layers, threads, repeats} as JSON from the first argument; then `run N` measures pass N % 3 of layer N // 3
and answers with the times of each repeat, `stop` ends.
"""

import json
import resource
import sys
import time

import torch

given = json.loads(sys.argv[1])
torch.set_num_threads(given["threads"])


def create_pass(layer, number):
    size, padding, stride = layer["size"], [layer["padding"]] * 2, [layer["stride"]] * 2
    images = torch.randn(layer["batch"], layer["inputs"], size, size)
    filters = torch.randn(layer["outputs"], layer["inputs"], layer["kernel"], layer["kernel"])
    images, filters = (each.contiguous(memory_format=torch.channels_last) for each in (images, filters))
    if number == 0:
        return lambda: torch.nn.functional.conv2d(images, filters, None, stride, padding)
    dy = torch.randn_like(torch.nn.functional.conv2d(images, filters, None, stride, padding))
    wanted = [number == 1, number == 2, False]
    return lambda: torch.ops.aten.convolution_backward(
        dy, images, filters, None, stride, padding, [1, 1], False, [0, 0], 1, wanted
    )


@torch.no_grad()
def run(task):
    compute = create_pass(given["layers"][task // 3], task % 3)
    compute()
    times = []
    for _ in range(given["repeats"]):
        started = time.perf_counter()
        compute()
        times.append(1000 * (time.perf_counter() - started))
    return {"timesMs": times, "loss": 0}


def answer(message):
    print(json.dumps(message), flush=True)


answer({"ready": f"PyTorch {torch.__version__}"})
for line in sys.stdin:
    command, *arguments = line.split()
    if command == "stop":
        answer({"peakBytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss})
        break
    answer(run(int(arguments[0])))
