#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Instructions (callgrind) and time of bpfcc and of `clang-19 -target bpf -O2 -g` on the same sources in one run: a tiny
program, the same one on a full Linux vmlinux.h, one that takes that header's task_struct apart, and generated code.
bpfcc relocates, verifies and writes besides: "off" without the preamble cache, "cold" while it is filled, "warm" from
it. clang gets bpfcc's own headers by -isystem. Prints a table; --check fails where a ratio is beyond the limits below.

  compile.py [--build FOLDER] [--btf FILE] [--keep FOLDER] [--row NAME]... [--check]

--btf: where vmlinux.h comes from, by default the running kernel's types. Without them a header of 120,000 generated
lines takes its place."""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
ROWS = ("tiny", "vmlinux.h", "task", "generated")
LIMITS = {("tiny", "cold"): 0.60, ("tiny", "warm"): 0.25, ("vmlinux.h", "warm"): 0.05, ("generated", "cold"): 1.0}

TINY = """#include {header}
#include <bpf/bpf_helpers.h>
struct {{ __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1024); __type(key, __u32); __type(value, __u64); }}
counts SEC(".maps");
SEC("kprobe/do_nanosleep") int count(void *ctx) {{
  __u32 pid = bpf_get_current_pid_tgid() >> 32;
  __u64 one = 1, *value = bpf_map_lookup_elem(&counts, &pid);
  if (value)
    __sync_fetch_and_add(value, 1);
  else
    bpf_map_update_elem(&counts, &pid, &one, 0);
  return 0;
}}
char LICENSE[] SEC("license") = "GPL";
"""

TASK = """#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
SEC("kprobe/do_nanosleep") int parent(void *ctx) {
  struct task_struct *task = (void *)bpf_get_current_task();
  return BPF_CORE_READ(task, real_parent, tgid);
}
char LICENSE[] SEC("license") = "GPL";
"""


def generated_program():
    """24 programs of some 70 lines: loops, branches and map accesses that the optimiser works on."""
    out = ["#include <linux/bpf.h>", "#include <bpf/bpf_helpers.h>",
           "struct value { __u64 sum, count, bucket[16]; };",
           "struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, __u32);",
           "         __type(value, struct value); } values SEC(\".maps\");"]
    for n in range(24):
        out += [f'SEC("kprobe/f{n}") int program{n}(void *ctx) {{',
                f"  __u32 key = {n};",
                "  __u64 now = bpf_ktime_get_ns(), id = bpf_get_current_pid_tgid();",
                "  struct value *v = bpf_map_lookup_elem(&values, &key);",
                "  if (!v)", "    return 0;"]
        for step in range(20):
            out += [f"  if ((now >> {step}) & {1 + step + n}) {{",
                    f"    v->bucket[{step % 16}] += id ^ {0x9e37 + 31 * step * (n + 1)};",
                    f"    v->sum += now * {step + 3};", "  }"]
        out += ["  for (int i = 0; i < 16; i++)", "    v->count += v->bucket[i] >> (i & 7);", "  return 0;", "}"]
    return "\n".join(out + ['char LICENSE[] SEC("license") = "GPL";', ""])


def generated_header():
    out = ["typedef unsigned int __u32; typedef unsigned long long __u64;", "enum { BPF_MAP_TYPE_HASH = 1 };",
           "struct task_struct { struct task_struct *real_parent; int tgid; };"]
    for n in range(15000):
        link = f"struct generated_{n - 1} *link;" if n else "void *link;"
        out += [f"struct generated_{n} {{", f"\t{link}", "\tunsigned long flags;", f"\tint values[{n % 7 + 1}];",
                "\tunion { __u64 wide; __u32 narrow[2]; };", "\tchar name[16];", "};", ""]
    return "\n".join(out)


def write_vmlinux(path, btf):
    dump = None
    tool = shutil.which("bpftool", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if tool and os.path.exists(btf):
        dump = subprocess.run([tool, "btf", "dump", "file", btf, "format", "c"], capture_output=True, text=True,
                              check=False).stdout
    with open(path, "w", encoding="utf-8") as header:
        header.write(dump or generated_header())
    return "kernel's" if dump else "generated"


def instructions(command, env, folder):
    """Of the command and the programs it starts, but not of what outlives it."""
    profile = os.path.join(folder, "callgrind.out")
    for old in os.listdir(folder):
        if old.startswith("callgrind.out"):
            os.remove(os.path.join(folder, old))
    process = subprocess.Popen(["valgrind", "--tool=callgrind", "--trace-children=yes", f"--callgrind-out-file={profile}.%p",
                                *command], env=env, cwd=folder, stderr=subprocess.PIPE, text=True)
    _, messages = process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(command)}: {messages[-500:]}")
    counts = dict(re.findall(r"==(\d+)== Collected : (\d+)", messages))
    return int(counts[str(process.pid)]) if str(process.pid) in counts else sum(map(int, counts.values()))


def seconds(command, env, folder, before=lambda: None):
    times = []
    for _ in range(7):
        before()
        start = time.monotonic()
        subprocess.run(command, env=env, cwd=folder, check=True)
        times.append(time.monotonic() - start)
    return sorted(times)[len(times) // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--btf", default="/sys/kernel/btf/vmlinux")
    parser.add_argument("--keep", help="folder for sources and objects, kept")
    parser.add_argument("--row", action="append", choices=ROWS, help="this source only; may be given several times")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp()
    os.makedirs(folder, exist_ok=True)
    build = os.path.abspath(options.build)
    kind = write_vmlinux(os.path.join(folder, "vmlinux.h"), options.btf)
    sources = {"tiny": TINY.format(header="<linux/bpf.h>"), "vmlinux.h": TINY.format(header='"vmlinux.h"'), "task": TASK,
               "generated": generated_program()}
    cache = os.path.join(folder, "cache")
    env = {**os.environ, "XDG_CACHE_HOME": cache}
    bpfcc = [os.path.join(build, "bin/bpfcc"), "--abi=linux", "-O2", "-g", "-D__TARGET_ARCH_x86", "-I."]
    clang = ["clang-19", "-target", "bpf", "-O2", "-g", "-D__TARGET_ARCH_x86", "-I.", "-isystem",
             os.path.join(ROOT, "bpfcc/frontend/include"), "-isystem", os.path.join(build, "bpfcc/frontend/include"), "-c"]
    forget = lambda: shutil.rmtree(cache, ignore_errors=True)
    print(f"millions of instructions; vmlinux.h: the {kind}")
    print(f"{'source':11}{'clang':>8}{'off':>8}{'cold':>8}{'warm':>8}{'cold/cl':>9}{'warm/cl':>9}"
          f"{'ms: clang':>12}{'off':>6}{'cold':>6}{'warm':>6}")
    failed = False
    for name in options.row or ROWS:
        text = sources[name]
        with open(os.path.join(folder, f"{name}.c"), "w", encoding="utf-8") as source:
            source.write(text)
        files = [f"{name}.c", "-o", f"{name}.o"]
        runs = {"clang": [*clang, *files], "off": [*bpfcc, "--no-preamble-cache", *files], "cold": [*bpfcc, *files]}
        forget()
        count = {what: instructions(command, env, folder) for what, command in runs.items()}
        count["warm"] = instructions(runs["cold"], env, folder)
        spent = {what: seconds(runs[what], env, folder) for what in ("clang", "off")}

        def fresh(command=runs["cold"]):
            for _ in range(2):  # the second waits until what outlives the first is done
                subprocess.run(command, env=env, cwd=folder, check=True)
            forget()
        spent["cold"] = seconds(runs["cold"], env, folder, fresh)
        subprocess.run(runs["cold"], env=env, cwd=folder, check=True)
        spent["warm"] = seconds(runs["cold"], env, folder)
        cold, warm = count["cold"] / count["clang"], count["warm"] / count["clang"]
        print(f"{name:11}" + "".join(f"{count[what] / 1e6:8.1f}" for what in ("clang", "off", "cold", "warm")) +
              f"{cold:9.3f}{warm:9.3f}{spent['clang'] * 1e3:12.0f}" +
              "".join(f"{spent[what] * 1e3:6.0f}" for what in ("off", "cold", "warm")), flush=True)
        for (source, what), limit in LIMITS.items():
            ratio = {"cold": cold, "warm": warm}[what]
            if source == name and ratio > limit:
                failed = True
                print(f"  {what}: {ratio:.3f} is more than {limit}")
    if not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed and options.check else 0)


if __name__ == "__main__":
    main()
