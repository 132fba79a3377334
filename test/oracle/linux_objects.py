#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What Linux's verifier says of every program of BPF objects: boots Debian's riscv64 kernel in QEMU and has its veristat load
them. Prints a line for each program: object TAB program TAB accepted|refused|unloaded TAB instructions TAB states
(unloaded: it never came to the verifier, as where a map cannot be made); with --log also, on standard error, what the verifier says.
    linux_objects.py [--log] FOLDER OBJECT...      FOLDER: where fetch-riscv64.sh unpacked
        linux-image-VERSION-riscv64 veristat libbpf1 libelf1t64 zlib1g libzstd1 libc6 busybox-static"""
import glob
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBRARIES = ["libbpf.so.1", "libelf.so.1", "libz.so.1", "libzstd.so.1", "libc.so.6"]
INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs dev /dev 2>/dev/null
echo 1 > /proc/sys/net/core/bpf_jit_enable
cd /objects
for object in *.o; do
  echo "OBJECT $object"
  /bin/veristat FLAGS -o csv -e prog,verdict,insns,states $object 2>&1 | /bin/busybox grep -v '^prog'
done
echo FINISHED
/bin/busybox poweroff -f
"""


def archive(folder, objects, log, work):
    files = []
    for library in LIBRARIES:
        path = os.path.realpath(os.path.join(folder, "usr/lib/riscv64-linux-gnu", library))
        files.append(f"{path}:/usr/lib/riscv64-linux-gnu/{library}")
    loader = os.path.realpath(glob.glob(os.path.join(folder, "usr/lib/riscv64-linux-gnu/ld-linux-*"))[0])
    files.append(f"{loader}:/lib/{os.path.basename(loader)}")
    files.append(f"{folder}/usr/bin/busybox:/bin/busybox")
    files.append(f"{folder}/usr/bin/veristat:/bin/veristat")
    init = os.path.join(work, "init")
    with open(init, "w", encoding="utf-8") as out:
        out.write(INIT.replace("FLAGS", "-v -l 1" if log else ""))
    os.chmod(init, 0o755)
    for mount in ("proc", "sys", "dev"):
        os.makedirs(os.path.join(work, mount))
        files.append(f"{os.path.join(work, mount)}:/{mount}")
    files.append(f"{init}:/init")
    files += [f"{os.path.abspath(path)}:/objects/{number:05}.o" for number, path in enumerate(objects)]
    image = os.path.join(work, "initramfs.cpio")
    subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "mkcpio.py"), image, *files], check=True)
    return image


def main():
    log = sys.argv[1:2] == ["--log"]
    arguments = sys.argv[1 + log:]
    if len(arguments) < 2:
        sys.exit(__doc__)
    folder, objects = os.path.abspath(arguments[0]), arguments[1:]
    kernel = glob.glob(os.path.join(folder, "boot", "vmlinu*"))
    if not kernel:
        sys.exit(f"{folder} has no kernel")
    with tempfile.TemporaryDirectory() as work:
        image = archive(folder, objects, log, work)
        guest = subprocess.Popen(
            ["qemu-system-riscv64", "-machine", "virt", "-m", "2G", "-nographic", "-no-reboot", "-kernel", kernel[0], "-initrd",
             image, "-append", "console=ttyS0 quiet loglevel=3"], stdout=subprocess.PIPE, text=True, errors="replace")
        current = None
        for line in guest.stdout:
            fields = line.strip().split(",")
            if line.startswith("OBJECT "):
                current = objects[int(line.split()[1][:-2])]
            elif current and len(fields) == 4 and fields[1] in ("success", "failure"):
                verdict = "accepted" if fields[1] == "success" else "refused" if fields[2] != "0" else "unloaded"
                print(current, fields[0], verdict, *fields[2:], sep="\t", flush=True)
            elif line.startswith("FINISHED"):
                break
            elif line.strip():
                print(line.rstrip(), file=sys.stderr)
        guest.terminate()
        guest.wait()


if __name__ == "__main__":
    main()
