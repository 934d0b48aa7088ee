#!/usr/bin/env python3
"""Runs the cases of Benchmarks in PyTorch too, case by case in turn with ours, and prints how the times compare.

    swift build -c release --product Benchmarks
    python3 Benchmarks/Peers/compare.py gemm conv/fwd --threads 2
    python3 Benchmarks/Peers/compare.py step --json peers.jsonl
    SECU_JPEGS=FOLDER python3 Benchmarks/Peers/compare.py decode augment --threads 1

Needs torch, and for `augment` torchvision and Pillow, for `decode` Pillow. Nothing else of the project needs Python.

For each case, `--rounds` times: our program measures it in a process of its own, and PyTorch the same sizes by the same rules (samples of
1 ms or more for --seconds, seven at least, the first ones thrown away until one is less than 2 % faster than the best before it, the median). Who comes
first changes from round to round. A round's ratio is PyTorch's median by ours: above 1 we are faster. The table has the median over the rounds, and
the smallest and the largest ratio.

PyTorch makes a new tensor for each result, as in training; ours has memory of its own for it. On Linux the C library gives large blocks back
to the system and gets them anew, page by page, which can cost more than the operation. --keep-memory makes it keep them (glibc, Linux).

What PyTorch runs, each in float32 on the same number of threads:
  gemm      torch.mm into an existing matrix
  conv      F.conv2d and its two gradients, contiguous and channels_last; the faster of both layouts counts
  norm      BatchNorm2d and ReLU in training mode, forward and with backward; the faster of both layouts counts
  augment   torchvision's transforms on Pillow images in one process, times the threads: the most that a DataLoader could give
  decode    Pillow, from bytes in memory to RGB pixels, in one process, times the threads
  step      the step of secu_torch.py, each layout in a process of its own, with that process's peak memory; the faster one counts
"""
import argparse
import ctypes
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
FAMILIES = ["gemm", "conv", "norm", "augment", "decode", "step"]


def measure(work, seconds, most=10_000):
    """The median seconds a call: samples of at least 1 ms, once those that don't count have settled, as Measurement.swift has it."""
    def sample():
        start = time.perf_counter()
        for _ in range(calls):
            work()
        return time.perf_counter() - start

    work()
    calls, warm_ups, best = 1, 0, math.inf
    while True:
        lasted = sample()
        if lasted < 1e-3:
            calls = math.ceil(calls * max(2, 2e-3 / max(lasted, 2e-6)))
            continue
        warm_ups += 1
        if lasted / calls > best * 0.98 or warm_ups == 50:
            break
        best = lasted / calls
    samples = []
    while len(samples) < most and (len(samples) < 7 or sum(samples) * calls < seconds):
        samples.append(sample() / calls)
    return statistics.median(samples)


# ---------------------------------------------------------------- the kernels in PyTorch


def gemm(case, seconds):
    import torch
    a, b = torch.randn(case["m"], case["k"]), torch.randn(case["k"], case["n"])
    c = torch.empty(case["m"], case["n"])
    return measure(lambda: torch.mm(a, b, out=c), seconds), {}


def layouts():
    import torch
    return {"nchw": torch.contiguous_format, "nhwc": torch.channels_last}


def faster(times):
    """The time of the faster layout, and its name."""
    layout = min(times, key=times.get)
    return times[layout], {"layout": layout}


def conv(case, seconds):
    import torch
    import torch.nn.functional as F
    size, kernel, stride, padding = case["size"], case["kernel"], case["stride"], case["kernel"] // 2
    times = {}
    for name, layout in layouts().items():
        x = torch.randn(case["batch"], case["cin"], size, size).contiguous(memory_format=layout)
        w = torch.randn(case["cout"], case["cin"], kernel, kernel).contiguous(memory_format=layout)
        dy = torch.randn_like(F.conv2d(x, w, stride=stride, padding=padding))

        def backward(*wanted):
            return torch.ops.aten.convolution_backward(
                dy, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, [*wanted, False])

        work = {
            "fwd": lambda: F.conv2d(x, w, stride=stride, padding=padding),
            "dgrad": lambda: backward(True, False),
            "wgrad": lambda: backward(False, True),
        }[case["pass"]]
        with torch.no_grad():
            times[name] = measure(work, seconds)
    return faster(times)


