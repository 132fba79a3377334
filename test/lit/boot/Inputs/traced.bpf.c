// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs that are loaded for a function or an event of the kernel's BTF, and others that attach by their
// sections alone: each notes what it was given in calls of one process.
#include <vmlinux.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const volatile int wanted_pid;

struct seen {
  __u64 runs, words[3], result, cookie, function;
};
struct seen getpgid_in, getpgid_out, getsid_out, call_in, call_out, getpgid_event, exec;
int told_words;
__u64 told_argument, told_result;
long no_argument, no_result;
int exec_pid;

static int is_wanted(void) { return bpf_get_current_pid_tgid() >> 32 == (__u32)wanted_pid; }

SEC("fentry/sys_getpgid")
int BPF_PROG(on_getpgid, int pid) {
  if (!is_wanted())
    return 0;
  getpgid_in.runs++;
  getpgid_in.words[0] = pid;
  getpgid_in.cookie = bpf_get_attach_cookie(ctx);
  getpgid_in.function = bpf_get_func_ip(ctx);
  told_words = bpf_get_func_arg_cnt(ctx);
  __u64 value = 0;
  bpf_get_func_arg(ctx, 0, &value);
  told_argument = value;
  no_argument = bpf_get_func_arg(ctx, 1, &value);
  return 0;
}

SEC("fexit/sys_getpgid")
int BPF_PROG(after_getpgid, int pid, long result) {
  if (!is_wanted())
    return 0;
  getpgid_out.runs++;
  getpgid_out.words[0] = pid;
  getpgid_out.result = result;
  getpgid_out.cookie = bpf_get_attach_cookie(ctx);
  __u64 value = 0;
  bpf_get_func_ret(ctx, &value);
  told_result = value;
  return 0;
}

// A process that asks for session 12345 gets 7, and for no other.
SEC("fmod_ret/sys_getsid")
int BPF_PROG(instead_of_getsid, int pid, long result) { return is_wanted() && pid == 12345 ? 7 : 0; }

SEC("fexit/sys_getsid")
int BPF_PROG(after_getsid, int pid, long result) {
  if (!is_wanted())
    return 0;
  getsid_out.runs++;
  getsid_out.words[0] = pid;
  getsid_out.result = result;
  return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_call, struct pt_regs *regs, long id) {
  enum { kGetpgid = 155 };
  if (!is_wanted() || id != kGetpgid)
    return 0;
  call_in.runs++;
  call_in.words[0] = BPF_CORE_READ(regs, a0);
  return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *program) {
  exec.runs++;
  exec_pid = BPF_CORE_READ(task, pid);
  return 0;
}

SEC("raw_tp/sys_exit")
int after_call(struct bpf_raw_tracepoint_args *ctx) {
  if (is_wanted())
    call_out.runs++;
  return 0;
}

SEC("tp/syscalls/sys_enter_getpgid")
int on_getpgid_event(void *ctx) {
  if (is_wanted())
    getpgid_event.runs++;
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
