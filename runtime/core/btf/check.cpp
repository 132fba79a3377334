// SPDX-License-Identifier: MIT OR Apache-2.0
// A depth-first walk along references. What ends a branch depends on where the walk began: below a pointer
// only pointers and modifiers are followed (so that no chain of them is a ring), below a struct or array only
// what they hold by value (so that nothing contains itself); a struct that points to itself is then no cycle.
// Each type is walked once, and what it resolves to is kept, so that the whole is linear.
#include "core/btf/check.h"
#include "core/btf/report.h"
#include <algorithm>

namespace kbpf {
namespace {

constexpr uint32_t kMaxDepth = 32;
constexpr uint32_t kPointerSize = 8;

// No size of its own and none behind it.
bool is_without_size(const BtfType &type) {
  return type.is(BtfKind::void_type) || type.is(BtfKind::forward) || type.is(BtfKind::function) ||
         type.is(BtfKind::function_prototype) || type.is(BtfKind::declaration_tag);
}
// What nothing but a section may refer to.
bool is_source_only(const BtfType &type) {
  return type.is(BtfKind::variable) || type.is(BtfKind::data_section) || type.is(BtfKind::declaration_tag);
}
bool needs_resolving(const BtfType &type) {
  return type.is_modifier() || type.is_struct() || type.is(BtfKind::pointer) || type.is(BtfKind::array) ||
         type.is(BtfKind::variable) || type.is(BtfKind::function) || type.is(BtfKind::declaration_tag) ||
         type.is(BtfKind::data_section);
}
bool has_own_size(const BtfType &type) {
  return type.is(BtfKind::integer) || type.is_struct() || type.is_enum() || type.is(BtfKind::floating) ||
         type.is(BtfKind::data_section);
}
// Whole bytes of a size that a machine has.
bool is_regular(const BtfType &type) {
  BtfInt integer(type);
  uint32_t bytes = integer.bits() / 8;
  return !(integer.bits() % 8) && !integer.offset() &&
         (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8 || bytes == 16);
}

class Resolver {
public:
  Resolver(const Btf &btf, TextSink *log) : btf_(btf), report_(log, btf) {}
  Result<void> resolve_all(Arena &scratch);

private:
  enum class State : uint8_t { untouched, on_path, resolved };
  enum class Mode : uint8_t { undecided, pointer, by_value };
  struct Vertex {
    uint32_t id;
    uint32_t next_part;
  };

  Result<void> resolve(uint32_t id);
  Result<void> push(uint32_t id);
  void pop(uint32_t target = 0, uint32_t size = 0);
  Result<void> step(Vertex &top);
  Result<void> step_modifier(uint32_t id, const BtfType &type);
  Result<void> step_pointer(uint32_t id, const BtfType &type);
  Result<void> step_variable(uint32_t id, const BtfType &type);
  Result<void> step_array(uint32_t id, const BtfType &type);
  Result<void> step_struct(Vertex &top, const BtfType &type);
  Result<void> step_section(Vertex &top, const BtfType &type);
  Result<void> step_function(uint32_t id, const BtfType &type);
  Result<void> step_tag(uint32_t id, const BtfType &type);
  Result<void> check_prototype(uint32_t id, const BtfType &type);
  Result<void> check_member(uint32_t id, const BtfType &type, uint32_t index);
  Result<void> check_bits(uint32_t id, const BtfType &type, uint32_t index, uint32_t offset, uint32_t bits);

  bool is_resolved(uint32_t id) const { return states_[id] == State::resolved; }
  bool is_sink(const BtfType &type) const;
  bool must_wait(uint32_t id) const { return !is_sink(btf_.type(id)) && !is_resolved(id); }
  // What id waits for: itself, or the array or pointer at which a modifier stopped that was resolved under
  // another rule; 0: nothing.
  uint32_t awaited(uint32_t id) const {
    if (must_wait(id))
      return id;
    uint32_t behind = target(id);
    return must_wait(behind) ? behind : 0;
  }
  // Behind modifiers and variables that are resolved.
  uint32_t target(uint32_t id) const {
    BtfType type = btf_.type(id);
    return (type.is_modifier() || type.is(BtfKind::variable)) && is_resolved(id) ? targets_[id] : id;
  }
  bool sized(uint32_t id, uint32_t *size = nullptr) const;
  // What a typedef of nothing may mean: void, an incomplete type, a function's type.
  bool may_be_without_size(uint32_t id) const {
    BtfType type = btf_.type(target(id));
    return type.is(BtfKind::void_type) || type.is(BtfKind::forward) || type.is(BtfKind::function_prototype);
  }

