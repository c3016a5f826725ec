"""Measures one of EvenNet's nets in PyTorch and prints the result as one JSON document.

The nets are those that Caffe published: grouped convolutions, local response normalization, pooling that rounds up, and
GoogLeNet with both auxiliary classifiers in training. Needs torch 1.13 or newer and nothing else.

    python3 pytorch.py caffenet --batch 32 --threads 2 --layout channels_last
    python3 pytorch.py caffenet --batch 256 --device cuda:0 --precision bf16 --layout channels_last --compile
"""
import argparse
import json
import math
import resource
import statistics
import sys
import time

import torch
from torch import nn
import torch.nn.functional as F

BLOCK_SECONDS = 0.2     # a repetition runs the work at least this long
WARM_UP_SECONDS = 0.4
LEAST_REPETITIONS = 5


def convolution(inputs, outputs, kernel, stride=1, pad=0, groups=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups), nn.ReLU(inplace=True))


def dense(inputs, outputs, dropout):
    return nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU(inplace=True), nn.Dropout(dropout))


def max_pool(kernel, stride, pad=0):
    return nn.MaxPool2d(kernel, stride, pad, ceil_mode=True)


def lrn():
    return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)


class Plain(nn.Sequential):
    """One classifier; the loss takes a list of (scores, weight)."""

    def forward(self, x):
        return [(super().forward(x), 1.0)]


def caffenet():
    return Plain(
        convolution(3, 96, 11, stride=4), max_pool(3, 2), lrn(),
        convolution(96, 256, 5, pad=2, groups=2), max_pool(3, 2), lrn(),
        convolution(256, 384, 3, pad=1), convolution(384, 384, 3, pad=1, groups=2), convolution(384, 256, 3, pad=1, groups=2),
        max_pool(3, 2), nn.Flatten(), dense(9216, 4096, 0.5), dense(4096, 4096, 0.5), nn.Linear(4096, 1000))


def vgg16():
    layers, inputs = [], 3
    for depth, outputs in [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]:
        for _ in range(depth):
            layers.append(convolution(inputs, outputs, 3, pad=1))
            inputs = outputs
        layers.append(max_pool(2, 2))
    return Plain(*layers, nn.Flatten(), dense(25088, 4096, 0.5), dense(4096, 4096, 0.5), nn.Linear(4096, 1000))


class Inception(nn.Module):
    def __init__(self, inputs, one, reduce3, three, reduce5, five, pool):
        super().__init__()
        self.branches = nn.ModuleList([
            convolution(inputs, one, 1),
            nn.Sequential(convolution(inputs, reduce3, 1), convolution(reduce3, three, 3, pad=1)),
            nn.Sequential(convolution(inputs, reduce5, 1), convolution(reduce5, five, 5, pad=2)),
            nn.Sequential(max_pool(3, 1, pad=1), convolution(inputs, pool, 1))])

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


class GoogLeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.to_4a = nn.Sequential(
            convolution(3, 64, 7, stride=2, pad=3), max_pool(3, 2), lrn(),
            convolution(64, 64, 1), convolution(64, 192, 3, pad=1), lrn(), max_pool(3, 2),
            Inception(192, 64, 96, 128, 16, 32, 32), Inception(256, 128, 128, 192, 32, 96, 64), max_pool(3, 2),
            Inception(480, 192, 96, 208, 16, 48, 64))
        self.to_4d = nn.Sequential(
            Inception(512, 160, 112, 224, 24, 64, 64), Inception(512, 128, 128, 256, 24, 64, 64), Inception(512, 112, 144, 288, 32, 64, 64))
        self.to_scores = nn.Sequential(
            Inception(528, 256, 160, 320, 32, 128, 128), max_pool(3, 2),
            Inception(832, 256, 160, 320, 32, 128, 128), Inception(832, 384, 192, 384, 48, 128, 128),
            nn.AvgPool2d(7, 1), nn.Flatten(), nn.Dropout(0.4), nn.Linear(1024, 1000))
        self.auxiliary1, self.auxiliary2 = self.auxiliary(512), self.auxiliary(528)

    @staticmethod
    def auxiliary(inputs):
        return nn.Sequential(
            nn.AvgPool2d(5, 3, ceil_mode=True), convolution(inputs, 128, 1), nn.Flatten(), dense(2048, 1024, 0.7), nn.Linear(1024, 1000))

    def forward(self, x):
        a = self.to_4a(x)
        d = self.to_4d(a)
        heads = [(self.to_scores(d), 1.0)]
        return heads + [(self.auxiliary1(a), 0.3), (self.auxiliary2(d), 0.3)] if self.training else heads


