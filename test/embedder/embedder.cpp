// SPDX-License-Identifier: MIT OR Apache-2.0
// A "kernel" that embeds the runtime and has helpers of its own, as an ordinary process: embedder OBJECT
// [PROGRAM] loads the program of type syscall by command 1000 and runs it by BPF_PROG_TEST_RUN on a buffer of
// 64 zeros. Prints what it returned and what it left in the buffer.
#include "abi/attr.h"
#include "hostport/hostport.h"
#include "kernel/kbpf.h"
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int register_helpers();

namespace {

enum Command : uint64_t {
#define KBPF_COMMAND(number, name, NAME, since, text) NAME = number,
#include "abi/commands.def"
#undef KBPF_COMMAND
};

template <typename T> uint64_t address(const T *object) { return reinterpret_cast<uintptr_t>(object); }

} // namespace

int main(int argc, char **argv) {
  if (argc < 2)
    return 2;
  kbpf::hostport::reset(false);
  if (kbpf_init(nullptr) || register_helpers()) {
    std::puts("the runtime does not start");
    return 1;
  }
  std::ifstream file(argv[1], std::ios::binary);
  std::string object{std::istreambuf_iterator<char>(file), {}};
  static char log[1 << 16];
  kbpf_attr_prog_load_ex load{};
  load.elf = address(object.data());
  load.elf_size = static_cast<uint32_t>(object.size());
  load.prog_name = argc > 2 ? address(argv[2]) : 0;
  load.log_buf = address(log);
  load.log_size = sizeof log;
  int64_t fd = kbpf_syscall(PROG_LOAD_EX, address(&load), sizeof load);
  if (fd < 0) {
    std::printf("load: %lld\n%s", static_cast<long long>(fd), log);
    return 1;
  }
  char buffer[64] = {};
  kbpf_attr_prog_test_run run{};
  run.prog_fd = static_cast<uint32_t>(fd);
  run.ctx_in = address(buffer);
  run.ctx_size_in = sizeof buffer;
  int64_t result = kbpf_syscall(PROG_TEST_RUN, address(&run), sizeof run);
  if (result < 0) {
    std::printf("run: %lld\n", static_cast<long long>(result));
    return 1;
  }
  std::printf("returned %u, buffer \"%.*s\"\n", run.retval, static_cast<int>(strnlen(buffer, sizeof buffer)),
              buffer);
}