  const Btf &btf_;
  BtfReport report_;
  std::span<State> states_;
  std::span<uint32_t> targets_; // of modifiers and variables
  std::span<uint32_t> sizes_;   // of arrays
  Vertex path_[kMaxDepth];
  uint32_t depth_ = 0;
  Mode mode_ = Mode::undecided;
};

bool Resolver::is_sink(const BtfType &type) const {
  switch (mode_) {
  case Mode::undecided:
    return !needs_resolving(type);
  case Mode::pointer:
    return !type.is_modifier() && !type.is(BtfKind::pointer);
  case Mode::by_value:
    return !type.is_modifier() && !type.is(BtfKind::array) && !type.is_struct();
  }
  return true;
}

bool Resolver::sized(uint32_t id, uint32_t *size) const {
  id = target(id);
  BtfType type = btf_.type(id);
  uint32_t found = 0;
  if (has_own_size(type))
    found = type.size_or_type;
  else if (type.is(BtfKind::pointer))
    found = kPointerSize;
  else if (type.is(BtfKind::array))
    found = sizes_[id]; // below a pointer it may not be known yet, nor does it count there
  else
    return false;
  if (size)
    *size = found;
  return true;
}

Result<void> Resolver::push(uint32_t id) {
  if (depth_ == kMaxDepth)
    return Error::too_big;
  if (states_[id] != State::untouched)
    return Error::already_exists;
  states_[id] = State::on_path;
  path_[depth_++] = {id, 0};
  if (mode_ == Mode::undecided) {
    BtfType type = btf_.type(id);
    if (type.is(BtfKind::pointer))
      mode_ = Mode::pointer;
    else if (type.is_struct() || type.is(BtfKind::array))
      mode_ = Mode::by_value;
  }
  return {};
}

void Resolver::pop(uint32_t target, uint32_t size) {
  uint32_t id = path_[--depth_].id;
  targets_[id] = target;
  sizes_[id] = size;
  states_[id] = State::resolved;
}

Result<void> Resolver::resolve(uint32_t id) {
  depth_ = 0;
  mode_ = Mode::undecided;
  Result<void> result = push(id);
  while (result.ok() && depth_)
    result = step(path_[depth_ - 1]);
  if (!result.ok() && result.error() == Error::too_big)
    return report_.refuse(id, btf_.type(id), "Exceeded max resolving depth:32", Error::too_big);
  if (!result.ok() && result.error() == Error::already_exists)
    return report_.refuse(id, btf_.type(id), "Loop detected", Error::already_exists);
  return result;
}

Result<void> Resolver::step(Vertex &top) {
  BtfType type = btf_.type(top.id);
  switch (type.kind) {
  case BtfKind::pointer:
    return step_pointer(top.id, type);
  case BtfKind::variable:
    return step_variable(top.id, type);
  case BtfKind::array:
    return step_array(top.id, type);
  case BtfKind::structure:
  case BtfKind::union_type:
    return step_struct(top, type);
  case BtfKind::data_section:
    return step_section(top, type);
  case BtfKind::function:
    return step_function(top.id, type);
  case BtfKind::declaration_tag:
    return step_tag(top.id, type);
  default:
    return step_modifier(top.id, type);
  }
}

Result<void> Resolver::step_modifier(uint32_t id, const BtfType &type) {
  uint32_t next = type.size_or_type;
  if (!btf_.has_type(next) || is_source_only(btf_.type(next)))
    return report_.refuse(id, type, "Invalid type_id");
  if (uint32_t first = awaited(next))
    return push(first);
  if (!sized(next) && !may_be_without_size(next))
    return report_.refuse(id, type, "Invalid type_id");
  pop(target(next));
  return {};
}

Result<void> Resolver::step_pointer(uint32_t id, const BtfType &type) {
  uint32_t next = type.size_or_type;
  if (!btf_.has_type(next) || is_source_only(btf_.type(next)))
    return report_.refuse(id, type, "Invalid type_id");
  if (uint32_t first = awaited(next))
    return push(first);
  if (!sized(next) && !may_be_without_size(next))
    return report_.refuse(id, type, "Invalid type_id");
  pop(target(next));
  return {};
}

Result<void> Resolver::step_variable(uint32_t id, const BtfType &type) {
  uint32_t next = type.size_or_type;
  if (!btf_.has_type(next) || is_source_only(btf_.type(next)))
    return report_.refuse(id, type, "Invalid type_id");
  if (uint32_t first = awaited(next))
    return push(first);
  if (!sized(next))
    return report_.refuse(id, type, "Invalid type_id");
  pop(target(next));
  return {};
}

Result<void> Resolver::step_array(uint32_t id, const BtfType &type) {
  auto array = type.part<kbpf_btf_array>();
  auto may_stand = [&](uint32_t part) {
    return btf_.has_type(part) && !is_without_size(btf_.type(part)) && !is_source_only(btf_.type(part));
  };
  if (!may_stand(array.index_type))
    return report_.refuse(id, type, "Invalid index");
  if (uint32_t first = awaited(array.index_type))
    return push(first);
  BtfType index = btf_.type(target(array.index_type));
  if (!index.is(BtfKind::integer) || !is_regular(index))
    return report_.refuse(id, type, "Invalid index");
  if (!may_stand(array.type))
    return report_.refuse(id, type, "Invalid elem");
  if (uint32_t first = awaited(array.type))
    return push(first);
  uint32_t size = 0;
  if (!sized(array.type, &size))
    return report_.refuse(id, type, "Invalid elem");
  BtfType element = btf_.type(target(array.type));
  if (element.is(BtfKind::integer) && !is_regular(element))
    return report_.refuse(id, type, "Invalid array of int");
  uint64_t whole = uint64_t{size} * array.nelems;
  if (whole > UINT32_MAX)
    return report_.refuse(id, type, "Array size overflows u32");
  pop(0, static_cast<uint32_t>(whole));
  return {};
}

Result<void> Resolver::step_struct(Vertex &top, const BtfType &type) {
  for (; top.next_part < type.count; top.next_part++) {
    uint32_t member = type.part<kbpf_btf_member>(top.next_part).type;
    if (!btf_.has_type(member) || is_source_only(btf_.type(member)) || is_without_size(btf_.type(member)))
      return report_.refuse_part(top.id, type, top.next_part, "Invalid member");
    if (uint32_t first = awaited(member))
      return push(first);
    KBPF_TRY(check_member(top.id, type, top.next_part));
  }
  pop();
  return {};
}

Result<void> Resolver::step_section(Vertex &top, const BtfType &type) {
  for (; top.next_part < type.count; top.next_part++) {
    auto entry = type.part<kbpf_btf_var_secinfo>(top.next_part);
    if (!btf_.has_type(entry.type) || !btf_.type(entry.type).is(BtfKind::variable))
      return report_.refuse_part(top.id, type, top.next_part, "Not a VAR kind member");
    if (uint32_t first = awaited(entry.type))
      return push(first);
    uint32_t size = 0;
    if (!sized(entry.type, &size))
      return report_.refuse_part(top.id, type, top.next_part, "Invalid type");
    if (entry.size < size)
      return report_.refuse_part(top.id, type, top.next_part, "Invalid size");
  }
  pop();
  return {};
}

Result<void> Resolver::step_function(uint32_t id, const BtfType &type) {
  BtfType prototype = btf_.type(type.size_or_type);
  if (!btf_.has_type(type.size_or_type) || !prototype.is(BtfKind::function_prototype))
    return report_.refuse(id, type, "Invalid type_id");
  for (uint32_t i = 0; i < prototype.count; i++)
    if (auto parameter = prototype.part<kbpf_btf_param>(i); !parameter.name_off && parameter.type)
      return report_.refuse_part(id, type, i, "Invalid arg");
  pop();
  return {};
}

Result<void> Resolver::step_tag(uint32_t id, const BtfType &type) {
  BtfType tagged = btf_.type(type.size_or_type);
  bool may_be_tagged = tagged.is_struct() || tagged.is(BtfKind::function) || tagged.is(BtfKind::variable) ||
                       tagged.is(BtfKind::type_definition);
  if (!btf_.has_type(type.size_or_type) || !may_be_tagged)
    return report_.refuse(id, type, "Invalid type_id");
  if (uint32_t first = awaited(type.size_or_type))
    return push(first);
  if (int32_t index = type.part<int32_t>(); index != -1) {
    uint32_t parts = tagged.is_struct()             ? tagged.count
                     : tagged.is(BtfKind::function) ? btf_.type(tagged.size_or_type).count
                                                    : 0;
    if (static_cast<uint32_t>(index) >= parts)
      return report_.refuse(id, type, "Invalid component_idx");
  }
  pop(type.size_or_type);
  return {};
}

Result<void> Resolver::check_prototype(uint32_t id, const BtfType &type) {
  uint32_t returned = type.size_or_type;
  if (returned) {
    if (!btf_.has_type(returned) || is_source_only(btf_.type(returned)))
      return report_.refuse(id, type, "Invalid return type");
    if (needs_resolving(btf_.type(returned)) && !is_resolved(returned))
      KBPF_TRY(resolve(returned));
    if (!sized(returned) && !btf_.type(target(returned)).is(BtfKind::void_type))
      return report_.refuse(id, type, "Invalid return type");
  }
  uint32_t count = type.count;
  if (count && !type.part<kbpf_btf_param>(count - 1).type) { // "..."
    if (type.part<kbpf_btf_param>(count - 1).name_off)
      return report_.refuse_part(id, type, count - 1, "Invalid arg");
    count--;
  }
  for (uint32_t i = 0; i < count; i++) {
    auto parameter = type.part<kbpf_btf_param>(i);
    if (!parameter.type || !btf_.has_type(parameter.type) || is_source_only(btf_.type(parameter.type)))
      return report_.refuse_part(id, type, i, "Invalid arg");
    if (parameter.name_off && !is_btf_identifier(btf_.string(parameter.name_off)))
      return report_.refuse_part(id, type, i, "Invalid arg");
    if (needs_resolving(btf_.type(parameter.type)) && !is_resolved(parameter.type))
      KBPF_TRY(resolve(parameter.type));
    if (!sized(parameter.type))
      return report_.refuse_part(id, type, i, "Invalid arg");
  }
  return {};
}

// Bits [offset, offset + bits) of a struct as they would be copied out of it.
Result<void> Resolver::check_bits(uint32_t id, const BtfType &type, uint32_t index, uint32_t offset,
                                  uint32_t bits) {
  uint32_t first_byte = offset / 8, copied = bits + offset % 8;
  if (copied > 128)
    return report_.refuse_part(id, type, index, "nr_copy_bits exceeds 128");
  if (type.size_or_type < first_byte || type.size_or_type - first_byte < (copied + 7) / 8)
    return report_.refuse_part(id, type, index, "Member exceeds struct_size");
  return {};
}

Result<void> Resolver::check_member(uint32_t id, const BtfType &type, uint32_t index) {
  auto member = type.part<kbpf_btf_member>(index);
  BtfType held = btf_.type(target(member.type));
  uint32_t offset = type.bit_offset(member), width = type.bitfield_size(member), size = 0;
  if (!sized(member.type, &size))
    return report_.refuse_part(id, type, index, "Unsupported check_member");
  if (held.is(BtfKind::integer)) {
    BtfInt integer(held);
    if (!type.kind_flag) {
      if (UINT32_MAX - offset < integer.offset())
        return report_.refuse_part(id, type, index, "bits_offset exceeds U32_MAX");
      return check_bits(id, type, index, offset + integer.offset(), integer.bits());
    }
    if (!is_regular(held))
      return report_.refuse_part(id, type, index, "Invalid member base type");
    if (!width && offset % 8)
      return report_.refuse_part(id, type, index, "Invalid member offset");
    if (width > integer.bits())
      return report_.refuse_part(id, type, index, "Invalid member bitfield_size");
    return check_bits(id, type, index, offset, width ? width : integer.bits());
  }
  if (held.is_enum() && width) {
    if (width > size * 8)
      return report_.refuse_part(id, type, index, "Invalid member bitfield_size");
    if ((uint64_t{offset} + width + 7) / 8 > type.size_or_type)
      return report_.refuse_part(id, type, index, "Member exceeds struct_size");
    return {};
  }
  if (width)
    return report_.refuse_part(id, type, index, "Invalid member bitfield_size");
  uint32_t alignment = held.is(BtfKind::floating) ? std::min(size, 8u) * 8 : 8;
  if (offset % alignment)
    return report_.refuse_part(id, type, index, "Member is not byte aligned");
  if (type.size_or_type - offset / 8 < size)
    return report_.refuse_part(id, type, index, "Member exceeds struct_size");
  return {};
}

Result<void> Resolver::resolve_all(Arena &scratch) {
  states_ = scratch.make_array<State>(btf_.type_count());
  targets_ = scratch.make_array<uint32_t>(btf_.type_count());
  sizes_ = scratch.make_array<uint32_t>(btf_.type_count());
  if (!states_.data() || !targets_.data() || !sizes_.data())
    return Error::no_memory;
  for (uint32_t id = 1; id < btf_.type_count(); id++) {
    BtfType type = btf_.type(id);
    if (needs_resolving(type) && !is_resolved(id))
      KBPF_TRY(resolve(id));
    if (type.is(BtfKind::function_prototype))
      KBPF_TRY(check_prototype(id, type));
  }
  // Type tags come before every other modifier of a pointer's target.
  for (uint32_t id = 1; id < btf_.type_count(); id++) {
    BtfType type = btf_.type(id);
    bool behind_pointer_or_tag = type.is(BtfKind::pointer) || type.is(BtfKind::type_tag);
    BtfType next = btf_.type(type.size_or_type);
    if (type.is_modifier() && !behind_pointer_or_tag && !type.is(BtfKind::type_definition) &&
        next.is(BtfKind::type_tag))
      return report_.refuse(id, type, "Type tags don't precede modifiers");
  }
  return {};
}

} // namespace

Result<void> check_references(const Btf &btf, Arena &scratch, TextSink *log) {
  Arena::Mark mark = scratch.mark();
  Result<void> result = Resolver(btf, log).resolve_all(scratch);
  scratch.release(mark);
  return result;
}

Result<uint32_t> size_of(const Btf &btf, uint32_t id) {
  uint64_t elements = 1;
  for (uint32_t step = 0; step < btf.type_count(); step++) {
    id = btf.strip_modifiers(id);
    BtfType type = btf.type(id);
    if (type.is(BtfKind::variable)) {
      id = type.size_or_type;
    } else if (type.is(BtfKind::array)) {
      auto array = type.part<kbpf_btf_array>();
      elements *= array.nelems; // both fit in 32 bits for whole arrays: check_references
      if (elements > UINT32_MAX)
        return Error::invalid;
      id = array.type;
    } else if (type.is(BtfKind::pointer)) {
      return static_cast<uint32_t>(elements * kPointerSize);
    } else {
      if (!has_own_size(type) || elements * type.size_or_type > UINT32_MAX)
        return Error::invalid;
      return static_cast<uint32_t>(elements * type.size_or_type);
    }
  }
  return Error::invalid;
}

} // namespace kbpf
