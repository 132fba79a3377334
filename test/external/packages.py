# SPDX-License-Identifier: MIT OR Apache-2.0
"""Debian packages with BPF programs: where their sources are and what their own builds give to the compiler.

Of each: the globs of its programs, -I folders ("=" stands for the folder of all packages), further flags, what of the
archive is unpacked (everything where empty), the beginning of the version wanted, files that its build would make. What
follows a "#" tells entries of one package apart."""
import collections
import glob
import os
import subprocess

Package = collections.namedtuple("Package", "sources include flags unpack version made", defaults=([], [], [], "", {}))

VMLINUX = "=deb=linux-bpf-dev/usr/include/x86_64-linux-gnu/linux/bpf"
# Headers that only clang is given; bpfcc has its own.
HEADERS = ["libbpf", "deb=linux-bpf-dev=6.12"]
KERNEL = ["samples/bpf", "samples/hid", "tools/bpf", "tools/perf/util/bpf_skel", "tools/testing/selftests/hid",
          "tools/testing/selftests/sched_ext", "tools/testing/selftests/net", "tools/testing/selftests/tc-testing",
          "tools/sched_ext", "tools/include", "drivers/hid/bpf", "kernel/bpf/preload", "include/uapi"]
# What the kernel's own headers would declare.
KERNEL_NAMES = ["-Du8=__u8", "-Du16=__u16", "-Du32=__u32", "-Du64=__u64", "-DTASK_COMM_LEN=16", "-DAF_INET6=10",
                "-DSOL_SOCKET=1", "-DSOL_TCP=6"]
FALCO = """#define PPM_API_CURRENT_VERSION 0
#define PPM_SCHEMA_CURRENT_VERSION 0
#define DRIVER_VERSION "0"
#define DRIVER_COMMIT "0"
#define DRIVER_NAME "scap"
#define PROBE_NAME "scap"
#define DRIVER_DEVICE_NAME "scap"
"""
CILIUM = ["examples/*/*.c", "testdata/*.c", "btf/testdata/*.c", "cmd/bpf2go/testdata/*.c", "docs/examples/*.c",
          "docs/examples/*/*.c"]

LIBBPF_TOOLS = "vendor/github.com/iovisor/bcc/libbpf-tools" # pcp has them; Debian's bcc leaves them out

