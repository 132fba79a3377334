# SPDX-License-Identifier: MIT OR Apache-2.0
# lit: one behaviour a file, RUN lines on top, expectations beside the input.
#   %bpfcc    the compiler under test           %clang    plain clang-19, for objects that bpfcc did not make
#   %bindir   build/bin                         %kernel   build/kernel (libkbpf.a, kernel.elf)
#   %guest    build/guest ({glibc,musl}/{bin,tests})
#   FileCheck, not, split-file, yaml2obj, llvm-objdump, llvm-readelf, llvm-dwarfdump are found by their own names.
#   %host-bpftool   bpftool of this machine, for skeletons
#   %debian   bpfcc-run's options that put Debian's riscv64 busybox and bpftool, with its libraries, into the guest
# REQUIRES: bpftool, libbpf, qemu, bpfcc-run, static, ccache, meson, debian-riscv64, libbpf-riscv64, riscv64-gcc   (what the machine and this build have)
import os
import shutil
import sys

import lit.formats

config.name = "bpfcc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".c", ".test", ".yaml", ".s", ".ll"]
config.excludes = ["Inputs", "lit.cfg.py", "lit.site.cfg.py"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.build_test_dir

config.environment["PATH"] = os.pathsep.join([config.llvm_bin_dir, os.environ.get("PATH", "")])
# A test must not see the caller's settings.
for name in ("CPATH", "C_INCLUDE_PATH", "NO_COLOR", "CLICOLOR_FORCE", "SOURCE_DATE_EPOCH"):
    config.environment.pop(name, None)

# Its own cache, which a later run finds warm.
config.environment["XDG_CACHE_HOME"] = os.path.join(config.build_test_dir, "cache")

config.substitutions += [
    ("%bpfcc-run", os.path.join(config.bin_dir, "bpfcc-run")),
    ("%kernel-types", os.path.join(config.bin_dir, "kbpf-kernel-types")),
    ("%bpfcc", os.path.join(config.bin_dir, "bpfcc")),
    ("%clang", os.path.join(config.llvm_bin_dir, "clang")),
    ("%bindir", config.bin_dir),
    ("%kernel", config.kernel_dir),
    ("%guest", os.path.join(os.path.dirname(config.bin_dir), "guest")),
    ("%source", config.source_dir),
    ("%python", sys.executable),
]

debian = os.path.join(config.source_dir, "build", "sysroot", "debian")
libraries = ["libelf.so.1", "libz.so.1", "libcap.so.2", "libzstd.so.1", "libc.so.6"]
debian_files = {"usr/bin/busybox": "/bin/busybox", "usr/sbin/bpftool": "/bin/bpftool",
                "usr/lib/riscv64-linux-gnu/ld-linux-riscv64-lp64d.so.1": "/lib/ld-linux-riscv64-lp64d.so.1"}
debian_files |= {f"usr/lib/riscv64-linux-gnu/{name}": f"/lib/riscv64-linux-gnu/{name}" for name in libraries}
if all(os.path.exists(os.path.join(debian, host)) for host in debian_files):
    config.available_features.add("debian-riscv64")
    options = " ".join(f"--add {os.path.join(debian, host)}:{guest}" for host, guest in debian_files.items())
    config.substitutions.append(("%debian", options))

# A program built against Debian's libbpf: its headers, the library to link with, and what the guest needs.
libbpf = os.path.join(debian, "usr/lib/riscv64-linux-gnu/libbpf.so.1")
cross_compiler = shutil.which("riscv64-linux-gnu-gcc")
if cross_compiler:
    config.available_features.add("riscv64-gcc")
    config.substitutions.append(("%riscv64-gcc", cross_compiler))
if os.path.exists(libbpf) and cross_compiler:
    config.available_features.add("libbpf-riscv64")
    headers = os.path.join(config.build_test_dir, "libbpf-include")
    os.makedirs(headers, exist_ok=True)
    if not os.path.exists(os.path.join(headers, "bpf")):
        os.symlink(os.path.join(debian, "usr/include/bpf"), os.path.join(headers, "bpf"))
    # The library is of a newer glibc than the cross compiler's: the guest has that one.
    config.substitutions += [
        ("%libbpf-include", headers),
        ("%libbpf-link", f"{libbpf} -Wl,--allow-shlib-undefined"),
        ("%libbpf", f"--add {libbpf}:/lib/riscv64-linux-gnu/libbpf.so.1"),
    ]

host_bpftool = shutil.which("bpftool") or "/usr/sbin/bpftool"
if os.path.exists(host_bpftool):
    config.available_features.add("bpftool")
    config.substitutions.append(("%host-bpftool", host_bpftool))
if os.path.exists("/usr/include/bpf/libbpf.h"):
    config.available_features.add("libbpf")
for tool in ("ccache", "meson"):
    if shutil.which(tool):
        config.available_features.add(tool)
if shutil.which("qemu-system-riscv64"):
    config.available_features.add("qemu")
if os.path.exists(os.path.join(config.bin_dir, "bpfcc-run")):
    config.available_features.add("bpfcc-run")
if config.static_build:
    config.available_features.add("static")
