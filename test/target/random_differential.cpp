// SPDX-License-Identifier: MIT OR Apache-2.0
// Random programs in both engines, on the host: the interpreter, and machine code of the JIT in Rv64Machine.
// Tens of thousands a second, as nothing translates code that is run once. What qemu-riscv64 says of them:
// jit_test.
//   random_differential FIRST_SEED COUNT [--until-file PATH]
// ends early where that file is there. Prints each difference, and how many programs agreed.
#include "emulated.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3 && !(argc == 5 && !strcmp(argv[3], "--until-file"))) {
    fprintf(stderr, "usage: random_differential FIRST_SEED COUNT [--until-file PATH]\n");
    return 2;
  }
  const char *stop = argc == 5 ? argv[4] : nullptr;
  const uint64_t first = strtoull(argv[1], nullptr, 0), count = strtoull(argv[2], nullptr, 0);
  uint64_t agreed = 0, differences = 0;
  for (uint64_t seed = first; seed < first + count; seed++) {
    if (stop && seed % 1024 == 0 && access(stop, F_OK) == 0)
      break;
    std::string difference = kbpf::test::difference_of_random_program(seed);
    if (difference.empty()) {
      agreed++;
      continue;
    }
    differences++;
    printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), difference.c_str());
  }
  printf("%llu programs agreed, %llu differed\n", static_cast<unsigned long long>(agreed),
         static_cast<unsigned long long>(differences));
  return differences != 0;
}
