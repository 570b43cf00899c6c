# What the tests of PyTorch files ask of PyTorch itself: python3 torch_files.py COMMAND FILE...
import collections
import pickle
import sys

import torch

# PyTorch 1.13's weights_only reader knows no floats, not even those of its own files; later ones do.
KNOWS_FLOATS = int(torch.__version__.split(".")[0]) >= 2


def load(file):
    return torch.load(file, map_location="cpu", weights_only=KNOWS_FLOATS)


def same(a, b, path=""):
    if isinstance(a, torch.Tensor):
        assert a.dtype == b.dtype and a.shape == b.shape, (path, a.dtype, b.dtype, a.shape, b.shape)
        bits = [bytes(x.contiguous().untyped_storage() if hasattr(x, "untyped_storage") else x.contiguous().storage().untyped())[: x.numel() * x.element_size()] for x in (a.clone(), b.clone())]
        assert bits[0] == bits[1], path
    elif isinstance(a, dict):
        assert isinstance(b, dict) and list(a) == list(b), (path, list(a), list(b))
        for key in a:
            same(a[key], b[key], f"{path}.{key}")
        assert getattr(a, "_metadata", None) == getattr(b, "_metadata", None), path
    elif isinstance(a, (list, tuple)):
        assert type(a) is type(b) and len(a) == len(b), (path, a, b)
        for i, (x, y) in enumerate(zip(a, b)):
            same(x, y, f"{path}.{i}")
    else:
        assert type(a) is type(b) and a == b, (path, a, b)


def compare(a, b):
    """Every tensor, name and number of two files is the same, bit for bit."""
    same(torch.load(a, map_location="cpu"), load(b))


def compare_training(a, b):
    """What main_moco.py resumes from is the same, bit for bit."""
    a, b = load(a), load(b)
    for key in ("epoch", "arch", "state_dict", "optimizer"):
        same(a[key], b[key], key)


def write(zip_file, legacy_file):
    """A checkpoint as main_moco.py saves it, of a small network after two steps."""
    torch.manual_seed(0)
    encoder = lambda: torch.nn.Sequential(collections.OrderedDict(conv1=torch.nn.Conv2d(3, 4, 3, bias=False), bn1=torch.nn.BatchNorm2d(4), flat=torch.nn.Flatten(), fc=torch.nn.Linear(4, 2)))
    model = torch.nn.Module()
    model.module = torch.nn.Module()
    model.module.encoder_q, model.module.encoder_k = encoder(), encoder()
    for parameter in model.module.encoder_k.parameters():
        parameter.requires_grad = False
    model.module.register_buffer("queue", torch.randn(2, 8))
    model.module.register_buffer("queue_ptr", torch.zeros(1, dtype=torch.long))
    optimizer = torch.optim.SGD(model.parameters(), 0.03, momentum=0.9, weight_decay=1e-4)
    for _ in range(2):
        optimizer.zero_grad()
        model.module.encoder_q(torch.randn(4, 3, 3, 3)).sum().backward()
        optimizer.step()
    content = {"epoch": 2, "arch": "resnet50", "state_dict": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(content, zip_file)
    torch.save(content, legacy_file, _use_new_zipfile_serialization=False)


def resave(source, target):
    torch.save(load(source), target)


def resume(file):
    """What main_moco.py does with --resume, with parameters of the file's shapes."""
    checkpoint = load(file)
    state = checkpoint["state_dict"]
    names = [name for name in state if "encoder_" in name and "running_" not in name and "num_batches" not in name]
    parameters = [torch.nn.Parameter(torch.zeros_like(state[name]), "encoder_q" in name) for name in names]
    optimizer = torch.optim.SGD(parameters, 1.0, momentum=0.5)
    optimizer.load_state_dict(checkpoint["optimizer"])
    group = optimizer.param_groups[0]
    for parameter in parameters:
        if parameter.requires_grad:
            parameter.grad = torch.ones_like(parameter)
    before = optimizer.state[parameters[0]]["momentum_buffer"].clone()
    optimizer.step()
    after = optimizer.state[parameters[0]]["momentum_buffer"]
    assert torch.allclose(after, before * group["momentum"] + 1), "the momentum was not taken over"
    print(checkpoint["epoch"], checkpoint["arch"], group["lr"], group["momentum"], group["weight_decay"])
    print(" ".join(list(state)[:3]), state["module.queue_ptr"].dtype, tuple(state["module.queue_ptr"].shape))
    print(sum(1 for s in optimizer.state.values() if s), len(group["params"]), before.abs().sum().item() > 0)


def classifier(file):
    """What main_lincls.py does with --resume."""
    checkpoint = load(file)
    state = checkpoint["state_dict"]
    best = checkpoint["best_acc1"].to("cpu")
    parameters = [torch.nn.Parameter(state["module.fc.weight"]), torch.nn.Parameter(state["module.fc.bias"])]
    optimizer = torch.optim.SGD(parameters, 30.0, momentum=0.9)
    optimizer.load_state_dict(checkpoint["optimizer"])
    shapes = [tuple(optimizer.state[p]["momentum_buffer"].shape) for p in parameters]
    print(checkpoint["epoch"], checkpoint["arch"], f"{best.item():.6g}", shapes, list(state)[0], list(state)[-1])


def detectron(checkpoint_file, pickle_file):
    """What detection/convert-pretrain-to-detectron2.py of facebookresearch/moco writes of a checkpoint."""
    expected = {}
    for name, tensor in load(checkpoint_file)["state_dict"].items():
        if not name.startswith("module.encoder_q."):
            continue
        name = name.replace("module.encoder_q.", "")
        if "layer" not in name:
            name = "stem." + name
        for t in [1, 2, 3, 4]:
            name = name.replace("layer{}".format(t), "res{}".format(t + 1))
        for t in [1, 2, 3]:
            name = name.replace("bn{}".format(t), "conv{}.norm".format(t))
        name = name.replace("downsample.0", "shortcut").replace("downsample.1", "shortcut.norm")
        expected[name] = tensor.numpy()
    with open(pickle_file, "rb") as file:
        found = pickle.load(file)
    assert list(found) == ["model", "__author__", "matching_heuristics"], list(found)
    assert found["__author__"] == "MOCO" and found["matching_heuristics"] is True
    assert list(found["model"]) == list(expected)
    for name, array in expected.items():
        other = found["model"][name]
        assert other.dtype == array.dtype and other.shape == array.shape and other.tobytes() == array.tobytes(), name


commands = [compare, compare_training, write, resave, resume, classifier, detectron]
{command.__name__: command for command in commands}[sys.argv[1]](*sys.argv[2:])
