// SPDX-License-Identifier: MIT OR Apache-2.0
// C wants a type before its use by value and a name before its use through a pointer, so types are written
// depth first: complete() for the one, name_only() for the other. Layout follows the offsets that BTF states;
// what C's own rules would place elsewhere gets unnamed bit fields before it, or its structure is packed.
#include "bpfcc/relocator/btf_header.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <unordered_map>

namespace bpfcc {
namespace {

constexpr unsigned kMaxDepth = 256; // of types within types; corrupt BTF may be a cycle
// Types looked at, and text that is written, in pieces of so many characters: corrupt BTF may branch without
// end. A step or two for each word is what kernels take.
constexpr size_t kMinSteps = 20'000;
constexpr size_t kStepsPerWord = 16;
constexpr size_t kCharactersPerStep = 16;

class HeaderWriter {
public:
  HeaderWriter(const Btf &btf, const std::unordered_set<std::string_view> *mentioned,
               const DeclaredNames &given)
      : btf_(btf), mentioned_(mentioned), given_(given), states_(btf.count()), alignments_(btf.count()),
        max_steps_(kMinSteps + kStepsPerWord * (btf.types_size() / sizeof(uint32_t))) {}
  std::string write();

private:
  enum class State : uint8_t { unseen, named, complete };

  bool is_mentioned(std::string_view name) const { return !mentioned_ || mentioned_->contains(name); }
  bool is_exhausted(unsigned depth) { return depth > kMaxDepth || ++steps_ > max_steps_; }
  std::string paid(std::string text) {
    steps_ += text.size() / kCharactersPerStep;
    return text;
  }
  bool is_wanted(const BtfType &type) const;
  bool is_given(const BtfType &type) const;
  void complete(uint32_t id, unsigned depth);
  void name_only(uint32_t id, unsigned depth);
  void complete_members(const BtfType &type, unsigned depth);
  void follow(const BtfMember &member);

  std::string declarator(uint32_t id, std::string name, unsigned depth);
  std::string tag(uint32_t id);
  std::string body(uint32_t id, unsigned depth);
  std::string enum_body(const BtfType &type);
  void define_record(uint32_t id, unsigned depth);
  void pad(std::string &out, uint64_t from, uint64_t to) const;

  uint64_t alignment(uint32_t id, unsigned depth);
  bool is_packed(const BtfType &type, unsigned depth);
  std::string unique(std::unordered_map<std::string, unsigned> &names, std::string_view name);

