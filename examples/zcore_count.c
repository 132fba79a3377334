// SPDX-License-Identifier: MIT OR Apache-2.0
// The same as count_opens.c in the dialect of zCore's kernels: code in .text, a map is an extern int that holds its
// descriptor, helper 1 copies the value out and returns 0 where the key is there. Build and load:
//   bpfcc --abi=zcore zcore_count.c -o zcore_count.o
//   loadprogex --map opens:hash:8:8:1024 zcore_count.o 'kprobe$refkernel::sys_openat'
#include <kbpf/zcore.h>

extern int opens;

int count_open(void *ctx) {
  unsigned long long pid = bpf_get_current_pid_tgid() & 0xffffffff;
  unsigned long long count = 0;
  bpf_map_lookup_elem(opens, &pid, &count);
  count++;
  bpf_map_update_elem(opens, &pid, &count, 0);
  return 0;
}
