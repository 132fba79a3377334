// SPDX-License-Identifier: MIT OR Apache-2.0
// How the walk came to what it refuses. Nothing of a path is kept while programs are walked but one bit for
// each fork on the way to where the walk is; where somebody asks, the path is walked once more, alone, and
// told from the entry on.
#pragma once
#include "core/base/arena.h"
#include "core/verifier/program.h"

namespace kbpf {

struct State; // state.h

// What one instruction of the path did.
struct PathStep {
  enum class Kind : uint8_t {
    plain,     // went on, or jumped without a condition
    branch,    // a conditional jump, or may_goto: taken or not
    call,      // entered a function of the program
    callback,  // of a helper that calls a function back: taken, it does; else it is done and returns
    timer,     // entered the function that a timer will run
    element,   // asked an iterator for its next element: taken, there is one
    leave,     // a function returned
    no_packet, // a packet load ended its function, as there is no such byte
  };
  Kind kind;
  bool taken;
  bool is_forced;      // a branch that can go no other way in this state
  uint32_t number;     // instructions of the path before this one
  uint32_t insn, next; // indices
  uint32_t depth;      // frames while the instruction ran, 1 in the entry function
};

class PathObserver {
public:
  // length: instructions, the refused one included. They begin at the entry, or in the global function that
  // is checked on its own.
  virtual void begin(uint32_t length) = 0;
  // Before each instruction, the refused one included, which is the last. state.insn is its index.
  virtual void instruction(const State &state) = 0;
  // After each but the last, in the state behind it.
  virtual void step(const PathStep &step, const State &state) = 0;

protected:
  ~PathObserver() = default;
};

// Is told of every instruction that is walked, in the state before it. state.insn is its index.
class StateObserver {
public:
  virtual void walked(const State &state) = 0;

protected:
  ~StateObserver() = default;
};

// Lines of C, for the log. text without its indentation.
struct SourceLine {
  std::string_view text, file;
  uint32_t line;
  bool operator==(const SourceLine &) const = default;
};
class SourceLines {
public:
  // The line that an instruction of the program was made from. False: not known.
  virtual bool find(uint32_t insn, SourceLine &line) const = 0;

protected:
  ~SourceLines() = default;
};

// What an instruction at `from` did, run with so many frames, now that the state behind it is known.
PathStep::Kind kind_of_step(const RawProgram &program, uint32_t from, uint32_t frames, const State &after);

// At each fork of the current path, whether it went the way that was put off. The walk is depth first: what
// it puts off shares all bits up to then.
class Decisions {
public:
  void push(Arena &arena, bool was_put_off);
  void truncate(uint32_t length) { length_ = length < length_ ? length : length_; }
  uint32_t length() const { return length_; }
  bool at(uint32_t index) const {
    return blocks_[index / kPerBlock][index % kPerBlock / 64] >> index % 64 & 1;
  }
  bool is_lost() const { return is_lost_; } // too long, or no memory

private:
  static constexpr uint32_t kPerBlock = 1 << 15, kMostBlocks = 256; // 4 KiB each
  std::span<uint64_t *> blocks_;
  uint32_t length_ = 0;
  bool is_lost_ = false;
};

} // namespace kbpf
