/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The user side of own-skeleton.bpf.c, through its skeleton: variables set before load, read after, and set while
 * the program is attached. */
#include "own-skeleton.skel.h"
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static void call(int times) {
  for (int i = 0; i < times; i++)
    syscall(SYS_getppid);
}

int main(void) {
  struct own_skeleton *skeleton = own_skeleton__open();
  if (!skeleton) {
    printf("open: %s\n", bpf_object__error());
    return 1;
  }
  printf("before load: step %d start %d\n", skeleton->rodata->step, skeleton->data->start);
  skeleton->rodata->step = 100;
  skeleton->bss->counted.total = 1000000;
  printf("entries %u", bpf_map__max_entries(skeleton->maps.seen));
  printf(", set: %d\n", bpf_map__set_max_entries(skeleton->maps.seen, 3));
  if (own_skeleton__load(skeleton) < 0 || own_skeleton__attach(skeleton) < 0) {
    printf("load or attach: %s\n", bpf_object__error());
    own_skeleton__destroy(skeleton);
    return 1;
  }
  printf("entries %u, set too late: %d\n", bpf_map__max_entries(skeleton->maps.seen),
         bpf_map__set_max_entries(skeleton->maps.seen, 4));
  call(5);
  printf("attached: calls %d total %ld\n", skeleton->bss->counted.calls, (long)skeleton->bss->counted.total);
  skeleton->data->start = 0;
  call(1);
  printf("changed: calls %d total %ld\n", skeleton->bss->counted.calls, (long)skeleton->bss->counted.total);
  own_skeleton__detach(skeleton);
  call(3);
  printf("detached: calls %d step %d\n", skeleton->bss->counted.calls, skeleton->rodata->step);
  own_skeleton__destroy(skeleton);
  return 0;
}
