/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Hands OBJECT to the kernel cut at every 64-byte step: each is refused, the whole one is loaded, and the kernel lives on.
 *   cutobject OBJECT [MAP_NAME]      the map, a hash of 8-byte keys and values, is bound by name */
#include "bpf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  static char bytes[1 << 20];
  int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
  ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
  if (size <= 0)
    return 2;
  struct bpf_map_fd_entry map = {argc > 2 ? argv[2] : "", 0};
  if (argc > 2)
    map.fd = (uint32_t)bpf_create_map(BPF_MAP_TYPE_HASH, 8, 8, 8);
  int refused = 0, wrong = 0;
  for (ssize_t cut = 0; cut < size; cut += 64) {
    int result = bpf_prog_load_ex(bytes, (size_t)cut, &map, argc > 2);
    if (result >= 0) {
      printf("cut at %zd of %zd bytes: loaded\n", cut, size);
      wrong++;
      close(result);
    } else if (result != -ENOEXEC && result != -EINVAL && result != -ENOENT) {
      printf("cut at %zd of %zd bytes: %s\n", cut, size, strerror(-result));
      wrong++;
    } else {
      refused++;
    }
  }
  int whole = bpf_prog_load_ex(bytes, (size_t)size, &map, argc > 2);
  printf("%d refused, whole object %s\n", refused, whole >= 0 ? "loaded" : strerror(-whole));
  return wrong || whole < 0 || !refused;
}
