// SPDX-License-Identifier: MIT OR Apache-2.0
#include "engine_features.h"
#include "core/interp/callback.h"
#include "insn_builders.h"

namespace kbpf::test {
namespace {

uint64_t repeat(uint64_t count, uint64_t callback, uint64_t value, uint64_t, uint64_t) {
  for (uint64_t i = 0; i < count; i++)
    if (run_callback(callback, i, value, 0, 0, 0))
      return i + 1;
  return count;
}

uint64_t sum(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
  return a + 10 * b + 100 * c + 1000 * d + 10000 * e;
}

// Writes a program function by function; the first one is the entry.
class Builder {
public:
  void put(std::initializer_list<Slots> list) {
    for (const Slots &slots : list)
      for (unsigned i = 0; i < slots.count; i++)
        insns_[count_++] = slots.insns[i];
  }
  void start_callback() { callbacks_[callback_count_++] = static_cast<uint32_t>(count_); }
  FeatureProgram finish(const char *name, uint64_t result, void (*adjust)(UnverifiedProgram &) = nullptr) {
    return {name, {insns_, count_}, {callbacks_, callback_count_}, adjust, result};
  }

private:
  Insn insns_[128];
  size_t count_ = 0;
  uint32_t callbacks_[4];
  size_t callback_count_ = 0;
};

// *(u64 *)value += i + 1
void callback_adds(Builder &b) {
  b.start_callback();
  b.put({load(KBPF_SIZE_DW, R3, R2, 0), add64_reg(R3, R1), add64_imm(R3, 1),
         store_reg(KBPF_SIZE_DW, R2, 0, R3), mov64_imm(R0, 0), exit_insn()});
}

void callback_shares_the_callers_memory(Builder &b) {
  b.put({store_imm(KBPF_SIZE_DW, R10, -8, 100), mov64_imm(R1, 4), ld_callback(R2, 1), mov64_reg(R3, R10),
         add64_imm(R3, -8), call_helper(kRepeat), load(KBPF_SIZE_DW, R1, R10, -8),
         alu64_imm(KBPF_ALU_MUL, R0, 1000), add64_reg(R0, R1), exit_insn()});
  callback_adds(b);
}

void callback_that_returns_non_zero_ends_the_repetition(Builder &b) {
  b.put({mov64_imm(R1, 100), ld_callback(R2, 1), mov64_imm(R3, 6), call_helper(kRepeat), exit_insn()});
  b.start_callback();
  b.put({mov64_imm(R0, 0), jump_reg(KBPF_JMP_JLT, R1, R2, 1), mov64_imm(R0, 1), exit_insn()});
}

// Each of the outer callback's three turns repeats the inner one, which adds to the entry's frame: 3 * (1 +
// 2).
void callbacks_nest(Builder &b) {
  b.put({store_imm(KBPF_SIZE_DW, R10, -8, 0), mov64_imm(R1, 3), ld_callback(R2, 1), mov64_reg(R3, R10),
         add64_imm(R3, -8), call_helper(kRepeat), load(KBPF_SIZE_DW, R0, R10, -8), exit_insn()});
  b.start_callback();
  b.put({mov64_imm(R1, 2), mov64_reg(R3, R2), ld_callback(R2, 2), call_helper(kRepeat), mov64_imm(R0, 0),
         exit_insn()});
  callback_adds(b);
}

void callback_keeps_its_callers_r6_to_r9_and_frame(Builder &b) {
  b.put({mov64_imm(R6, 6), mov64_imm(R7, 7), mov64_imm(R8, 8), mov64_imm(R9, 9),
         store_imm(KBPF_SIZE_DW, R10, -16, 1), store_imm(KBPF_SIZE_DW, R10, -512, 2), mov64_imm(R1, 3),
         ld_callback(R2, 1), mov64_imm(R3, 0), call_helper(kRepeat), mov64_reg(R1, R6), mov64_reg(R2, R7),
         mov64_reg(R3, R8), mov64_reg(R4, R9), load(KBPF_SIZE_DW, R5, R10, -16),
         load(KBPF_SIZE_DW, R0, R10, -512), add64_reg(R5, R0), call_helper(kSum), exit_insn()});
  b.start_callback();
  b.put({mov64_imm(R6, -1), mov64_imm(R7, -1), mov64_imm(R8, -1), mov64_imm(R9, -1),
         store_imm(KBPF_SIZE_DW, R10, -16, -1), store_imm(KBPF_SIZE_DW, R10, -512, -1), mov64_imm(R0, 0),
         exit_insn()});
}

// A function that a handle names is an ordinary one, too, and a handle may be an argument.
void subprogram_calls_back_by_a_handle_it_was_given(Builder &b) {
  b.put({store_imm(KBPF_SIZE_DW, R10, -8, 0), mov64_imm(R1, 9), mov64_reg(R2, R10), add64_imm(R2, -8),
         call_subprogram(12), // the callback, directly: adds 10
         ld_callback(R1, 2), mov64_reg(R2, R10), add64_imm(R2, -8),
         call_subprogram(2), // the function below
         load(KBPF_SIZE_DW, R0, R10, -8), exit_insn()});
  b.put({mov64_reg(R3, R2), mov64_reg(R2, R1), mov64_imm(R1, 2), call_helper(kRepeat), exit_insn()});
  callback_adds(b); // twice more: 1 + 2
}

// Counts loops until a may_goto ends them. The jump goes forward.
void may_goto_ends_a_loop(Builder &b) {
  b.put({mov64_imm(R0, 0), may_goto(2), add64_imm(R0, 1), ja(-3), exit_insn()});
}

void may_goto_jumps_backward(Builder &b) {
  b.put({mov64_imm(R0, 0), ja(1), exit_insn(), add64_imm(R0, 1), may_goto(-3), ja(-3)});
}

// The entry spends its budget.
void called_frames_have_may_gotos_of_their_own(Builder &b) {
  b.put({may_goto(1), ja(-2), // until none is left
         call_subprogram(11), mov64_reg(R6, R0), mov64_imm(R1, 5), ld_callback(R2, 2), mov64_imm(R3, 0),
         call_helper(kRepeat), // 1: the callback ends it by its own count
         may_goto(1), mov64_imm(R6, 1000), alu64_imm(KBPF_ALU_MUL, R0, 10), add64_reg(R0, R6), exit_insn()});
  b.put({mov64_imm(R0, 1), may_goto(2), mov64_imm(R0, 2), may_goto(0), exit_insn()});
  b.start_callback();
  b.put({mov64_imm(R0, 0), may_goto(1), mov64_imm(R0, 3), exit_insn()});
}

// Every register that leaf code could use for the count holds a number.
void may_goto_leaves_all_registers_alone(Builder &b) {
  b.put({mov64_imm(R0, 1),
         mov64_imm(R1, 2),
         mov64_imm(R2, 3),
         mov64_imm(R3, 4),
         mov64_imm(R4, 5),
         mov64_imm(R5, 6),
         mov64_imm(R6, 7),
         mov64_imm(R7, 8),
         mov64_imm(R8, 9),
         mov64_imm(R9, 10),
         store_imm(KBPF_SIZE_DW, R10, -8, 1),
         may_goto(1),
         atomic(KBPF_SIZE_DW, KBPF_ATOMIC_CMPXCHG, R10, -8, R1),
         add64_reg(R0, R1),
         add64_reg(R0, R2),
         add64_reg(R0, R3),
         add64_reg(R0, R4),
         add64_reg(R0, R5),
         add64_reg(R0, R6),
         add64_reg(R0, R7),
         add64_reg(R0, R8),
         add64_reg(R0, R9),
         exit_insn()});
}

// The first call leaves numbers where the second one's frame will be.
void frame_is_cleared(Builder &b) {
  b.put({call_subprogram(2), call_subprogram(6), exit_insn()});
  b.put({store_imm(KBPF_SIZE_DW, R10, -8, -1), store_imm(KBPF_SIZE_DW, R10, -256, -1),
         store_imm(KBPF_SIZE_DW, R10, -512, -1), mov64_imm(R0, 0), exit_insn()});
  b.put({load(KBPF_SIZE_DW, R0, R10, -8), load(KBPF_SIZE_DW, R1, R10, -256),
         load(KBPF_SIZE_DW, R2, R10, -512), alu64_reg(KBPF_ALU_OR, R0, R1), alu64_reg(KBPF_ALU_OR, R0, R2),
         exit_insn()});
}

// Fills the frame's ends, calls a helper in between, and reads them back by constant and computed addresses.
template <int kDepth> void large_frame(Builder &b) {
  b.put({mov64_imm(R6, 1), store_imm(KBPF_SIZE_DW, R10, -kDepth, 2), store_imm(KBPF_SIZE_DW, R10, -8, 3),
         mov64_reg(R7, R10), add64_imm(R7, -kDepth), mov64_reg(R1, R6), load(KBPF_SIZE_DW, R2, R7, 0),
         load(KBPF_SIZE_DW, R3, R7, kDepth - 8), load(KBPF_SIZE_W, R4, R10, -kDepth),
         load(KBPF_SIZE_B, R5, R10, -8), call_helper(kSum),
         atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R10, -kDepth, R6), load(KBPF_SIZE_DW, R1, R10, -kDepth),
         alu64_imm(KBPF_ALU_MUL, R1, 100000), add64_reg(R0, R1), exit_insn()});
}
template <int kDepth> void set_depth(UnverifiedProgram &program) {
  program.subprogram(0).stack_depth = kDepth;
}
template <int kDepth> void set_depth_and_clear(UnverifiedProgram &program) {
  set_depth<kDepth>(program);
  program.subprogram(0).zero_stack = true;
}
template <int kDepth> void large_frame_is_cleared(Builder &b) {
  b.put({mov64_imm(R0, 0), mov64_reg(R1, R10), add64_imm(R1, -kDepth), mov64_imm(R2, kDepth / 8),
         load(KBPF_SIZE_DW, R3, R1, 0), alu64_reg(KBPF_ALU_OR, R0, R3), add64_imm(R1, 8), add64_imm(R2, -1),
         jump_imm(KBPF_JMP_JNE, R2, 0, -5), exit_insn()});
}

} // namespace

