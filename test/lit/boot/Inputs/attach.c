// SPDX-License-Identifier: MIT OR Apache-2.0
// Each way of attaching that Debian's libbpf has for a program of this kernel; how often each ran.
#include "attach.skel.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char getpgid_function[] = "_ZN9refkernel11sys_getpgidEi";

static int open_probe(const char *function) {
  struct perf_event_attr attr = {
      .type = 6, .size = sizeof(attr), .config1 = (unsigned long)function, .disabled = 1};
  return (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, 8ul);
}
static struct bpf_link *checked(const char *how, struct bpf_link *link) {
  if (!link)
    printf("%s: %s\n", how, errno == ENOENT ? "ENOENT" : errno == ENOTSUP ? "ENOTSUP" : "another error");
  return link;
}
#define ATTACH(how, call) links[used++] = checked(how, call)

int main(void) {
  struct attach *skeleton = attach__open();
  if (!skeleton)
    return perror("open"), 1;
  skeleton->rodata->wanted_pid = (__u32)getpid();
  if (attach__load(skeleton))
    return perror("load"), 1;
  struct bpf_link *links[16] = {0};
  int used = 0;

  LIBBPF_OPTS(bpf_kprobe_opts, entry, .bpf_cookie = 11);
  ATTACH("kprobe", bpf_program__attach_kprobe_opts(skeleton->progs.on_entry, getpgid_function, &entry));
  LIBBPF_OPTS(bpf_kprobe_opts, back, .bpf_cookie = 12, .retprobe = true);
  ATTACH("kretprobe", bpf_program__attach_kprobe_opts(skeleton->progs.on_return, getpgid_function, &back));
  LIBBPF_OPTS(bpf_kprobe_opts, written, .attach_mode = PROBE_ATTACH_MODE_LEGACY);
  ATTACH("kprobe by kprobe_events",
         bpf_program__attach_kprobe_opts(skeleton->progs.on_written, getpgid_function, &written));
  LIBBPF_OPTS(bpf_tracepoint_opts, event, .bpf_cookie = 13);
  ATTACH("tracepoint", bpf_program__attach_tracepoint_opts(skeleton->progs.on_event, "syscalls",
                                                           "sys_enter_getpgid", &event));
  ATTACH("raw tracepoint", bpf_program__attach_raw_tracepoint(skeleton->progs.on_raw_event, "sys_enter"));
  const char *names[] = {getpgid_function, "_ZN9refkernel10sys_getsidEi"};
  const __u64 cookies[] = {14, 15};
  LIBBPF_OPTS(bpf_kprobe_multi_opts, many, .syms = names, .cookies = cookies, .cnt = 2);
  ATTACH("kprobe.multi", bpf_program__attach_kprobe_multi_opts(skeleton->progs.on_many, NULL, &many));
  LIBBPF_OPTS(bpf_kprobe_multi_opts, matching, .retprobe = true);
  ATTACH("kretprobe.multi", bpf_program__attach_kprobe_multi_opts(skeleton->progs.on_many_returns,
                                                                  "_ZN9refkernel1?sys_getpgidEi", &matching));
  LIBBPF_OPTS(bpf_ksyscall_opts, call, .bpf_cookie = 16);
  ATTACH("ksyscall", bpf_program__attach_ksyscall(skeleton->progs.on_call, "getpgid", &call));
  LIBBPF_OPTS(bpf_ksyscall_opts, call_return, .bpf_cookie = 17, .retprobe = true);
  ATTACH("kretsyscall",
         bpf_program__attach_ksyscall(skeleton->progs.on_call_return, "getpgid", &call_return));
  ATTACH("perf event",
         bpf_program__attach_perf_event(skeleton->progs.on_descriptor, open_probe(getpgid_function)));
  ATTACH("no function", bpf_program__attach_kprobe(skeleton->progs.on_entry, false, "no_such_function"));
  ATTACH("uprobe", bpf_program__attach_uprobe(skeleton->progs.on_user, false, -1, "/bin/attach", 0x1000));

  for (int i = 0; i < 3; i++)
    syscall(SYS_getpgid, 1);
  syscall(SYS_getsid, 0);
  const __u64 raw_calls = skeleton->bss->runs[4];
  for (int i = 0; i < 11; i++)
    if (i != 4)
      printf("%d: runs %llu, result %lld, cookie %llu\n", i, skeleton->bss->runs[i],
             (long long)skeleton->bss->results[i], skeleton->bss->cookies[i]);
  printf("raw tracepoint: %s\n", raw_calls >= 4 ? "ran" : "did not run");
  for (int i = 0; i < used; i++)
    if (links[i] && bpf_link__destroy(links[i]))
      printf("link %d: not destroyed\n", i);
  const __u64 before = skeleton->bss->runs[0] + skeleton->bss->runs[2];
  syscall(SYS_getpgid, 1);
  printf("afterwards: %llu\n", skeleton->bss->runs[0] + skeleton->bss->runs[2] - before);
  attach__destroy(skeleton);
  return 0;
}
