#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Debian's own riscv64 bpftrace on the reference kernel, unmodified: bpftrace.py [BUILD]

Fetches it with LLVM and the other libraries that it needs (some 60 MB) into BUILD/external, boots with 2 GiB, and runs one script after
the other while a process makes system calls. Prints one line a script; ends with 1 where one's output is not as expected. By hand:
some minutes."""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGES = ["bpftrace", "libbpf1", "libbpfcc", "libllvm19", "libclang1-19", "libclang-cpp19", "libelf1t64", "libstdc++6",
            "libgcc-s1", "libz3-4", "libedit2", "libxml2", "libffi8", "libbsd0", "libmd0", "libtinfo6", "liblzma5",
            "libbz2-1.0", "libsframe1", "libatomic1", "zlib1g", "libzstd1", "libc6", "busybox"]
LOADER = "ld-linux-riscv64-lp64d.so.1"
END = " interval:s:4 { exit(); }"
# What bpftrace gets, and what must be in its output.
SCRIPTS = [
    (["-e", 'BEGIN { printf("%s %d\\n", comm, curtask != 0); exit(); } END { printf("end\\n"); }'], r"bpftrace 1\n(.*\n)*end"),
    (["-lv", "tracepoint:syscalls:sys_enter_openat"], r"const char \* filename"),
    (["-e", 'tracepoint:syscalls:sys_enter_openat { printf("open %s\\n", str(args.filename)); }' + END], r"open /script"),
    (["-e", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }" + END], r"@\[busybox\]: \d+"),
    (["-e", "rawtracepoint:sys_enter { @ = count(); }" + END], r"@: \d+"),
    (["-e", "kprobe:sys_getppid { @[comm, kstack(2)] = count(); }" + END], r"busybox.*\n.*getppid(.*\n)*.*\]: \d+"),
    (["-e", 'kretprobe:sys_getppid { printf("ret %d\\n", retval); }' + END], r"ret \d+"),
    (["-e", "kprobe:sys_get*id { @[func] = count(); }" + END], r"getppid.*: \d+"),
    (["-e", "fentry:sys_getppid { @e = count(); } fexit:sys_getppid { @r = retval; }" + END], r"@e: \d+\n(.*\n)*@r: \d+"),
    (["-e", "profile:hz:99 { @[comm] = count(); }" + END], r"@\[swapper/0\]: \d+"),
    (["-e", "tracepoint:sched:sched_switch { @[args.next_comm] = hist(args.next_pid); }" + END], r"\[\d+.*\) +\d+ \|@"),
    (["-f", "json", "-e", "tracepoint:syscalls:sys_enter_getppid { @ = stats(pid); }" + END], r'"type": "stats"'),
    (["-e", 'BEGIN { @x = ((struct rq *)percpu_kaddr("runqueues", 0))->nr_running; exit(); }'], r"@x: \d+"),
]


def fetch(folder):
    if not os.path.exists(os.path.join(folder, "usr/bin/bpftrace")):
        subprocess.run([os.path.join(ROOT, "scripts", "fetch-riscv64.sh"), folder] + PACKAGES, check=True, stdout=subprocess.DEVNULL)


def needed(path, libraries, found):
    """Puts the libraries that the file at path needs into found, by name."""
    dynamic = subprocess.run(["readelf", "-dW", path], check=True, capture_output=True, text=True).stdout
    for name in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
        host = os.path.join(libraries, name)
        if name not in found and os.path.exists(host):
            found[name] = os.path.realpath(host)
            needed(host, libraries, found)


def script():
    lines = ["export LD_LIBRARY_PATH=/lib",
             "(while true; do busybox sleep 1; busybox cat /script >/dev/null; busybox ash -c 'echo $PPID' >/dev/null; done) &"]
    for number, (words, _) in enumerate(SCRIPTS):
        quoted = " ".join("'" + word + "'" for word in words)
        lines += [f"echo '=== {number}'", f"busybox timeout -s INT 120 bpftrace {quoted} 2>&1"]
    return "\n".join(lines) + "\n"


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build")
    folder = os.path.join(build, "external", "bpftrace")
    fetch(folder)
    libraries = os.path.join(folder, "usr/lib/riscv64-linux-gnu")
    program = os.path.join(folder, "usr/bin/bpftrace")
    found = {LOADER: os.path.realpath(os.path.join(libraries, LOADER))}
    busybox = os.path.join(folder, "usr/bin/busybox")
    for file in (program, busybox):
        needed(file, libraries, found)
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "script")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script())
        command = [os.path.join(build, "bin", "bpfcc-run"), "--memory", "2048", "--timeout", "1800", "--smp", "2",
                   "--add", f"{program}:/bin/bpftrace", "--add", f"{busybox}:/bin/busybox", "--add", f"{busybox}:/bin/sh",
                   "--add", f"{path}:/script"]
        for name, host in found.items():
            command += ["--add", f"{host}:/lib/{name}"]
        run = subprocess.run(command + ["--", "busybox", "sh", "/script"], capture_output=True, text=True)
    if run.returncode or "=== 0" not in run.stdout:
        print(run.stderr, run.stdout, sep="", file=sys.stderr)
    parts = dict(re.findall(r"^=== (\d+)\n(.*?)(?=^=== |\Z)", run.stdout, re.M | re.S))
    failed = 0
    for number, (words, expected) in enumerate(SCRIPTS):
        output = parts.get(str(number), "")
        holds = re.search(expected, output) is not None
        failed += not holds
        print(("ok     " if holds else "not ok ") + " ".join(words))
        if not holds:
            print(output)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