def norm(case, seconds):
    import torch
    import torch.nn.functional as F
    times = {}
    for name, layout in layouts().items():
        bn = torch.nn.BatchNorm2d(case["c"]).train()
        x = torch.randn(case["batch"], case["c"], case["size"], case["size"]).contiguous(memory_format=layout)
        if case["pass"] == "fwd":
            with torch.no_grad():
                times[name] = measure(lambda: F.relu_(bn(x)), seconds)
        else:
            dy = torch.randn_like(x)
            x.requires_grad_()

            def both():
                x.grad = None
                F.relu_(bn(x)).backward(dy)

            times[name] = measure(both, seconds)
    return faster(times)


def augment(case, seconds):
    import random
    import torch
    import types
    # torchvision registers operators of its own at import, none of which is used here; a build for another torch fails there.
    sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))
    import torchvision.transforms as T
    from PIL import Image, ImageFilter, ImageOps
    size, batch = case["size"], case["batch"]
    smallest = 0.3 if size <= 32 else 0.2

    def view(blur, solarise):
        return T.Compose([
            T.RandomResizedCrop(size, scale=(smallest, 1.0)),
            T.RandomApply([T.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8),
            T.RandomGrayscale(p=0.2),
            T.RandomApply([lambda i: i.filter(ImageFilter.GaussianBlur(random.uniform(0.1, 2.0)))], p=blur),
            T.RandomApply([ImageOps.solarize], p=solarise),
            T.RandomHorizontalFlip(), T.ToTensor(), T.Normalize([0.49, 0.48, 0.45], [0.2, 0.2, 0.2]),
        ])

    first, second = view(1.0, 0.0), view(0.1, 0.2)
    images = [Image.fromarray(p.numpy()) for p in torch.randint(0, 256, (batch, size, size, 3), dtype=torch.uint8)]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        one = measure(lambda: [(first(i), second(i)) for i in images], seconds)
    finally:
        torch.set_num_threads(threads)
    return one / threads, {"processes": threads}


def decode(case, seconds):
    import io
    from PIL import Image
    files = [f for f in sorted(Path(os.environ["SECU_JPEGS"]).rglob("*")) if f.suffix.lower() in (".jpg", ".jpeg") and f.is_file()]
    contents = [f.read_bytes() for f in files]
    if len(contents) != case["images"]:
        sys.exit(f"SECU_JPEGS: {len(contents)} JPEG files here, {case['images']} in Benchmarks: name a folder without links that stays as it is")
    import torch
    threads = torch.get_num_threads()
    one = measure(lambda: [Image.open(io.BytesIO(c)).convert("RGB").load() for c in contents], seconds)
    return one / threads, {"processes": threads}


def step(case, seconds, options):
    """Both layouts, each in a process of its own."""
    results = {}
    for layout in layouts():
        arguments = ["--worker", layout, json.dumps(case), "--threads", str(options.threads), "--seconds", str(seconds)]
        arguments += ["--bf16"] * options.bf16 + ["--keep-memory"] * options.keep_memory
        output = subprocess.run([sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout
        results[layout] = json.loads(output.splitlines()[-1])
    layout = min(results, key=lambda name: results[name]["median_s"])
    return results[layout]["median_s"], {"layout": layout, "peer_peak_mb": results[layout]["peak_mb"]}


def step_worker(layout, case, seconds, bf16):
    """Times steps in this process and prints a JSON line."""
    sys.path.insert(0, str(HERE))
    from secu_torch import Step
    median = measure(Step(case["network"], case["batch"], layouts()[layout], bf16), seconds)
    print(json.dumps({"median_s": median, "peak_mb": peak_bytes() / 1e6}))


def peak_bytes():
    """The most memory that this process had."""
    if platform.system() == "Darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Not getrusage: on Linux its maximum is at least that of the process which started this one.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024


def keep_memory():
    """Lets the C library keep what is freed, however large."""
    mallopt = ctypes.CDLL(None).mallopt
    trim_threshold, mmap_max = -1, -4
    mallopt(mmap_max, 0)
    mallopt(trim_threshold, 2**31 - 1)


# ---------------------------------------------------------------- ours


def ours(program, name, options):
    """The JSON line of one case, measured by our program."""
    command = [str(program), name, "--no-peaks", "--json", "-", "--threads", str(options.threads)]
    # With a precision of 0 the time is used up, as PyTorch's is.
    command += ["--batch", str(options.batch), "--seconds", str(options.seconds), "--precision", "0"]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with code {result.returncode}:\n{result.stderr}")
    return json.loads(result.stdout)


def names(program, filters, batch):
    result = subprocess.run(
        [str(program), "--list", "--batch", str(batch), *filters], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    if result.returncode != 0:
        sys.exit(result.stderr.strip())
    listed = result.stdout.split()
    ours_alone = [name for name in listed if name.split("/")[0] not in FAMILIES]
    for part in filters:
        if all(name in ours_alone for name in listed if part in name):
            print(f"{part}: left out, as PyTorch has no such case here; there are {', '.join(FAMILIES)}", file=sys.stderr)
    return [name for name in listed if name not in ours_alone]


def load():
    """The load average of the last minute; None where the system doesn't tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def rounds_of(name, options):
    """Our JSON line of each round, and PyTorch's time and what else belongs to it; the side that comes first changes."""
    mine, theirs = [], []

    def we():
        mine.append(ours(options.program, name, options))

    def they():
        # The sizes are the same in every round.
        if name.startswith("step/"):
            theirs.append(step(mine[0], options.seconds, options))
        else:
            theirs.append(globals()[name.split("/")[0]](mine[0], options.seconds))
        time.sleep(0.25)  # PyTorch's threads wait busily for a while after their last work

    for number in range(options.rounds):
        for side in [we, they] if number % 2 == 0 else [they, we]:
            side()
    return mine, theirs


def results_of(mine, theirs):
    """The fields of a JSON line that the rounds make: all of PyTorch's but the memory from the round with the (lower) median time."""
    ratios = [other[0] / line["median_s"] for line, other in zip(mine, theirs)]
    extra = dict(sorted(theirs, key=lambda other: other[0])[(len(theirs) - 1) // 2][1])
    fields = {"ours_median_s": statistics.median(line["median_s"] for line in mine),
              "peer_median_s": statistics.median(other[0] for other in theirs)}
    if "peer_peak_mb" in extra:
        extra["peer_peak_mb"] = statistics.median(other[1]["peer_peak_mb"] for other in theirs)
        fields["ours_peak_mb"] = statistics.median(line["peak_mb"] for line in mine)
    return {**extra, **fields, "ratio": statistics.median(ratios), "ratio_min": min(ratios), "ratio_max": max(ratios)}


def save(path, lines):
    """Replaces the file in one step; without lines, finds out whether that is possible."""
    target = Path(path).resolve()  # a link stays one
    partial = target.with_name(f".{os.getpid()}.partial")
    try:
        if target.exists() and not target.is_file():
            raise OSError(None, "it is no file")
        with open(partial, "x") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
        partial.replace(target) if lines else partial.unlink()
    except OSError as error:
        partial.unlink(missing_ok=True)
        sys.exit(f"{path}: can't be written ({error.strerror}). Name another file")


def means(families):
    print()
    for family, ratios in families.items():
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(f"{family}: geometric mean {mean:.2f}, lowest {min(ratios):.2f}, highest {max(ratios):.2f} of {len(ratios)}")


def seconds_text(value):
    unit, factor = ("µs", 1e6) if value < 1e-3 else ("ms", 1e3) if value < 1 else ("s", 1)
    return f"{value * factor:.4g} {unit}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filters", nargs="*", help="parts of case names, as Benchmarks takes them (default: all families)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.3, help="for each measurement; seven samples at least")
    parser.add_argument("--bf16", action="store_true", help="steps: PyTorch's autocast to bfloat16; ours stay in float32")
    parser.add_argument("--keep-memory", action="store_true", help="PyTorch's results reuse memory; see above")
    parser.add_argument("--json", help="write a line for each case")
    parser.add_argument(
        "--program", type=Path, default=HERE.parents[1] / ".build/release/Benchmarks", help="our program")
    parser.add_argument("--worker", nargs=2, metavar=("LAYOUT", "CASE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.json == "-":
        parser.error("--json writes a file, and the table goes to standard output")
    if not (1 <= options.threads <= 1024 and 2 <= options.batch <= 4096 and 1 <= options.rounds and 0.001 <= options.seconds <= 3600):
        parser.error("threads are 1 to 1024, a batch 2 to 4096, rounds 1 or more, seconds 0.001 to 3600")
    if options.keep_memory:
        keep_memory()
    try:
        import torch
    except ImportError:
        sys.exit("PyTorch is not installed for this Python: pip install torch")
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    if options.worker:
        return step_worker(options.worker[0], json.loads(options.worker[1]), options.seconds, options.bf16)
    options.program = options.program.resolve()
    if not (options.program.is_file() and os.access(options.program, os.X_OK)):
        sys.exit(f"{options.program} is not there, or no program: swift build -c release --product Benchmarks")
    if options.json:
        save(options.json, [])

    selected = names(options.program, options.filters, options.batch)
    if not selected:
        sys.exit(f"None of these cases is in PyTorch too; there are {', '.join(FAMILIES)}")
    peer = f"torch {torch.__version__}"
    rounds = f"{options.rounds} rounds in turn" if options.rounds > 1 else "1 round"
    print(f"{peer}, {options.threads} threads, batch {options.batch}, medians of {rounds}"
          + (", PyTorch's steps in bfloat16" if options.bf16 and any(name.startswith("step/") for name in selected) else "")
          + (", PyTorch keeps its memory" if options.keep_memory else ""))
    if (load() or 0) > 0.5:
        print(f"The last minute's load was {load():.1f}: if other programs still run, both suffer, and PyTorch, whose "
              "threads wait for one another busily, the most")
    width = max(map(len, selected))
    print(f"{'case':{width}}  {'ours':>9}  {'PyTorch':>9}  {'ratio':>6}  {'rounds':>13}  memory, ours and PyTorch's (MB)")
    lines, families = [], {}
    try:
        for name in selected:
            before = load()
            try:
                mine, theirs = rounds_of(name, options)
            except ImportError as error:  # torchvision or Pillow
                print(f"{name:{width}}  left out: {error}", flush=True)
                continue
            fields = results_of(mine, theirs)
            memory = f"  {fields['ours_peak_mb']:.0f}, {fields['peer_peak_mb']:.0f}" if "peer_peak_mb" in fields else ""
            print(f"{name:{width}}  {seconds_text(fields['ours_median_s']):>9}  {seconds_text(fields['peer_median_s']):>9}  "
                  f"{fields['ratio']:6.2f}  {fields['ratio_min']:5.2f} … {fields['ratio_max']:5.2f}{memory}", flush=True)
            family = "/".join(name.split("/")[:-1]) if name.startswith("conv") else name.split("/")[0]
            families.setdefault(family, []).append(fields["ratio"])
            identity = {k: v for k, v in mine[-1].items() if k in (
                "case", "name", "pass", "operation", "network", "images", "file_bytes", "m", "n", "k", "c", "cin", "cout", "size",
                "kernel", "stride", "batch", "heads", "threads", "isa", "algorithm", "machine", "system", "commit", "compiler", "date")}
            lines.append({"peer": peer, "bf16": options.bf16 and name.startswith("step/"), "kept_memory": options.keep_memory,
                          **identity, "load": before, "rounds": options.rounds, "seconds": options.seconds, **fields})
            if options.json:  # after each case, so that an interrupted comparison leaves what was measured
                save(options.json, lines)
    except KeyboardInterrupt:
        means(families)
        sys.exit(130)
    means(families)
    if not lines:
        sys.exit("Nothing was measured")


if __name__ == "__main__":
    main()
