// SPDX-License-Identifier: MIT OR Apache-2.0
// kbpf-jit: the JIT as a conformance plugin. A riscv64 program, so that what it compiles runs in place.
#include "core/jit/rv64/jit.h"
#include "tools/plugin.h"
#include <stdlib.h>
#include <sys/mman.h>

using namespace kbpf;

// Writable first and executable then, never both.
static Result<uint64_t> run(const VerifiedProgram &program, const Environment &environment,
                            std::span<std::byte> memory) {
  BlockSource heap{[](void *, size_t size) { return malloc(size); },
                   [](void *, void *block, size_t) { free(block); }, nullptr};
  Arena arena(heap, 256 << 20);
  rv64::Plan *plan = KBPF_TRY(rv64::plan(program, {.cpu = {}, .environment = &environment}, arena));
  size_t size = rv64::code_size(*plan);
  void *code = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED)
    return Error::no_memory;
  uint64_t address = reinterpret_cast<uint64_t>(code);
  KBPF_TRY(rv64::emit(*plan, {static_cast<std::byte *>(code), size}, address));
  if (mprotect(code, size, PROT_READ | PROT_EXEC) != 0)
    return Error::no_memory;
  __builtin___clear_cache(static_cast<char *>(code), static_cast<char *>(code) + size);
  // The second argument register is r2.
  auto entry = reinterpret_cast<uint64_t (*)(uint64_t, uint64_t)>(address);
  return entry(reinterpret_cast<uint64_t>(memory.data()), memory.size());
}

int main(int argc, char **argv) { return plugin_main(argc, argv, {"kbpf-jit", run}); }
