// SPDX-License-Identifier: MIT OR Apache-2.0
// Debian's libbpf fills a user ring buffer; what the program found in it comes back through a ring buffer.
#include "userring.skel.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int show(void *context, void *data, size_t size) {
  long answer[4];
  if (size != sizeof(answer))
    return -EINVAL;
  memcpy(answer, data, size);
  printf("drained %ld, total %ld, numbers %ld, short %ld\n", answer[0], answer[1], answer[2], answer[3]);
  return 0;
}
static int put(struct user_ring_buffer *ring, unsigned long number) {
  unsigned long *room = user_ring_buffer__reserve(ring, sizeof(number));
  if (!room)
    return -errno;
  *room = number;
  user_ring_buffer__submit(ring, room);
  return 0;
}

int main(void) {
  struct userring *skeleton = userring__open();
  if (!skeleton)
    return perror("open"), 1;
  skeleton->rodata->wanted_pid = (__u32)getpid();
  if (userring__load(skeleton) || userring__attach(skeleton))
    return perror("load"), 1;
  struct user_ring_buffer *ring = user_ring_buffer__new(bpf_map__fd(skeleton->maps.numbers), NULL);
  struct ring_buffer *answers = ring_buffer__new(bpf_map__fd(skeleton->maps.answers), show, NULL, NULL);
  if (!ring || !answers)
    return perror("rings"), 1;
  for (unsigned long i = 1; i <= 4; i++)
    put(ring, i);
  user_ring_buffer__discard(ring, user_ring_buffer__reserve(ring, 100));
  user_ring_buffer__submit(ring, user_ring_buffer__reserve(ring, 3));
  put(ring, 1000);
  put(ring, 5);
  for (int i = 0; i < 3; i++)
    getpgid(0);
  ring_buffer__consume(answers);
  int written = 0;
  while (put(ring, 2) == 0)
    written++;
  printf("full: %d, %s\n", written, errno == ENOSPC ? "ENOSPC" : "another error");
  printf("too large: %d\n", !user_ring_buffer__reserve(ring, 4096) && errno == E2BIG);
  getpgid(0);
  ring_buffer__consume(answers);
  unsigned long *late = user_ring_buffer__reserve_blocking(ring, sizeof(*late), 1000);
  printf("room again: %d\n", late != NULL);
  user_ring_buffer__free(ring);
  ring_buffer__free(answers);
  userring__destroy(skeleton);
  return 0;
}
