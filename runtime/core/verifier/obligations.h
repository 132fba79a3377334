// SPDX-License-Identifier: MIT OR Apache-2.0
// What must hold before an instruction may run, read off the instruction alone. Whether it holds in a given
// state is the checker's decision; what the instruction then does is the transformer's business.
#pragma once
#include "core/isa/insn.h"
#include "core/profile/profile.h"
#include <cstddef>

namespace kbpf {

enum class Access : uint8_t {
  read,
  write,
  atomic,
  acquire,
  release
}; // the last two: ordered atomic loads, stores

struct Obligation {
  enum class Kind : uint8_t {
    initialised,  // reg holds something
    not_r10,      // reg may be written
    movable,      // if one operand is an address, the instruction may compute with it
    constant,     // the constant operand is one that the operation can have
    access,       // size bytes at reg + off may be accessed so
    reference,    // the ld_imm64 names something that exists
    feature,      // the profile has this kind of instruction
    helper,       // the called helper exists and may be called
    argument,     // reg suits the argument type arg of the called helper
    packet_load,  // classic BPF's load from the packet of the context in r6
    return_value, // r0 may leave the function
  };
  Kind kind;
  uint8_t reg = 0;
  Access access = Access::read;
  uint8_t size = 0;
  int16_t off = 0;
  kbpf_arg_type arg = KBPF_ARG_NONE;
};

class ObligationList {
public:
  void add(const Obligation &obligation) { items_[count_++] = obligation; }
  const Obligation *begin() const { return items_; }
  const Obligation *end() const { return items_ + count_; }

private:
  Obligation items_[8];
  size_t count_ = 0;
};

ObligationList obligations(const Insn &insn, const Profile &profile);

} // namespace kbpf
