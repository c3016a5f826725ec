"""Compares EvenNet with PyTorch on this machine: the same nets, batches and threads, alternating in one run.

Each measurement is a process of its own: `evennet bench net`, then PyTorch with contiguous tensors, then PyTorch with
channels_last, and so on, --rounds times. The faster PyTorch layout counts, apart for forward passes and training steps.
A training step is forward, backward and SGD with momentum 0.9 and weight decay 5e-4; times are medians over all rounds.

    python3 tools/compare/compare.py                            the six usual cases, ten minutes
    python3 tools/compare/compare.py caffenet:32 googlenet:8 --rounds 5 --out comparison
    python3 tools/compare/compare.py --device cuda:0 --precision bf16

On a GPU each layout is measured with torch.compile as well, with cudnn.benchmark, and with autocast for bf16.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES = ["caffenet:32", "caffenet:10", "caffenet:1", "vgg16:8", "googlenet:8", "googlenet:32"]
GPU_CASES = ["caffenet:256", "vgg16:64", "googlenet:128"]
LAYOUTS = ["contiguous", "channels_last"]
PASSES = ["forward", "trainStep"]


def run(command, environment):
    """Runs a command and returns the JSON document that it prints."""
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nfailed with {done.returncode}:\n{done.stderr.strip()}")
    return json.loads(done.stdout)


def evennet_command(given):
    if given:
        return given.split()
    tool = HERE.parent.parent / "artifacts/bin/Cli/release/evennet.dll"
    if not tool.exists():
        sys.exit(f"{tool} is missing: build it with ./build.sh Build, or name the command with --evennet")
    return ["dotnet", str(tool)]


def pytorch_environment(threads):
    """OpenBLAS knows few processors by name; what it does not know gets kernels of half the width."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    try:
        wide = "avx512f" in Path("/proc/cpuinfo").read_text()
    except OSError:
        wide = False
    given = environment.get("OPENBLAS_CORETYPE")
    if given:
        narrow = wide and given.upper() in ("HASWELL", "ZEN", "SANDYBRIDGE", "NEHALEM")
        return environment, f"OPENBLAS_CORETYPE={given} as you set it" + (
            ", which uses half of this processor's vectors or less: unset it, or set SKYLAKEX" if narrow else "")
    if wide:
        environment["OPENBLAS_CORETYPE"] = "SKYLAKEX"
        return environment, "OPENBLAS_CORETYPE=SKYLAKEX set for PyTorch, because this processor has AVX-512"
    return environment, "OPENBLAS_CORETYPE not set"


def summary(results, key):
    """The median over the rounds, and their extremes."""
    values = [key(r) for r in results]
    return statistics.median(values), min(values), max(values)


def compare(case, options, evennet, environment):
    net, batch = case
    ways = {layout: ["--layout", layout] for layout in LAYOUTS}
    common = ["--batch", str(batch), "--threads", str(options.threads), "--seconds", str(options.seconds)]
    if options.device != "cpu":
        ways.update({f"{layout}, compiled": ["--layout", layout, "--compile"] for layout in LAYOUTS})
        common += ["--device", options.device, "--precision", options.precision]
    measured = {name: [] for name in ["evennet", *ways]}
    for round_ in range(options.rounds):
        for name in measured:
            print(f"{net} {batch}, round {round_ + 1} of {options.rounds}: {name}", file=sys.stderr, flush=True)
            if name == "evennet":
                command = evennet + ["bench", "net", net, "--json", "--quiet"] + common
            else:
                command = [options.python, str(HERE / "pytorch.py"), net] + ways[name] + common
            measured[name].append(run(command, environment))
    counts = {name: results[0]["parameters"] for name, results in measured.items()}
    if len(set(counts.values())) > 1:
        sys.exit(f"{net}: the nets are not the same, they have different numbers of parameters: {counts}")

    row = {"net": net, "batch": batch, "threads": options.threads, "parameters": counts["evennet"], "blas": measured[LAYOUTS[0]][0]["blas"], "precision": options.precision,
           "torch": measured[LAYOUTS[0]][0]["version"], "limits": measured["evennet"][0]["limits"]}
    for pass_ in PASSES:
        times = {name: summary(results, lambda r: r[pass_]["milliseconds"]) for name, results in measured.items()}
        best = min(ways, key=lambda way: times[way][0])
        memory = {name: max(r[pass_]["peakBytes"] for r in results) for name, results in measured.items()}
        row[pass_] = {
            "evennetMilliseconds": times["evennet"][0], "pytorchMilliseconds": times[best][0], "pytorchLayout": best,
            "ratio": times[best][0] / times["evennet"][0],
            "lowestRatio": times[best][1] / times["evennet"][2], "highestRatio": times[best][2] / times["evennet"][1],
            "peakShare": statistics.median(r[pass_]["peakShare"] or 0 for r in measured["evennet"]),
            "evennetBytes": memory["evennet"], "pytorchBytes": memory[best],
            "all": {name: [r[pass_]["milliseconds"] for r in results] for name, results in measured.items()}}
    return row


