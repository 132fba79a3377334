// SPDX-License-Identifier: MIT OR Apache-2.0
// Calls into two shared libraries.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  volatile double one = argc;
  char *big = malloc(1 << 20);
  printf("%s: cos %.3f, heap %s\n", argv[0], cos(one), big ? "works" : "fails");
  free(big);
  return 5;
}
