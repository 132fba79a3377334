// SPDX-License-Identifier: MIT OR Apache-2.0
// A loaded program: verified, compiled, holding references on its maps.
#pragma once
#include "core/base/arena.h"
#include "core/interp/interp.h"
#include "core/verifier/program.h"
#include "kernel/object.h"
#include <span>

namespace kbpf {

class Map;

class Program final : public Object {
public:
  // From a ReadSection (interrupts off). context: as the program type says (docs/abi.md). Returns r0.
  uint64_t run(void *context) const;
  const Profile &profile() const { return *profile_; }
  const ProgTypeInfo &type() const { return *type_; }
  const char *name() const { return name_; }
  void destroy() override;

private:
  friend class ProgramLoader;
  Program() : Object(Kind::program) {}
  ~Program() = default;
  const Profile *profile_ = nullptr;
  const ProgTypeInfo *type_ = nullptr;
  char name_[KBPF_OBJ_NAME_LEN] = {};
  uint64_t (*entry_)(void *context) = nullptr; // machine code; null: interpreted
  const VerifiedProgram *verified_ = nullptr;  // for the interpreter; null where there is machine code
  void *code_ = nullptr;
  size_t code_pages_ = 0;
  std::span<Map *> maps_; // one reference on each
};

} // namespace kbpf
