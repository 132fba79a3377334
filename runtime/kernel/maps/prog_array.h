// SPDX-License-Identifier: MIT OR Apache-2.0
// The array of programs that tail calls take. A process stores programs by descriptor; engines read the
// slots, which lie behind the object, and go on at what a slot holds (ProgArrayLayout). All programs that can
// meet in one map are alike (type, profile, engine): the first one that is stored, or that is loaded with a
// reference to the map, says how. Without a descriptor or name left the map is emptied, as on Linux, so that
// a program that can call itself ends.
#pragma once
#include "kernel/maps/indexed.h"
#include "kernel/memory.h"
#include "kernel/program.h"
#include "kernel/spinlock.h"

namespace kbpf::maps {

class ProgArrayMap final : public IndexedMap {
public:
  static const ProgArrayLayout kLayout;
  // Errors: invalid, too_big, no_memory.
  static Result<Map *> create(const MapSpec &spec);

  // From system calls. value: a u32, the program's descriptor. Errors: invalid (other flags, no program, or
  // one that is unlike the others), too_big, bad_fd.
  Result<void> write_for_user(const void *key, const void *value, uint64_t flags) override;
  Result<void> remove(const void *key) override;                     // errors: too_big, not_found
  Result<void> read_for_user(const void *key, void *value) override; // the program's id; error: not_found
  uint32_t batch_commands() const override { return 0; }
  Result<void> bind(const Program &program) override;
  void last_user_gone() override;

private:
  struct Slots {
    uint32_t count;
    std::atomic<uint64_t> targets[];
  };

  ProgArrayMap(const MapSpec &spec, Buffer programs) : IndexedMap(spec), programs_(std::move(programs)) {}
  ~ProgArrayMap();
  void free_memory() override;
  Slots &slots() { return *reinterpret_cast<Slots *>(this + 1); }
  Program *&program(uint32_t index) { return reinterpret_cast<Program **>(programs_.data())[index]; }
  Ref<Program> exchange(uint32_t index, Ref<Program> program);
  static size_t memory_size(uint32_t slots) {
    return sizeof(ProgArrayMap) + sizeof(Slots) + sizeof(uint64_t) * slots;
  }

  SpinLock lock_;                    // what a slot goes on at is its program's
  Buffer programs_;                  // one reference each, or null
  const Profile *profile_ = nullptr; // of all programs; null: there has been none
  const ProgTypeInfo *type_ = nullptr;
  uint32_t tracing_id_ = 0; // what tracing programs are for, since their arguments are that one's
  bool compiled_ = false;
};

} // namespace kbpf::maps
