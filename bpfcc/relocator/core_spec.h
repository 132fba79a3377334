// SPDX-License-Identifier: MIT OR Apache-2.0
// CO-RE as a calculation: what a relocation record asks about a type, and the answer for the kernel's types.
// The rules are those of libbpf, which every BPF loader follows; nothing is written here.
#pragma once
#include "bpfcc/relocator/btf.h"
#include "bpfcc/relocator/btf_ext.h"
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bpfcc {

// enum bpf_core_relo_kind
enum class CoreKind : uint32_t {
  field_byte_offset,
  field_byte_size,
  field_exists,
  field_signed,
  field_lshift_u64,
  field_rshift_u64,
  type_id_local,
  type_id_target,
  type_exists,
  type_size,
  enumval_exists,
  enumval_value,
  type_matches,
};
constexpr uint32_t kCoreKinds = 13;

struct CoreAnswer {
  uint64_t local = 0;  // what the compiler wrote into the instruction
  uint64_t target = 0; // what the kernel's types make it
  bool exact = true;   // the instruction must hold local; off for bit fields, which compilers may load anyhow
  bool missing = false;    // the kernel has nothing to answer with: the instruction must not be reached
  bool size_clash = false; // a load or store of this size would be wrong: so must it
  uint32_t local_size = 0, target_size = 0; // of a field's access, where its offset was asked; 0: not known
};

// A kernel's types by name. One for all records of an object.
class CoreResolver {
public:
  CoreResolver(const Btf &local, const Btf &kernel);

  // Nothing: the record is malformed, or several of the kernel's types fit and disagree; error says so.
  std::optional<CoreAnswer> answer(const CoreRelo &relo, std::string &error) const;
  // "field 'task_struct.mm.owner'", and which types the kernel has of that name.
  std::string subject(const CoreRelo &relo) const;
  std::string candidates(const CoreRelo &relo) const;

private:
  std::vector<uint32_t> candidate_ids(uint32_t local_id) const;

  const Btf &local_;
  const Btf &kernel_;
  std::unordered_map<std::string_view, std::vector<uint32_t>> by_name_; // without flavours
};

// A name without its flavour: "task_struct___old" is task_struct.
std::string_view essential_name(std::string_view name);

} // namespace bpfcc
