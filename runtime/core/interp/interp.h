// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs a verified program on any machine; the reference for the semantics of every engine.
#pragma once
#include "core/base/arena.h"
#include "core/base/result.h"
#include "core/verifier/program.h"

namespace kbpf {

using HelperFunction = uint64_t (*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

// Where a map of type prog_array, which a handle points to, has its programs: a slot holds what an engine
// goes on at, 0 where it is empty. For the interpreter that is the address of an InterpreterCode, for machine
// code of the JIT its tail entry (rv64::tail_entry). All programs that can meet in one map are for the same
// engine.
struct ProgArrayLayout {
  uint16_t count = 0; // offset of the number of slots, a uint32_t
  uint16_t slots = 0; // offset of the slots, each a uint64_t
};

// How code reaches what lies outside of it.
struct Environment {
  HelperFunction (*helper)(uint32_t number); // null where the number has no implementation
  // Of a call with src KBPF_PSEUDO_KFUNC_CALL, by its imm; null: there are none.
  HelperFunction (*kernel_function)(uint32_t number) = nullptr;
  // The 1, 2 or 4 bytes at offset of the packet that context (r6) stands for, in network order; below 0: out
  // of its bounds, which ends the function with r0 = 0. Null: there are no packets.
  int64_t (*load_packet)(uint64_t context, uint32_t offset, uint32_t bytes) = nullptr;
  // Reads memory that may not be there; 0, or an error. For loads that may fault (InsnFacts::faultable),
  // which then read zero. Null: programs with such loads are not translated.
  int (*read_kernel)(void *to, uint64_t from, size_t size) = nullptr;
  // Of the maps that tail calls take, where helper has no KBPF_HELPER_TAIL_CALL; null: there are none.
  const ProgArrayLayout *prog_array = nullptr;
};

// A program in the interpreter's own form, 16 bytes an instruction. Refers to the program and the
// environment.
struct InterpreterCode;

// Translates a program once, so that each run of it is fast. Errors: no_memory, not_supported (the program
// has loads that may fault, and the environment can't do them).
Result<const InterpreterCode *> translate(const VerifiedProgram &program, const Environment &environment,
                                          Arena &arena);

// context goes into r1, and its size into r2, where only a program that nobody verified can read it. stack:
// at least program.stack_depth() bytes, 16-byte aligned. A tail call from within a subprogram leaves its
// callers' frames in place; it falls through where the target would not find room in what is left. Returns
// r0.
uint64_t interpret(const InterpreterCode &code, uint64_t context, std::span<std::byte> stack,
                   uint64_t context_size = 0);

} // namespace kbpf
