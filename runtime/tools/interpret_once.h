// SPDX-License-Identifier: MIT OR Apache-2.0
// Translates a program and runs it once, for tools and tests on a host with a heap.
#pragma once
#include "core/interp/interp.h"
#include <cstdlib>

namespace kbpf {

inline constexpr BlockSource kHeapBlocks{[](void *, size_t size) { return malloc(size); },
                                         [](void *, void *block, size_t) { free(block); }, nullptr};

inline uint64_t interpret_once(const VerifiedProgram &program, const Environment &environment,
                               uint64_t context, std::span<std::byte> stack, uint64_t context_size = 0) {
  Arena arena(kHeapBlocks, 64 << 20);
  Result<const InterpreterCode *> code = translate(program, environment, arena);
  if (!code.ok())
    abort();
  return interpret(**code, context, stack, context_size);
}

} // namespace kbpf
