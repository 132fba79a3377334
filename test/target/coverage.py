#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the generator of random programs covers: every opcode of the instruction set, and lines and branches of the JIT.
Compiles the JIT for the host with coverage, and plans and writes code for that many random programs (plan_random.cpp).

  coverage.py [COUNT] [--lines]      --lines: also each line that was never reached"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
JIT = os.path.join(ROOT, "runtime", "core", "jit", "rv64")


def valid_opcodes():
    """Opcodes of RFC 9669, with what Linux has besides."""
    alu = [code | source | cls for cls in (4, 7) for code in range(0, 0xd0, 0x10) for source in (0, 8)
           if (code, source) != (0x80, 8)]
    alu += [0xd4, 0xdc, 0xd7]  # byte order
    jumps = [code | source | cls for cls in (5, 6) for code in (*range(0x10, 0x80, 0x10), *range(0xa0, 0xe0, 0x10))
             for source in (0, 8)]
    jumps += [0x05, 0x06, 0x85, 0x8d, 0x95, 0xe5]
    sizes = (0x00, 0x08, 0x10, 0x18)
    memory = [mode | size for mode in (0x61, 0x62, 0x63) for size in sizes] + [0x81 | size for size in sizes[:3]]
    memory += [0xc3 | size for size in sizes]  # atomics; of a byte and two: load-acquire and store-release
    packets = [mode | size for mode in (0x20, 0x40) for size in sizes[:3]]
    return set(alu + jumps + memory + packets + [0x18])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, default=5000)
    parser.add_argument("--lines", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program, raw, profile = (os.path.join(folder, name) for name in ("plan_random", "raw", "profile"))
        runtime, unit = os.path.join(ROOT, "runtime"), os.path.join(ROOT, "test", "unit")
        subprocess.run(["clang++-19", "-std=gnu++20", "-O1", "-fno-rtti", "-fprofile-instr-generate", "-fcoverage-mapping",
                        "-I", runtime, "-I", unit, "-I", HERE, os.path.join(HERE, "plan_random.cpp"),
                        os.path.join(HERE, "random_program.cpp"), os.path.join(runtime, "core/isa/encoding.cpp"),
                        os.path.join(runtime, "core/base/arena.cpp"), *glob.glob(os.path.join(JIT, "*.cpp")),
                        "-o", program], check=True)
        run = subprocess.run([program, "1", str(options.count)], env={**os.environ, "LLVM_PROFILE_FILE": raw},
                             capture_output=True, text=True, check=False)
        if run.returncode:
            sys.exit(run.stderr.strip())
        subprocess.run(["llvm-profdata-19", "merge", raw, "-o", profile], check=True)
        sources = sorted(glob.glob(os.path.join(JIT, "*")))
        report = json.loads(subprocess.run(["llvm-cov-19", "export", program, f"-instr-profile={profile}", *sources],
                                           capture_output=True, text=True, check=True).stdout)
        shown = subprocess.run(["llvm-cov-19", "show", program, f"-instr-profile={profile}", "-show-instantiations=false",
                                *sources], capture_output=True, text=True, check=True).stdout if options.lines else ""
    seen = {int(opcode, 16) for opcode in re.findall(r"^opcode (\w+)", run.stdout, re.M)} - {0}
    wanted = valid_opcodes()
    print(f"{options.count} programs; {len(wanted & seen)} of {len(wanted)} opcodes")
    if wanted - seen or seen - wanted:
        print("never:", *(f"{opcode:02x}" for opcode in sorted(wanted - seen)),
              "; unknown:", *(f"{opcode:02x}" for opcode in sorted(seen - wanted)))
    print(f"{'':16}{'functions':>14}{'lines':>16}{'branches':>18}")
    for file in report["data"][0]["files"] + [{"filename": "all", "summary": report["data"][0]["totals"]}]:
        parts = [file["summary"][kind] for kind in ("functions", "lines", "branches")]
        print(f"{os.path.basename(file['filename']):16}" + "".join(
            f"{part['covered']:8} of {part['count']:4}" for part in parts) + f"{parts[1]['percent']:8.1f} % of lines")
    print(*(line for line in shown.splitlines() if re.search(r"^\s*\d+\|\s*0\|", line) or line.endswith(":")), sep="\n")
    return 1 if wanted - seen else 0


if __name__ == "__main__":
    sys.exit(main())