def table(rows):
    lines = ["| net, batch | pass | EvenNet ms | images/s | PyTorch ms | images/s | its layout | EvenNet is | over the rounds | memory, EvenNet | PyTorch |",
             "|---|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        for pass_, name in zip(PASSES, ["forward", "training step"]):
            p = row[pass_]
            lines.append(
                f"| {row['net']}, {row['batch']}{'' if row['precision'] == 'fp32' else ', ' + row['precision']} | {name} | {p['evennetMilliseconds']:.1f} | {1e3 * row['batch'] / p['evennetMilliseconds']:.1f} "
                f"| {p['pytorchMilliseconds']:.1f} | {1e3 * row['batch'] / p['pytorchMilliseconds']:.1f} | {p['pytorchLayout']} | **{p['ratio']:.2f} x** "
                f"| {p['lowestRatio']:.2f} to {p['highestRatio']:.2f} | {p['evennetBytes'] / 1e6:.0f} MB | {p['pytorchBytes'] / 1e6:.0f} MB |")
    return "\n".join(lines)


def parse_case(text):
    net, _, batch = text.partition(":")
    if net not in {c.split(":")[0] for c in CASES + GPU_CASES} or not batch.isdigit() or int(batch) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no NET:BATCH; {', '.join(CASES)} for example")
    return net, int(batch)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", type=parse_case, metavar="NET:BATCH", help="six usual ones by default, three on a GPU")
    parser.add_argument("--device", default="cpu", help="cpu (the default), or cuda:N")
    parser.add_argument("--precision", choices=["fp32", "tf32", "bf16"], default="fp32", help="of a GPU's products and convolutions")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of both; all by default")
    parser.add_argument("--rounds", type=int, default=3, help="alternations (3)")
    parser.add_argument("--seconds", type=float, default=3, help="for each kind of pass, at least five repetitions (3)")
    parser.add_argument("--out", help="write OUT.md and OUT.json")
    parser.add_argument("--evennet", help="the command, if it is not the build in this folder")
    parser.add_argument("--python", default=sys.executable, help="a Python with torch, if it is not this one")
    options = parser.parse_args()
    evennet = evennet_command(options.evennet)
    environment, note = pytorch_environment(options.threads)

    if options.device == "cpu" and options.precision != "fp32":
        parser.error(f"--precision {options.precision} is for a GPU: give --device cuda:0")

    cases = options.cases or [parse_case(c) for c in (CASES if options.device == "cpu" else GPU_CASES)]
    rows = [compare(case, options, evennet, environment) for case in cases]
    where = f"{platform.machine()}, {options.threads} threads" if options.device == "cpu" else options.device
    text = [table(rows), "", f"{where}; PyTorch {rows[0]['torch']} with {rows[0]['blas']}{'; ' + note if options.device == 'cpu' else ''}."]
    if rows[0]["limits"]:
        text.append(f"Measured peak {rows[0]['limits']['gflops']:.0f} GFLOP/s, memory read at {rows[0]['limits']['readGigabytesPerSecond']:.1f} GB/s.")
    text.append(f"Medians of {options.rounds} round{'s' if options.rounds > 1 else ''}; memory is the largest of each process. A ratio over the rounds compares the worst with the best.")
    if options.device == "cpu" and "openblas" not in rows[0]["blas"] and "mkl" not in rows[0]["blas"]:
        text.append(f"This PyTorch has no fast BLAS ({rows[0]['blas']}), so the comparison flatters EvenNet; on Debian: apt install libopenblas0-pthread.")
    print("\n".join(text))
    if options.out:
        Path(f"{options.out}.md").write_text("\n".join(text) + "\n", encoding="utf-8")
        Path(f"{options.out}.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


main()
