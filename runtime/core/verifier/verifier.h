// SPDX-License-Identifier: MIT OR Apache-2.0
// Decides whether a program is safe to run in a kernel, and says why not.
#pragma once
#include "core/base/arena.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/verifier/path.h"
#include "core/verifier/program.h"

namespace kbpf {

// The first read, in the order of the walk, of stack bytes that the program may not have written. Programs
// are accepted with it (the engine clears the frame), but few mean it.
struct UnwrittenStackRead {
  bool found;
  uint32_t insn; // index: the one that reads, or where a path gets to that leaves such bytes to later ones
  uint32_t size; // bytes that it reads; 0: later instructions do
  uint32_t first_byte; // of these, the first that may not have been written
};

struct VerifyStats {
  uint32_t processed_insns;
  uint32_t total_states;
  uint32_t peak_states;
  uint32_t max_states_per_insn; // checkpoints of one instruction at a time
  uint32_t mark_read;           // checkpoints that one demand was handed back through (precision.h)
  size_t peak_memory; // bytes
  uint32_t stack_depth;
  uint32_t longest_path;     // instructions; a call of a global function is one, it is walked on its own
  uint32_t longest_path_end; // index of its last one
  uint32_t context_bytes; // of the context that the program accesses, from its start
  UnwrittenStackRead unwritten_read;
};

// A refusal: a stable id, the instruction that it is about, and one sentence. docs/verifier.md explains each
// id.
struct Rejection {
  uint16_t id;      // 17 reads V017; 0: not refused
  const char *name; // "map-value-out-of-bounds"
  uint32_t insn;    // index
  char message[256];
};

struct VerifyOptions {
  uint32_t log_level = 0; // 0: one line for a refusal, 1: the failing path, 2: everything
  TextSink *log = nullptr;
  bool log_stats = false;             // the log tells what verification took; so it does from level 1 on
  uint64_t (*time_ns)() = nullptr;    // a clock, for that; null: there is none
  const SourceLines *lines = nullptr; // of C, for the log
  PathObserver *observer = nullptr;   // is told the path to a refusal, where there is one
  StateObserver *walked = nullptr;
  // For tests: a state ends at an earlier one only where that contains it in everything, so that what is told
  // to `walked` holds for every run. The walk gets longer.
  bool compares_everything = false;
  uint32_t max_processed_insns = KBPF_MAX_PROCESSED_INSNS;
  // As many as the program has instructions, or none: of an accepted program, where each of them is in the
  // verified one.
  std::span<uint32_t> positions;
};

// The result lives in result_arena; working memory comes from scratch and is given back. Errors:
// access_denied (unsafe, rejection filled), invalid (malformed encoding, rejection filled), too_big (limit
// reached, rejection filled), no_memory.
Result<VerifiedProgram> verify(const RawProgram &program, const VerifyOptions &options, Arena &scratch,
                               Arena &result_arena, Rejection &rejection, VerifyStats &stats);

} // namespace kbpf
