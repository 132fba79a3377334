// SPDX-License-Identifier: MIT OR Apache-2.0
// A program for each way in which libbpf attaches: each counts its runs by one process.
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>

const volatile __u32 wanted_pid;
__u64 runs[16], results[16], cookies[16];

static int count(void *context, int slot, __u64 result) {
  if (bpf_get_current_pid_tgid() >> 32 != wanted_pid)
    return 0;
  runs[slot & 15]++;
  results[slot & 15] = result;
  cookies[slot & 15] = bpf_get_attach_cookie(context);
  return 0;
}

SEC("kprobe")
int on_entry(struct pt_regs *context) { return count(context, 0, PT_REGS_PARM1(context)); }
SEC("kretprobe")
int on_return(struct pt_regs *context) { return count(context, 1, PT_REGS_RC(context)); }
SEC("kprobe")
int on_written(struct pt_regs *context) { return count(context, 2, 0); }
SEC("tracepoint")
int on_event(void *context) { return count(context, 3, 0); }
SEC("kprobe.multi")
int on_many(struct pt_regs *context) { return count(context, 5, 0); }
SEC("kretprobe.multi")
int on_many_returns(struct pt_regs *context) { return count(context, 6, PT_REGS_RC(context)); }
SEC("ksyscall")
int on_call(struct pt_regs *context) { return count(context, 7, PT_REGS_PARM1(context)); }
SEC("kretsyscall")
int on_call_return(struct pt_regs *context) { return count(context, 8, PT_REGS_RC(context)); }
SEC("kprobe")
int on_descriptor(struct pt_regs *context) { return count(context, 9, 0); }
SEC("uprobe")
int on_user(struct pt_regs *context) { return count(context, 10, 0); }

SEC("raw_tracepoint")
int on_raw_event(void *context) {
  if (bpf_get_current_pid_tgid() >> 32 == wanted_pid)
    runs[4]++;
  return 0;
}

char license[] SEC("license") = "GPL";
