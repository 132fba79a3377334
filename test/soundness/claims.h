// SPDX-License-Identifier: MIT OR Apache-2.0
// What the verifier claimed: every state of its walk, by instruction. A run that it foresaw is, before each
// instruction, in one of them: registers and stack slots hold what is said of them, and are linked as is
// said.
#pragma once
#include "core/verifier/verifier.h"
#include "machine.h"
#include <memory>

namespace kbpf::soundness {

class Claims final : public StateObserver, public MachineObserver {
public:
  Claims() : room_(new std::byte[kBytes]) {}
  void begin(size_t insns);
  bool is_complete() const { return is_complete_; } // false: they were too many
  // The second time, for the states of another walk.
  void walked(const State &state) override;
  void before(const Machine &machine, uint32_t insn) override;
  const std::string &fault() const { return fault_; }
  uint64_t compared() const { return compared_; } // values, over all runs

private:
  struct Record { // followed by frames, each with its slots
    Record *next;
    uint32_t frame_count, held;
  };
  struct FrameRecord {
    uint32_t first_insn, return_to, slot_count;
    bool is_callback;
    Value regs[KBPF_REG_COUNT];
    StackSlot slots[]; // slot_count
  };
  static constexpr size_t kBytes = 96 << 20;
  void *take(size_t size);
  const char *contradiction(const Record &record, const Machine &machine);
  const char *value_contradiction(const Value &value, const Word &word, const World &world,
                                  uint32_t frame_count);
  const char *link_contradiction(const Value &value, uint64_t word);

  std::unique_ptr<std::byte[]> room_;
  size_t used_ = 0;
  bool is_complete_ = false;
  std::vector<Record *> first_, last_, hint_; // by instruction
  struct Link {
    uint32_t id;
    unsigned bits; // that are known of the number that the id stands for: its lowest
    uint64_t number;
    bool is_pointer;
  };
  Link links_[128];
  unsigned link_count_ = 0;
  uint64_t compared_ = 0;
  std::string fault_;
};

} // namespace kbpf::soundness
