// SPDX-License-Identifier: MIT OR Apache-2.0
// Objects of the kernel by their BTF: what lies at an offset in a structure, what a kernel function's
// arguments are, and how far the pointers that come of both are trusted. The rules are Linux 6.12's
// (kernel/bpf/btf.c, verifier.c). Types may be hostile: every walk is bounded.
#pragma once
#include "core/btf/btf.h"
#include "core/verifier/program.h"
#include "core/verifier/program_rules.h"
#include <optional>
#include <string_view>

namespace kbpf {

// How far a pointer to an object of the kernel is trusted; bits of Value::trust. None of them: it may be
// handed to helpers, as from an argument of a traced function, but nobody knows that it is good.
namespace trust {
constexpr uint16_t kTrusted = 1, // points to a live object, and is not null
    kRcu = 2,                    // to one that is there until the read section ends
    kUntrusted = 4,              // to anything: for loads only, which may fault
    kPerCpu = 8,                 // an offset, which is of use to per_cpu_ptr only
    kUser = 16,                  // into the memory of a process
    kLent = 32;                  // to one that a list or a tree owns: there for as long as the lock is held
} // namespace trust

// What an access to a structure finds.
struct ObjectField {
  enum class Kind : uint8_t {
    number,  // anything but the next
    pointer, // to the structure `type`
    // Faults:
    past_end,       // of the structure
    past_member,    // the access goes on behind the member
    partial,        // a pointer, not as a whole
    none,           // no member is there
    not_structured, // the type is none that has members
  } kind;
  uint32_t type = 0;  // of kind pointer: the structure's id; of faults: the structure that was searched
  uint16_t trust = 0; // what the field itself says: kUntrusted, kPerCpu, kUser, kRcu
  std::string_view name = {}; // of the member
  uint32_t members = 0;       // of the structures that were searched
  bool is_fault() const { return kind > Kind::pointer; }
};

// size bytes at offset of a structure or union. offset is not negative.
ObjectField field_at(const Btf &btf, uint32_t type, uint64_t offset, uint64_t size);

// Whether the structure `wanted` (by name) lies at the offset of the structure, being that itself or the
// first thing in what lies there.
bool has_structure_at(const Btf &btf, uint32_t type, uint64_t offset, std::string_view wanted);

// Trust of a pointer that was loaded from a member of a trusted object or of one under RCU.
struct FieldTrust {
  uint16_t trust;
  bool may_be_null;
};
// parent: name of the structure that the base points to. in_read_section: RCU protects what the program sees.
FieldTrust trust_of_field(std::string_view parent, const ObjectField &field, bool in_read_section);

// An argument of a traced function, or its result, as a program gets it in its context.
struct TracedArgument {
  enum class Kind : uint8_t {
    number,  // some bytes of its own
    address, // a pointer to no structure: a number, but read as a whole
    pointer, // to the structure `type`
    // Faults:
    none,      // there is no such argument
    unreadable // of a type that programs do not get
  } kind;
  uint32_t type = 0;
  uint16_t trust = 0;
  bool may_be_null = false;
  bool is_result = false; // of the function, not an argument
};

// Programs whose context is a traced function's arguments.
bool is_traced_type(const RawProgram &program);

// The prototype of what a tracing or lsm program is attached to.
class TracedFunction {
public:
  // Nothing: the program is of another type, or it is not known what it is attached to.
  static std::optional<TracedFunction> of(const RawProgram &program);

  std::string_view name() const { return name_; }
  TracedArgument argument_at(uint64_t offset) const; // of the context; a multiple of 8
  uint32_t argument_bytes() const;                   // of the context: all arguments, without the result
  // What an lsm program may return in the hook's place. Nothing: any number.
  std::optional<ReturnRange> return_range() const;

private:
  TracedFunction(const RawProgram &program, const BtfType &prototype, std::string_view name)
      : btf_(program.kernel_btf), prototype_(prototype), name_(name),
        attach_type_(program.expected_attach_type), is_lsm_(false) {}
  uint32_t words(uint32_t type) const; // that an argument takes
  TracedArgument describe(uint32_t type, uint32_t index, std::string_view parameter) const;
  void set_trust(TracedArgument &argument, uint32_t index, std::string_view parameter) const;
  bool skips_first() const;

  const Btf *btf_;
  BtfType prototype_;
  std::string_view name_;
  uint32_t attach_type_;
  bool is_lsm_;
};

} // namespace kbpf
