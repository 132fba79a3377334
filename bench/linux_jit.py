# SPDX-License-Identifier: MIT OR Apache-2.0
"""Linux's riscv64 JIT on the programs of programs.c: boots Debian's kernel for riscv64, as apt's mirror has it, with
linux_jit.c as its only process, in the same QEMU as everything else and with -icount."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def kernel():
    """Path of the kernel image, fetched where it is not there yet; None where there is none to be had."""
    folder = os.path.join(ROOT, "build", "sysroot", "linux")
    if not os.path.isdir(os.path.join(folder, "boot")):
        run = subprocess.run([os.path.join(ROOT, "scripts", "fetch-riscv64.sh"), folder, "@kernel"], capture_output=True,
                             text=True, check=False)
        if run.returncode:
            print(run.stderr.strip(), file=sys.stderr)
            return None
    boot = os.path.join(folder, "boot")
    return next(os.path.join(boot, name) for name in sorted(os.listdir(boot)) if name.startswith("vmlinu"))


def sections(programs):
    """{name: code} of the object's sections bench/NAME, the empty program first."""
    listing = subprocess.run(["llvm-readelf-19", "-S", "-W", programs], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"\] bench/(\w+) +PROGBITS +\w+ (\w+) (\w+)", listing)
    with open(programs, "rb") as file:
        image = file.read()
    code = {name: image[int(offset, 16):int(offset, 16) + int(size, 16)] for name, offset, size in found}
    return {name: code[name] for name in sorted(code, key=lambda name: name != "empty")}


def measure(work, programs, has_bit_manipulation):
    """({name: (instructions, bytes, result)}, {kind: instructions of the JIT for each BPF instruction}), or
    None. Instructions are those beyond the empty program."""
    image = kernel()
    if image is None:
        return None
    with open(os.path.join(work, "programs_bpf.h"), "w", encoding="utf-8") as header:
        header.write("static const struct program {\n  const char *name;\n  const void *code;\n  unsigned bytes;\n} programs[] = {\n")
        for name, code in sections(programs).items():
            text = "".join(f"\\x{byte:02x}" for byte in code)
            header.write(f'  {{"{name}", "{text}", {len(code)}}},\n')
        header.write("};\n")
    client, archive = os.path.join(work, "init"), os.path.join(work, "linux.cpio")
    subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", "-I", work, "-I", HERE, os.path.join(HERE, "linux_jit.c"),
                    "-o", client], check=True)
    subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "mkcpio.py"), archive, f"{client}:/init"], check=True)
    cpu = "rv64" if has_bit_manipulation else "rv64,zba=off,zbb=off,zbc=off,zbs=off"
    run = subprocess.run(["qemu-system-riscv64", "-nographic", "-machine", "virt", "-cpu", cpu, "-m", "1G", "-smp", "1",
                          "-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "clock=vm", "-no-reboot", "-kernel", image,
                          "-initrd", archive, "-append",
                          # With its SBI PMU driver Linux leaves the counter inhibited.
                          "console=ttyS0 panic=-1 quiet nokaslr initcall_blacklist=pmu_sbi_devinit"],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, timeout=600)
    runs = re.findall(r"^run (\w+) (-?\d+) (\d+) (\w+)", run.stdout, re.M)
    compilations = {}
    for kind, insns, cost in re.findall(r"^compile (\w+) (\d+) (\d+)", run.stdout, re.M):
        compilations.setdefault(kind, []).append((int(insns), int(cost)))
    if not runs or not compilations or "failed" in run.stdout:
        sys.exit(f"Linux: {run.stdout[-800:]}")
    slopes = {kind: (b[1] - a[1]) / (b[0] - a[0]) for kind, (a, b) in compilations.items()}
    figures = {name: (int(cost), int(size), int(result, 16)) for name, cost, size, result in runs}
    del figures["empty"]
    return figures, slopes