NETS = {"caffenet": (caffenet, 227), "vgg16": (vgg16, 224), "googlenet": (GoogLeNet, 224)}


def peak_bytes(device):
    """Largest physical memory of this process, or what it took of the device's."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def blas():
    """The library of matrix products that is loaded: on some systems it is a slow reference."""
    if torch.backends.mkl.is_available():
        return "mkl"
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            loaded = {line.split()[-1].rsplit("/", 1)[-1] for line in maps if "blas" in line or "blis" in line}
    except OSError:
        return "a BLAS that this system does not name"
    return ", ".join(sorted(name for name in loaded if "openblas" in name) or sorted(loaded)) or "its own BLAS"


def measure(run, device, repetitions, seconds):
    """Milliseconds of one run: the median and the best of several blocks of runs, after a warm-up."""
    def block(runs):
        start = time.perf_counter()
        for _ in range(runs):
            run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return (time.perf_counter() - start) / runs

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    # The first runs compile and choose algorithms.
    block(3)
    runs = max(1, math.ceil(BLOCK_SECONDS / block(1)))
    begin = time.perf_counter()
    while time.perf_counter() - begin < WARM_UP_SECONDS:
        block(1)
    blocks, begin = [], time.perf_counter()
    while len(blocks) < repetitions and (len(blocks) < LEAST_REPETITIONS or time.perf_counter() - begin < seconds):
        blocks.append(1e3 * block(runs))
    return {"milliseconds": statistics.median(blocks), "bestMilliseconds": min(blocks), "repetitions": len(blocks), "peakBytes": peak_bytes(device)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("net", choices=NETS)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"), help="cpu, or cuda:N")
    parser.add_argument("--precision", choices=["fp32", "tf32", "bf16"], default="fp32", help="on a GPU; bf16 by autocast")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--layout", choices=["contiguous", "channels_last"], required=True)
    parser.add_argument("--repetitions", type=int, default=11)
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    make, side = NETS[options.net]
    layout = torch.channels_last if options.layout == "channels_last" else torch.contiguous_format
    device, is_cuda = options.device, options.device.type == "cuda"
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = options.precision != "fp32"
    net = make().to(device, memory_format=layout)
    pictures = torch.randn(options.batch, 3, side, side).to(device).contiguous(memory_format=layout)
    labels = torch.randint(0, 1000, (options.batch,)).to(device)
    # All parameters in one kernel, where there is one.
    solver = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4, **({"foreach": True} if is_cuda else {}))
    run = torch.compile(net) if options.compile else net

    def precision():
        return torch.autocast(device.type, dtype=torch.bfloat16, enabled=options.precision == "bf16")

    def forward():
        with torch.inference_mode(), precision():
            run(pictures)

    def train_step():
        solver.zero_grad(set_to_none=True)
        with precision():
            loss = sum(weight * F.cross_entropy(scores, labels) for scores, weight in run(pictures))
        loss.backward()
        solver.step()

    net.eval()
    result = {"forward": measure(forward, device, options.repetitions, options.seconds)}
    net.train()
    result["trainStep"] = measure(train_step, device, options.repetitions, options.seconds)
    result["parameters"] = sum(p.numel() for p in net.parameters())
    result["version"] = torch.__version__
    result["blas"] = f"{torch.cuda.get_device_name(device)}, cuDNN {torch.backends.cudnn.version()}" if is_cuda else blas()
    print(json.dumps(result))


main()