HelperFunction feature_helper(uint32_t number) {
  return number == kRepeat ? repeat : number == kSum ? sum : nullptr;
}

void for_each_feature(void (*visit)(const FeatureProgram &, void *), void *user) {
  auto one = [&](const char *name, uint64_t result, void (*write)(Builder &),
                 void (*adjust)(UnverifiedProgram &) = nullptr) {
    Builder builder;
    write(builder);
    visit(builder.finish(name, result, adjust), user);
  };
  one("callback shares its caller's memory", 4110, callback_shares_the_callers_memory);
  one("callback that returns non-zero ends the repetition", 7,
      callback_that_returns_non_zero_ends_the_repetition);
  one("callbacks nest", 9, callbacks_nest);
  one("callback keeps its caller's r6 to r9 and frame", 39876, callback_keeps_its_callers_r6_to_r9_and_frame);
  one("subprogram calls back by a handle that it was given", 13,
      subprogram_calls_back_by_a_handle_it_was_given);
  one("may_goto ends a loop", kMayGotoBudget, may_goto_ends_a_loop);
  one("may_goto jumps backward", kMayGotoBudget + 1, may_goto_jumps_backward);
  one("called frames have may_gotos of their own", 12, called_frames_have_may_gotos_of_their_own);
  one("may_goto leaves all registers alone", 55, may_goto_leaves_all_registers_alone);
  one("frame is cleared", 0, frame_is_cleared,
      [](UnverifiedProgram &program) { program.subprogram(2).zero_stack = true; });
  constexpr uint64_t kLargeFrame = 1 + 20 + 300 + 2000 + 30000 + 300000;
  one("frame of 2024 bytes", kLargeFrame, large_frame<2024>, set_depth<2024>);
  one("frame of 2032 bytes", kLargeFrame, large_frame<2032>, set_depth<2032>);
  one("frame of 2040 bytes", kLargeFrame, large_frame<2040>, set_depth<2040>);
  one("frame of 2048 bytes", kLargeFrame, large_frame<2048>, set_depth<2048>);
  one("frame of 2056 bytes", kLargeFrame, large_frame<2056>, set_depth<2056>);
  one("frame of 4088 bytes", kLargeFrame, large_frame<4088>, set_depth<4088>);
  one("cleared frame of 504 bytes", 0, large_frame_is_cleared<504>, set_depth_and_clear<504>);
  one("cleared frame of 512 bytes", 0, large_frame_is_cleared<512>, set_depth_and_clear<512>);
  one("cleared frame of 520 bytes", 0, large_frame_is_cleared<520>, set_depth_and_clear<520>);
  one("cleared frame of 4088 bytes", 0, large_frame_is_cleared<4088>, set_depth_and_clear<4088>);
}

} // namespace kbpf::test
