#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Retired instructions from reset to the first instruction of the first user program: bench/boot.py [BUILD]

The firmware's (OpenSBI) are among them. Boots with -icount, so that figures repeat to the instruction: once with nothing but that
program, once with Debian's busybox and bpftool beside it (scripts/bootstrap.sh fetches them). Ends with 1 where one is above the
limit. Linux 6.12 of Debian, which unpacks as little, takes 1.05 billion."""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMIT = 20_000_000
DEBIAN = {"usr/bin/busybox": "bin/busybox", "usr/sbin/bpftool": "bin/bpftool",
          "usr/lib/riscv64-linux-gnu/libc.so.6": "lib/libc.so.6"}


def retired(build, folder, files):
    archive = os.path.join(folder, "initramfs.cpio")
    subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "mkcpio.py"), archive] +
                   [f"{host}:/{guest}" for host, guest in files.items()], check=True)
    run = subprocess.run(
        ["qemu-system-riscv64", "-machine", "virt", "-m", "256M", "-nographic", "-monitor", "none", "-no-reboot",
         "-icount", "shift=0,sleep=off", "-kernel", os.path.join(build, "kernel", "kernel.elf"), "-initrd", archive],
        stdin=subprocess.DEVNULL, check=True, capture_output=True, text=True, timeout=120)
    return int(run.stdout.split()[-1]), os.path.getsize(archive)


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build")
    debian = os.path.join(ROOT, "build", "sysroot", "debian")
    above = 0
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "boot")
        subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", "-nostdlib", "-fno-builtin", "-fno-stack-protector",
                        os.path.join(ROOT, "bench", "boot.c"), "-o", program], check=True)
        more = {os.path.join(debian, host): guest for host, guest in DEBIAN.items()}
        for files in [{program: "init"}, {program: "init"} | more]:
            if not all(os.path.exists(file) for file in files):
                continue
            count, size = retired(build, folder, files)
            above += count > LIMIT
            print(f"boot, initramfs of {size // 1024:5} KiB {count:>12,}   at most {LIMIT:,}")
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
