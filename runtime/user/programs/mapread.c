/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Prints the elements of a map, by ascending order of iteration: keys and values of 1, 2, 4 or 8 bytes as
 * numbers, others as bytes. mapread NAME KEY_SIZE VALUE_SIZE The map is the descriptor in the environment
 * variable KBPF_MAP_NAME (set by init and loadprogex), or NAME itself where that is a number. */
#include "bpf.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_bytes(const unsigned char *bytes, size_t size) {
  if (size == 1 || size == 2 || size == 4 || size == 8) {
    uint64_t number = 0;
    memcpy(&number, bytes, size);
    printf("%llu", (unsigned long long)number);
    return;
  }
  for (size_t i = 0; i < size; i++)
    printf("%02x", bytes[i]);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fputs("usage: mapread NAME KEY_SIZE VALUE_SIZE\n", stderr);
    return 2;
  }
  char variable[256];
  snprintf(variable, sizeof(variable), "KBPF_MAP_%s", argv[1]);
  const char *number = getenv(variable) ? getenv(variable) : argv[1];
  char *end;
  long fd = strtol(number, &end, 10);
  size_t key_size = strtoul(argv[2], NULL, 10), value_size = strtoul(argv[3], NULL, 10);
  if (*end || !key_size || !value_size || key_size > 4096 || value_size > (1 << 20)) {
    fprintf(stderr, "mapread: no map '%s', or bad sizes\n", argv[1]);
    return 2;
  }
  unsigned char *key = calloc(2, key_size), *value = calloc(1, value_size);
  if (!key || !value)
    return 1;
  unsigned char *next = key + key_size;
  size_t count = 0;
  int result = bpf_map_get_next_key((int)fd, NULL, next);
  for (; result == 0; result = bpf_map_get_next_key((int)fd, key, next)) {
    memcpy(key, next, key_size);
    if (bpf_map_lookup_elem((int)fd, key, value) < 0)
      continue; /* deleted meanwhile */
    print_bytes(key, key_size);
    printf(": ");
    print_bytes(value, value_size);
    printf("\n");
    count++;
  }
  if (result != -ENOENT) {
    fprintf(stderr, "mapread: %s\n", strerror(-result));
    return 1;
  }
  printf("%zu elements\n", count);
  return 0;
}