PACKAGES = {
    "xdp-tools": Package(["xdp-*/*.bpf.c", "xdp-dump/*_*.c", "lib/util/*.bpf.c", "lib/libxdp/*_prog*.c",
                          "lib/libxdp/tests/xdp_*.c", "lib/testing/xdp_*.c", "lib/testing/test_long_func_name.c"],
                         ["headers", "lib/libxdp"], ["-DHAVE_LIBBPF_BPF_PROGRAM__TYPE"]),
    "suricata": Package(["ebpf/*.c"], ["ebpf"]),
    "systemd": Package(["src/*/bpf/*/*.bpf.c"], [], ["-D__x86_64__"]),
    "bpftop": Package(["src/bpf/*.bpf.c"]),
    "bpftune": Package(["src/*.bpf.c"], ["include"]),
    "delve": Package(["pkg/proc/internal/ebpf/bpf/*.bpf.c"], ["pkg/proc/internal/ebpf/bpf/include"]),
    "dpdk": Package(["examples/bpf/*.c", "drivers/net/tap/*bpf_program.c"], unpack=["*bpf*"], version="22.11"),
    "fastnetmon": Package(["src/xdp_plugin/*.c"]),
    "golang-github-cilium-ebpf": Package(CILIUM, ["examples/headers", "testdata", "btf/testdata"]),
    "golang-gvisor-gvisor": Package(["runsc/sandbox/bpf/*.c", "tools/xdp/cmd/bpf/*.c"], unpack=["runsc/sandbox/bpf",
                                                                                             "tools/xdp"]),
    "golang-github-iovisor-gobpf": Package(["tests/*.c"], ["tests"]),
    "falcosecurity-libs": Package(["driver/modern_bpf/programs/*/*/*.bpf.c", "driver/modern_bpf/programs/*/*/*/*.bpf.c"],
                                  [".", "driver/modern_bpf"], ["-D__NDEBUG__", "-D__USE_VMLINUX__"],
                                  unpack=["driver"], made={"driver/driver_config.h": FALCO}),
    "iproute2": Package(["examples/bpf/*.c", "examples/bpf/legacy/*.c"], ["include", "include/uapi"]),
    "knot": Package(["src/libknot/xdp/bpf-kernel.c"], ["src"]),
    "libbpf": Package([]),
    "mimic": Package(["bpf/*.c"], [".", "bpf"], ["-iquote."]),
    "network-manager": Package(["src/core/bpf/*.bpf.c"], ["src/core/bpf"], unpack=["*bpf*"]),
    "nghttp2": Package(["bpf/*.c"], unpack=["bpf"]),
    "oar": Package(["sources/core/tools/oarcgdev/*-ebpf.c"], unpack=["sources/core/tools/oarcgdev"]),
    "opensnitch": Package(["ebpf_prog/*.c"], ["ebpf_prog", "=uapi"], KERNEL_NAMES),
    "pcp": Package([f"{LIBBPF_TOOLS}/*.bpf.c", "src/pmdas/bpf/modules/*.bpf.c"],
                   ["src/pmdas/bpf/modules", LIBBPF_TOOLS, f"{LIBBPF_TOOLS}/x86"], unpack=["src/pmdas/bpf", LIBBPF_TOOLS]),
    "pwru": Package(["bpf/*.c"], ["bpf/headers"]),
    "qemu": Package(["tools/ebpf/*.bpf.c"], unpack=["tools/ebpf"]),
    "linux": Package(["samples/bpf/*.bpf.c", "samples/hid/*.bpf.c", "tools/bpf/runqslower/*.bpf.c", "tools/bpf/bpftool/skeleton/*.bpf.c",
                      "tools/perf/util/bpf_skel/*.bpf.c", "tools/testing/selftests/hid/progs/*.c",
                      "tools/testing/selftests/sched_ext/*.bpf.c",
                      "tools/sched_ext/*.bpf.c", "drivers/hid/bpf/progs/*.bpf.c",
                      "kernel/bpf/preload/iterators/*.bpf.c"],
                     ["tools/sched_ext/include", "tools/sched_ext/include/bpf-compat", "tools/include", "include",
                      "tools/testing/selftests/hid/progs", "drivers/hid/bpf/progs", "tools/perf/util/bpf_skel",
                      "tools/perf/util"], ["-DBPF_NO_KFUNC_PROTOTYPES"], unpack=KERNEL, version="6.12"),
    "linux#uapi": Package(["samples/bpf/*_kern.c", "samples/bpf/parse_*.c", "samples/bpf/test_lwt_bpf.c",
                           "tools/testing/selftests/net/*.bpf.c", "tools/testing/selftests/net/bpf/*.c",
                           "tools/testing/selftests/tc-testing/action*.c"], ["samples/bpf", "=uapi"], KERNEL_NAMES),
}


def fetch(folder, root):
    """Unpacks what is missing; the folders that hold libbpf's headers and Linux's vmlinux.h."""
    wanted = HEADERS + [":".join([name + (f"={package.version}" if package.version else ""), *package.unpack])
                        for name, package in PACKAGES.items() if "#" not in name]
    missing = [w for w in wanted if not os.path.isdir(os.path.join(folder, w.split(":")[0].replace("deb=", "deb@")
                                                                  .split("=")[0].replace("@", "=")))]
    if missing:
        subprocess.run([os.path.join(root, "scripts", "fetch-sources.sh"), folder, *missing], check=False)
    headers = os.path.join(folder, "headers")
    os.makedirs(headers, exist_ok=True)
    link = os.path.join(headers, "bpf")
    if not os.path.islink(link):
        os.symlink(os.path.join(folder, "libbpf", "src"), link)
    os.makedirs(os.path.join(folder, "uapi"), exist_ok=True)
    link = os.path.join(folder, "uapi", "uapi")
    if not os.path.islink(link):
        os.symlink("/usr/include", link)
    for name, package in PACKAGES.items():
        for path, text in package.made.items():
            if os.path.isdir(os.path.join(folder, name)):
                with open(os.path.join(folder, name, path), "w", encoding="utf-8") as file:
                    file.write(text)
    return headers, os.path.join(folder, VMLINUX[1:])


def sources(folder):
    """(package's name, package, path) of every program."""
    for name, package in PACKAGES.items():
        base = base_of(folder, name)
        for path in sorted({path for pattern in package.sources for path in glob.glob(os.path.join(base, pattern))}):
            yield name, package, path


def base_of(folder, name):
    return os.path.join(folder, name.split("#")[0])


def include_flags(folder, name, package):
    return [f"-I{os.path.join(folder, i[1:]) if i[0] == '=' else os.path.join(base_of(folder, name), i)}"
            for i in package.include]
