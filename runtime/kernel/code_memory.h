// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory for machine code. Small programs share pages: those of a pack are executable and never writable, and
// what is written into one goes there by another way (kbpf_port_code_write), while programs beside it run. A
// large program has pages of its own, which are writable before they are executable. Room that no program has
// is filled with zeros, which are no instruction.
#pragma once
#include "kernel/memory.h"

namespace kbpf {

struct CodePack; // code_memory.cpp

class CodeMemory {
public:
  static constexpr size_t kPackPages = 4;
  static constexpr size_t kGranule = 64;                               // bytes: a program has whole ones
  static constexpr size_t kLargestShared = kPackPages * kPageSize / 2; // larger ones have pages of their own

  CodeMemory() = default;
  CodeMemory(CodeMemory &&other) noexcept { swap(other); }
  CodeMemory &operator=(CodeMemory &&other) noexcept {
    swap(other);
    return *this;
  }
  CodeMemory(const CodeMemory &) = delete;
  CodeMemory &operator=(const CodeMemory &) = delete;
  ~CodeMemory(); // from a system call, when nobody runs the code any more

  // Room for that many bytes, which will run at data(). They are put together in draft(), which may be in
  // scratch, and appear there by publish(). Error: no_memory.
  static Result<CodeMemory> create(size_t bytes, Arena &scratch);
  std::span<std::byte> draft() const { return draft_; }
  // From now on the code is executable, for every hart, and its draft is gone. Error: no_memory.
  Result<void> publish();

  std::byte *data() const { return data_; }
  size_t taken() const { return taken_; } // bytes of memory; those of packs are counted by the granule

private:
  void swap(CodeMemory &other) noexcept {
    std::swap(data_, other.data_);
    std::swap(taken_, other.taken_);
    std::swap(draft_, other.draft_);
    std::swap(pack_, other.pack_);
    std::swap(own_, other.own_);
  }

  std::byte *data_ = nullptr;
  size_t taken_ = 0;
  std::span<std::byte> draft_;
  CodePack *pack_ = nullptr; // null: own_ has the code
  Pages own_;
};

// For measurements and tests: packs that there are.
size_t code_pack_count();

} // namespace kbpf
