// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs that do nothing, one for each way to be attached to getppid or to every system call (probes.py).
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/refkernel::sys_getppid") int kprobe(void *ctx) { return 0; }
SEC("kretprobe/refkernel::sys_getppid") int kretprobe(void *ctx) { return 0; }
SEC("fentry/sys_getppid") int fentry(void *ctx) { return 0; }
SEC("fexit/sys_getppid") int fexit(void *ctx) { return 0; }
SEC("fmod_ret/sys_getppid") int fmod_ret(void *ctx) { return 0; }
SEC("raw_tp/sys_enter") int raw_tp(void *ctx) { return 0; }
SEC("tp_btf/sys_enter") int tp_btf(void *ctx) { return 0; }
SEC("tp/syscalls/sys_enter_getppid") int tp(void *ctx) { return 0; }
