// SPDX-License-Identifier: MIT OR Apache-2.0
// Random programs that are well-behaved by construction: they end, touch only their stack and context, and no
// address gets into their results. So any two engines must agree on them.
#pragma once
#include "core/isa/insn.h"
#include <cstddef>
#include <span>

namespace kbpf::test {

constexpr size_t kRandomContext = 128; // bytes that a random program may read and write through r1

// What lies outside of programs, at the same address for every engine.
struct RandomSurroundings {
  uint64_t prog_array;      // a map for tail calls: its first slot is empty, the second one has a program
  uint64_t elements;        // of an array of kElements times kElementBytes, which programs read and write
  bool has_packets;         // the packet loads of BPF
  bool has_calls_by_number; // callx, of helpers 1 and 2; and kernel functions of these numbers
};
constexpr size_t kElements = 8, kElementBytes = 16;

// The program for a seed; the span is valid until the next call.
struct RandomProgram {
  std::span<const Insn> insns;
  std::span<const uint32_t> callbacks; // functions that only handles name
  bool reads_unwritten_stack;          // so that it needs cleared frames
  uint16_t stack_depth;                // of each function, bytes
};
RandomProgram random_program(uint64_t seed, const RandomSurroundings &surroundings = {});

constexpr size_t kMaxRandomInsns = 33000;

uint64_t next_random(uint64_t &state);

} // namespace kbpf::test
