// SPDX-License-Identifier: MIT OR Apache-2.0
// An interpreter that trusts nothing: every word knows which object it points into, every access is held
// against that object, every read of a register against its having been written. Before each instruction an
// observer may compare what is there with what was claimed.
#pragma once
#include "core/isa/encoding.h"
#include "core/verifier/program.h"
#include "world.h"
#include <bitset>
#include <string>
#include <vector>

namespace kbpf::soundness {

struct Word {
  uint64_t value = 0;
  uint16_t region = 0; // that it points into, or pointed before it was moved; 0: a number
  bool is_written = false;
};

struct MachineFrame {
  uint32_t function, first_insn, return_to;
  bool is_callback;
  uint64_t top; // r10
  uint32_t bytes;
  Word regs[KBPF_REG_COUNT];
  uint16_t slots[KBPF_STACK_SIZE / 8];  // regions of addresses that lie in the slots, as in Frame::slots
  std::bitset<KBPF_STACK_SIZE> written; // bit n: the byte at top - 1 - n
};

class Machine;
class MachineObserver {
public:
  virtual void before(const Machine &machine, uint32_t insn) = 0;

protected:
  ~MachineObserver() = default;
};

class Machine {
public:
  Machine(World &world) : world_(world) {}

  // A program, and what was found out about its functions.
  struct Code {
    const RawProgram *raw;
    const VerifiedProgram *verified;
    std::vector<uint32_t> starts; // of its functions, ascending
  };
  void run(const Code &code, MachineObserver *observer, uint32_t most_steps);

  // Then the functions of timers that it has set, each on its own.
  void run_timers();

  uint64_t result() const { return result_; }
  uint32_t steps() const { return steps_; }             // of the program itself; timers' functions left out
  uint32_t timer_steps() const { return timer_steps_; } // of the longest of these, in the last run_timers()
  bool is_unfinished() const { return stopped_ && fault_.empty(); }
  bool was_cut() const { return may_gotos_ > kMostMayGotos; } // a loop ended that an engine goes on with
  // It has jumped, or not, by the address of a frame: machine code has its frames elsewhere.
  bool depends_on_frames() const { return depends_on_frames_; }
  const std::string &fault() const { return fault_; } // empty: none
  void report(std::string text);                      // the first counts

  const World &world() const { return world_; }
  const MachineFrame &frame(uint32_t index) const { return frames_[index]; }
  uint32_t frame_count() const { return frame_count_; }

private:
  static constexpr uint32_t kMostMayGotos = 12;
  bool enter(uint32_t function, uint32_t return_to, bool is_callback);
  void execute(uint32_t insn); // until the function returns; r0 is then in result_word_
  void alu(const Insn &insn);
  bool takes(const Insn &insn);
  void load_wide(const Insn &insn, const Insn &second);
  void load(const Insn &insn);
  void store(const Insn &insn);
  void atomic(const Insn &insn);
  void call_helper(uint32_t insn_index, const Insn &insn);
  void check_arguments(const struct HelperProto &proto);
  Word call_back(uint64_t handle, const uint64_t (&args)[5]);

  const Word &read(unsigned reg);
  Word &write(unsigned reg);
  bool access(const Word &at, int64_t off, uint64_t size, bool writes, bool reads, bool by_helper = false);
  void mark_written(const Word &at, int64_t off, uint64_t size);
  MachineFrame &frame() { return frames_[frame_count_ - 1]; }
  uint16_t *slot_at(uint64_t address, uint64_t size); // the slot that this is the whole of; null: none
  void forget_slots(uint64_t address, uint64_t size);
  MachineFrame *frame_at(uint64_t address);
  // What programs may not do whose loader must not learn the kernel's addresses (leaks.cpp).
  bool hides_addresses() const;
  void check_computed(const Insn &insn, const Word &dst, const Word &src, const Word &result);
  void check_compared(const Insn &insn, const Word &a, const Word &b);
  void check_stored(const Word &at, const Word &value, unsigned size);
  void check_loaded(uint64_t address, uint64_t size, bool as_address);
  void check_told(const Word &word, const char *where);
  uint32_t function_at(uint32_t first_insn) const;

  World &world_;
  const Code *code_ = nullptr;
  MachineObserver *observer_ = nullptr;
  MachineFrame frames_[KBPF_MAX_CALL_FRAMES];
  uint32_t frame_count_ = 0;
  uint64_t result_ = 0;
  Word result_word_;
  uint32_t steps_ = 0, timer_steps_ = 0, most_steps_ = 0, may_gotos_ = 0, callback_insn_ = 0, insn_ = 0;
  const HelperProto *callback_proto_ = nullptr;
  bool stopped_ = false, depends_on_frames_ = false;
  std::string fault_;
  friend uint64_t machine_call_back(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
};

} // namespace kbpf::soundness
