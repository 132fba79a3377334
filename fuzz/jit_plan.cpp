// SPDX-License-Identifier: MIT OR Apache-2.0
// Any bytes as a program, past the verifier: the JIT must compile it or refuse it, and write only what it
// announced. The first byte chooses CPU features and how far the code is from functions; instructions follow.
#include "core/jit/rv64/jit.h"
#include "tools/unverified_program.h"
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

using namespace kbpf;

static uint64_t some_helper(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return 0; }
static HelperFunction helper(uint32_t number) { return number & 1 ? some_helper : nullptr; }
static int64_t load_packet(uint64_t, uint32_t, uint32_t) { return 0; }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1 + sizeof(Insn))
    return 0;
  std::vector<Insn> insns((size - 1) / sizeof(Insn));
  memcpy(insns.data(), data + 1, insns.size() * sizeof(Insn));
  auto program = std::make_unique<UnverifiedProgram>(insns);
  if (program->program().insns().empty())
    return 0;
  BlockSource heap{[](void *, size_t bytes) { return malloc(bytes); },
                   [](void *, void *block, size_t) { free(block); }, nullptr};
  Arena arena(heap, 16 << 20);
  Environment environment{helper, helper, load_packet};
  rv64::JitOptions options{.cpu = {.zba = (data[0] & 1) != 0, .zbb = (data[0] & 2) != 0, .zbc = false},
                           .environment = &environment};
  uint64_t near = reinterpret_cast<uint64_t>(some_helper) & ~uint64_t{0xfff};
  uint64_t address = data[0] & 4 ? near : 0x1000000000000000;
  Result<rv64::Plan *> plan = rv64::plan(program->program(), options, arena);
  if (!plan.ok())
    return 0;
  std::vector<std::byte> code(rv64::code_size(**plan));
  if (!rv64::emit(**plan, code, address).ok())
    abort();
  for (uint32_t i = 0; i < insns.size(); i++)
    if (rv64::native_offset(**plan, i) > rv64::native_offset(**plan, i + 1))
      abort();
  if (rv64::native_offset(**plan, static_cast<uint32_t>(insns.size())) > code.size())
    abort();
  return 0;
}