  const Btf &btf_;
  const std::unordered_set<std::string_view> *mentioned_;
  const DeclaredNames &given_;
  std::vector<State> states_;
  std::vector<uint8_t> alignments_; // 0: not known yet
  std::unordered_map<uint32_t, std::string> tags_, typedefs_;
  std::unordered_map<std::string, unsigned> tag_names_, names_;
  std::unordered_map<std::string_view, uint32_t> records_; // the complete type of a name, for forward ones
  std::vector<uint32_t> pending_;                          // reached through a pointer; to be completed
  std::string out_;
  size_t steps_ = 0;
  const size_t max_steps_;
};

bool is_record(BtfKind kind) { return kind == BtfKind::structure || kind == BtfKind::union_type; }
bool is_enum(BtfKind kind) { return kind == BtfKind::enumeration || kind == BtfKind::enumeration64; }

// What C names only once gets a suffix when BTF has it again.
std::string HeaderWriter::unique(std::unordered_map<std::string, unsigned> &names, std::string_view name) {
  unsigned &count = names[std::string(name)];
  return ++count == 1 ? std::string(name) : concat(name, "___", count);
}

std::string HeaderWriter::tag(uint32_t id) {
  const BtfType &type = btf_.type(id);
  std::string_view keyword = type.kind == BtfKind::structure                   ? "struct"
                             : type.kind == BtfKind::union_type                ? "union"
                             : type.kind == BtfKind::forward && type.kind_flag ? "union"
                             : type.kind == BtfKind::forward                   ? "struct"
                                                                               : "enum";
  if (type.kind == BtfKind::forward)
    return concat(keyword, " ", type.name);
  auto [found, added] = tags_.try_emplace(id);
  if (added)
    found->second = unique(tag_names_, type.name);
  return concat(keyword, " ", found->second);
}

uint64_t HeaderWriter::alignment(uint32_t id, unsigned depth) {
  id = btf_.element(id);
  const BtfType &type = btf_.type(id);
  if (depth > kMaxDepth)
    return 1;
  switch (type.kind) {
  case BtfKind::pointer:
    return 8;
  case BtfKind::integer:
  case BtfKind::floating:
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
    return std::clamp<uint64_t>(type.size_or_type, 1, type.kind == BtfKind::integer ? 16 : 8);
  case BtfKind::structure:
  case BtfKind::union_type: {
    if (alignments_[id])
      return alignments_[id];
    uint64_t most = 1;
    alignments_[id] = 1; // of a structure within itself, which only corrupt BTF has
    if (!is_packed(type, depth + 1))
      for (uint32_t i = 0; i < type.count; i++)
        most = std::max(most, alignment(btf_.member(type, i).type, depth + 1));
    alignments_[id] = static_cast<uint8_t>(most);
    return most;
  }
  default:
    return 1;
  }
}

bool HeaderWriter::is_packed(const BtfType &type, unsigned depth) {
  uint64_t most = 1;
  for (uint32_t i = 0; i < type.count; i++) {
    BtfMember member = btf_.member(type, i);
    uint64_t align = alignment(member.type, depth + 1);
    if (member.bit_size == 0 && member.bit_offset % (8 * align))
      return true;
    // A bit field that no unit of its type holds.
    uint64_t unit = btf_.size_of(member.type).value_or(1) * 8;
    if (member.bit_size && unit &&
        member.bit_offset / unit != (member.bit_offset + member.bit_size - 1) / unit)
      return true;
    most = std::max(most, align);
  }
  return type.size_or_type % most != 0;
}

void HeaderWriter::pad(std::string &out, uint64_t from, uint64_t to) const {
  constexpr uint64_t kLongGap = 1024; // bits; as an array, which may start at any byte
  while (from < to) {
    if (to - from > kLongGap && from % 8 == 0) {
      out += concat("char __pad", from / 8, "[", (to - from) / 8, "]; ");
      from += (to - from) / 8 * 8;
      continue;
    }
    uint64_t bits = std::min(to - from, to - from > kLongGap ? 8 - from % 8 : 32 - from % 32);
    out += concat("int : ", bits, "; ");
    from += bits;
  }
}

std::string HeaderWriter::body(uint32_t id, unsigned depth) {
  const BtfType &type = btf_.type(id);
  bool is_union = type.kind == BtfKind::union_type;
  bool packed = is_packed(type, 0);
  std::string out = "{ ";
  uint64_t at = 0; // where C's rules would put the next member, in bits
  for (uint32_t i = 0; i < type.count; i++) {
    BtfMember member = btf_.member(type, i);
    uint64_t size = btf_.size_of(member.type).value_or(0) * 8;
    if (!is_union) {
      uint64_t natural = at;
      if (member.bit_size) {
        if (!packed && size && natural / size != (natural + member.bit_size - 1) / size)
          natural = (natural / size + 1) * size;
      } else {
        uint64_t align = packed ? 8 : 8 * alignment(member.type, 0);
        natural = (natural + align - 1) / align * align;
      }
      if (member.bit_offset > natural || (member.bit_size && member.bit_offset > at))
        pad(out, at, member.bit_offset);
      at = member.bit_offset + (member.bit_size ? member.bit_size : size);
    }
    out += paid(declarator(member.type, std::string(member.name), depth + 1));
    if (member.bit_size)
      out += concat(" : ", member.bit_size);
    out += "; ";
  }
  uint64_t align = packed ? 8 : 8 * std::max<uint64_t>(1, alignment(id, 0));
  uint64_t end = uint64_t(type.size_or_type) * 8;
  if (!is_union && end > (at + align - 1) / align * align)
    pad(out, at, end);
  out += packed ? "} __attribute__((packed))" : "}";
  return out;
}

std::string HeaderWriter::enum_body(const BtfType &type) {
  std::string out = "{ ";
  for (uint32_t i = 0; i < type.count; i++) {
    uint64_t value = btf_.enumerator(type, i);
    std::string text =
        type.kind == BtfKind::enumeration64
            ? (type.kind_flag ? concat(static_cast<int64_t>(value), "ll") : concat(value, "ull"))
        : type.kind_flag ? concat(static_cast<int32_t>(value))
                         : concat(static_cast<uint32_t>(value), "u");
    // The least negative numbers have no literal of their own.
    if (text == "-9223372036854775808ll")
      text = "-9223372036854775807ll - 1";
    if (!type.kind_flag && type.kind == BtfKind::enumeration && value <= INT32_MAX)
      text.pop_back();
    if (is_exhausted(0))
      break;
    out += paid(concat(unique(names_, btf_.enumerator_name(type, i)), " = ", text, ", "));
  }
  out += "}";
  if (type.size_or_type == 1)
    out += " __attribute__((mode(byte)))";
  else if (type.size_or_type == 2)
    out += " __attribute__((mode(HI)))";
  return out;
}

// "int (*name)[4]" from the type's id and the name.
std::string HeaderWriter::declarator(uint32_t id, std::string name, unsigned depth) {
  const BtfType &type = btf_.type(id);
  if (is_exhausted(depth))
    return concat("void *", name);
  auto spaced = [&](std::string_view left) {
    return name.empty() ? std::string(left) : concat(left, " ", name);
  };
  auto needs_parentheses = [&](uint32_t target) {
    BtfKind kind = btf_.type(target).kind;
    return kind == BtfKind::array || kind == BtfKind::function_proto;
  };
  switch (type.kind) {
  case BtfKind::none:
    return spaced("void");
  case BtfKind::integer:
    return spaced(type.name == "(anon)" || type.name.empty() ? "int" : type.name);
  case BtfKind::floating:
    return spaced(type.name);
  case BtfKind::pointer: {
    std::string inner = concat("*", name);
    uint32_t target = type.size_or_type;
    // Attributes such as __user, which C need not repeat; corrupt ones may be a circle.
    for (unsigned tags = 0; btf_.type(target).kind == BtfKind::type_tag && tags < kMaxDepth; tags++)
      target = btf_.type(target).size_or_type;
    return declarator(target, needs_parentheses(target) ? concat("(", inner, ")") : inner, depth + 1);
  }
  case BtfKind::array: {
    BtfArray shape = btf_.array(type);
    return declarator(shape.element_type, concat(name, "[", shape.count, "]"), depth + 1);
  }
  case BtfKind::const_type:
  case BtfKind::volatile_type:
  case BtfKind::restrict_type: {
    std::string_view word = type.kind == BtfKind::const_type      ? "const"
                            : type.kind == BtfKind::volatile_type ? "volatile"
                                                                  : "restrict";
    if (btf_.type(type.size_or_type).kind == BtfKind::pointer)
      return declarator(type.size_or_type, concat(word, name.empty() ? "" : " ", name), depth + 1);
    if (word == "restrict")
      return declarator(type.size_or_type, std::move(name), depth + 1);
    return concat(word, " ", declarator(type.size_or_type, std::move(name), depth + 1));
  }
  case BtfKind::type_tag:
    return declarator(type.size_or_type, std::move(name), depth + 1);
  case BtfKind::typedef_type: {
    auto known = typedefs_.find(id);
    return spaced(known == typedefs_.end() ? std::string(type.name) : known->second);
  }
  case BtfKind::function_proto: {
    std::string parameters;
    for (uint32_t i = 0; i < type.count; i++) {
      BtfParameter parameter = btf_.parameter(type, i);
      bool variadic = parameter.type == 0 && i + 1 == type.count;
      parameters += concat(i ? ", " : "", variadic ? "..." : paid(declarator(parameter.type, {}, depth + 1)));
    }
    if (parameters == "...") // C wants a name before it
      parameters.clear();
    else if (parameters.empty())
      parameters = "void";
    return declarator(type.size_or_type, concat(name, "(", parameters, ")"), depth + 1);
  }
  case BtfKind::structure:
  case BtfKind::union_type:
    if (type.name.empty())
      return spaced(concat(type.kind == BtfKind::structure ? "struct " : "union ", body(id, depth + 1)));
    return spaced(tag(id));
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
    if (!type.name.empty())
      return spaced(tag(id));
    if (states_[id] != State::unseen) // its values have been declared
      return spaced("int");
    states_[id] = State::named;
    return spaced(concat("enum ", enum_body(type)));
  case BtfKind::forward:
    return spaced(tag(id));
  default:
    return spaced("int");
  }
}

// A pointer member that the program mentions makes it look into what that points to.
void HeaderWriter::follow(const BtfMember &member) {
  if (!mentioned_ || !is_mentioned(member.name))
    return;
  uint32_t id = member.type;
  for (unsigned depth = 0; depth < kMaxDepth; depth++) {
    id = btf_.strip(id);
    const BtfType &type = btf_.type(id);
    if (type.kind == BtfKind::pointer || type.kind == BtfKind::function_proto)
      id = type.size_or_type;
    else if (type.kind == BtfKind::array)
      id = btf_.array(type).element_type;
    else
      break;
  }
  if (btf_.type(id).kind == BtfKind::forward) {
    auto found = records_.find(btf_.type(id).name);
    if (found != records_.end())
      id = found->second;
  }
  if (is_record(btf_.type(id).kind) && states_[id] != State::complete)
    pending_.push_back(id);
}

void HeaderWriter::complete_members(const BtfType &type, unsigned depth) {
  for (uint32_t i = 0; i < type.count; i++) {
    BtfMember member = btf_.member(type, i);
    complete(member.type, depth + 1);
    follow(member);
  }
}

void HeaderWriter::name_only(uint32_t id, unsigned depth) {
  const BtfType &type = btf_.type(id);
  if (is_exhausted(depth) || id >= states_.size())
    return;
  switch (type.kind) {
  case BtfKind::structure:
  case BtfKind::union_type:
    if (type.name.empty()) {
      complete(id, depth + 1);
    } else if (states_[id] == State::unseen) {
      states_[id] = State::named;
      out_ += paid(concat(tag(id), ";\n"));
    }
    return;
  case BtfKind::forward:
    if (states_[id] == State::unseen)
      out_ += paid(concat(tag(id), ";\n"));
    states_[id] = State::named;
    return;
  case BtfKind::typedef_type: {
    if (states_[id] != State::unseen || type.name == "__builtin_va_list")
      return;
    states_[id] = State::named;
    name_only(type.size_or_type, depth + 1);
    std::string name = unique(names_, type.name);
    typedefs_[id] = name;
    out_ += paid(concat("typedef ", declarator(type.size_or_type, name, depth + 1), ";\n"));
    return;
  }
  case BtfKind::function_proto:
    for (uint32_t i = 0; i < type.count; i++)
      name_only(btf_.parameter(type, i).type, depth + 1);
    return name_only(type.size_or_type, depth + 1);
  case BtfKind::array:
    return complete(btf_.array(type).element_type, depth + 1);
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
    return complete(id, depth + 1);
  case BtfKind::pointer:
  case BtfKind::const_type:
  case BtfKind::volatile_type:
  case BtfKind::restrict_type:
  case BtfKind::type_tag:
    return name_only(type.size_or_type, depth + 1);
  default:
    return;
  }
}

void HeaderWriter::define_record(uint32_t id, unsigned depth) {
  const BtfType &type = btf_.type(id);
  states_[id] = State::complete;
  complete_members(type, depth);
  if (!type.name.empty())
    out_ += paid(concat(tag(id), " ", body(id, 0), ";\n"));
}

void HeaderWriter::complete(uint32_t id, unsigned depth) {
  const BtfType &type = btf_.type(id);
  if (is_exhausted(depth) || id >= states_.size())
    return;
  switch (type.kind) {
  case BtfKind::structure:
  case BtfKind::union_type:
    if (states_[id] != State::complete)
      define_record(id, depth);
    return;
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
    if (states_[id] == State::unseen && !type.name.empty())
      out_ += concat(tag(id), " ", enum_body(type), ";\n");
    if (!type.name.empty())
      states_[id] = State::complete;
    return;
  case BtfKind::typedef_type:
    name_only(id, depth + 1);
    return complete(type.size_or_type, depth + 1);
  case BtfKind::const_type:
  case BtfKind::volatile_type:
  case BtfKind::restrict_type:
  case BtfKind::type_tag:
    return complete(type.size_or_type, depth + 1);
  case BtfKind::array:
    return complete(btf_.array(type).element_type, depth + 1);
  default:
    return name_only(id, depth);
  }
}

bool HeaderWriter::is_wanted(const BtfType &type) const {
  if (is_record(type.kind) || type.kind == BtfKind::typedef_type)
    return !type.name.empty() && is_mentioned(type.name);
  if (!is_enum(type.kind))
    return false;
  bool wanted = !type.name.empty() && is_mentioned(type.name);
  for (uint32_t i = 0; i < type.count && !wanted; i++)
    wanted = is_mentioned(btf_.enumerator_name(type, i));
  return wanted;
}

bool HeaderWriter::is_given(const BtfType &type) const {
  if (given_.identifiers.empty())
    return false;
  if (is_record(type.kind) || (is_enum(type.kind) && !type.name.empty()))
    return given_.tags.contains(type.name);
  return is_enum(type.kind) && type.count && given_.identifiers.contains(btf_.enumerator_name(type, 0));
}

std::string HeaderWriter::write() {
  bool stands_alone = given_.identifiers.empty();
  std::string_view guard = stands_alone ? "__VMLINUX_H__" : "__VMLINUX_KERNEL_TYPES__";
  out_ = concat(
      "#ifndef ", guard, "\n#define ", guard,
      "\n#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
      "#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n#endif\n");
  size_t empty = out_.size();
  for (uint32_t id = 1; id < btf_.count(); id++) {
    if (is_given(btf_.type(id))) {
      states_[id] = State::complete;
      if (!btf_.type(id).name.empty())
        tag(id); // the name is taken
    }
  }
  for (uint32_t id = 1; id < btf_.count(); id++)
    if (is_record(btf_.type(id).kind) && !btf_.type(id).name.empty())
      records_.try_emplace(btf_.type(id).name, id);
  for (uint32_t id = 1; id < btf_.count(); id++) {
    const BtfType &type = btf_.type(id);
    if (is_wanted(type) && !(is_enum(type.kind) && type.name.empty()))
      complete(id, 0);
  }
  while (!pending_.empty()) {
    uint32_t id = pending_.back();
    pending_.pop_back();
    complete(id, 0);
  }
  for (uint32_t id = 1; id < btf_.count(); id++) {
    const BtfType &type = btf_.type(id);
    if (is_enum(type.kind) && type.name.empty() && states_[id] == State::unseen && is_wanted(type))
      out_ += concat("enum ", enum_body(type), ";\n");
  }
  if (!stands_alone && out_.size() == empty)
    return {};
  out_ += "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute pop\n#endif\n#endif\n";
  return std::move(out_);
}

} // namespace

void DeclaredNames::add(std::string_view text) {
  auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  std::string_view before, last; // identifiers that only spaces part
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && is_letter(text[end]))
      end++;
    if (end > at) {
      before = last;
      last = text.substr(at, end - at);
      identifiers.insert(last);
      at = end;
      continue;
    }
    if (text[at] == '{' && (before == "struct" || before == "union" || before == "enum"))
      tags.insert(last);
    if (text[at] != ' ' && text[at] != '\n')
      before = last = {};
    at++;
  }
}

std::string make_kernel_header(const Btf &kernel, const std::unordered_set<std::string_view> *mentioned,
                               const DeclaredNames &given) {
  return HeaderWriter(kernel, mentioned, given).write();
}

} // namespace bpfcc
