// SPDX-License-Identifier: MIT OR Apache-2.0
// Fields of a map's value, or of a structure that a program allocates, that keep pointers to objects (__kptr,
// __kptr_untrusted, __percpu_kptr) or are the kernel's own: locks, heads of lists, nodes of trees. As BTF
// says, by the rules of Linux 6.12 (btf_parse_fields). Only Linux has them: where an object is judged for it,
// its maps are described so.
#pragma once
#include "core/btf/btf.h"
#include "core/verifier/program.h"

namespace kbpf {

enum class RecordOf : uint8_t { map, object }; // nodes mean something in objects only

// What to look at: a type of `types` that begins at `offset` of the value: a structure, its members and what
// lies in these, arrays, a data section. variable: whose type it is, for tags; 0: none's.
struct RecordPart {
  uint32_t type;
  uint64_t offset = 0;
  uint32_t variable = 0;
};
// Whose structures pointers may point to, beside the program's own.
struct KernelTypes {
  const Btf *types = nullptr; // null: not known; what Linux has destructors for is the kernel's, and unusable
  bool is_guess = false;      // what the program was compiled against: its own structures are there, too
};
// Notes those that lie there. Gives how many of `fields` are filled, by ascending offset. Errors: too_big
// (more than there is room for, or too much to look at), invalid (Linux takes no such type).
Result<size_t> find_fields(const Btf &types, const RecordPart &part, RecordOf of, const KernelTypes &kernel,
                           std::span<RecordField> fields);
// What holds of all fields of a value, which may have several parts; owner: the structure that has them, 0
// for a map's value. Errors: invalid (a list without a lock; a node that can be in several, without a count;
// what owns itself), too_big (too much to look at).
Result<void> check_record(const Btf &types, std::span<const RecordField> fields, uint32_t owner);
// The most that Linux lets a value have (BTF_FIELDS_MAX).
constexpr size_t kMostFields = 11;

// A structure that a program allocates.
struct ObjectRecord {
  uint32_t type_id = 0; // in the program's types
  uint32_t count = 0;
  bool is_refused = false; // Linux takes no such type
  RecordField fields[kMostFields];
  std::span<const RecordField> all() const { return {fields, count}; }
  const RecordField *find(RecordField::Kind kind) const; // null: it has none
  bool has_node() const;
};
ObjectRecord describe_object(const Btf &types, uint32_t type, const KernelTypes &kernel);

// The field that lies in bytes first to end - 1; null: none.
const RecordField *field_in(std::span<const RecordField> fields, int64_t first, int64_t end);

} // namespace kbpf
