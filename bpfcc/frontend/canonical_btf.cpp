// SPDX-License-Identifier: MIT OR Apache-2.0
// A permutation in place: no section changes its size. The names of these types stand last in the string
// table, in the order of the types, so they move as well.
#include "bpfcc/frontend/canonical_btf.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/DebugInfo/BTF/BTF.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/Endian.h"
#include <numeric>

namespace bpfcc {
namespace {
using namespace llvm;

// Little-endian words of one section. Reading beyond its end gives 0 and remembers it.
class Words {
public:
  explicit Words(MutableArrayRef<char> bytes) : bytes_(bytes) {}
  uint32_t get(size_t offset) {
    ok_ &= fits(offset);
    return fits(offset) ? support::endian::read32le(bytes_.data() + offset) : 0;
  }
  void set(size_t offset, uint32_t value) {
    if (fits(offset))
      support::endian::write32le(bytes_.data() + offset, value);
  }
  MutableArrayRef<char> bytes() const { return bytes_; }
  bool ok() const { return ok_; }

private:
  bool fits(size_t offset) const { return offset <= bytes_.size() && bytes_.size() - offset >= 4; }

  MutableArrayRef<char> bytes_;
  bool ok_ = true;
};

MutableArrayRef<char> section_bytes(std::string &elf, StringRef name) {
  auto file = object::ELFFile<object::ELF64LE>::create(elf);
  if (!file)
    return consumeError(file.takeError()), MutableArrayRef<char>();
  auto sections = file->sections();
  if (!sections)
    return consumeError(sections.takeError()), MutableArrayRef<char>();
  for (const auto &section : *sections) {
    auto section_name = file->getSectionName(section);
    if (!section_name) {
      consumeError(section_name.takeError());
      continue;
    }
    if (*section_name == name && section.sh_offset <= elf.size() &&
        section.sh_size <= elf.size() - section.sh_offset)
      return {elf.data() + section.sh_offset, static_cast<size_t>(section.sh_size)};
  }
  return {};
}

constexpr size_t kTypeSize = sizeof(BTF::CommonType);

class Types {
public:
  explicit Types(Words &btf) : btf_(btf) {
    size_t header = btf.get(4);
    begin_ = header + btf.get(8);
    size_t end = begin_ + btf.get(12);
    strings_ = header + btf.get(16);
    strings_end_ = strings_ + btf.get(20);
    for (size_t at = begin_; at < end && btf.ok(); at += kTypeSize + tail_size(at))
      starts_.push_back(at);
  }
  size_t count() const { return starts_.size(); } // of id i + 1: start(i)
  size_t start(size_t index) const { return starts_[index]; }
  unsigned kind(size_t at) { return btf_.get(at + 4) >> 24 & 0x1f; }
  size_t strings() const { return strings_; }
  size_t strings_end() const { return strings_end_; }

  // Calls with the offset of each word that holds a type's id.
  template <typename Visit> void references(size_t at, Visit visit) {
    unsigned members = btf_.get(at + 4) & 0xffff;
    size_t tail = at + kTypeSize;
    switch (kind(at)) {
    case BTF::BTF_KIND_PTR:
    case BTF::BTF_KIND_TYPEDEF:
    case BTF::BTF_KIND_VOLATILE:
    case BTF::BTF_KIND_CONST:
    case BTF::BTF_KIND_RESTRICT:
    case BTF::BTF_KIND_FUNC:
    case BTF::BTF_KIND_VAR:
    case BTF::BTF_KIND_DECL_TAG:
    case BTF::BTF_KIND_TYPE_TAG:
      return visit(at + 8);
    case BTF::BTF_KIND_ARRAY:
      visit(tail);
      return visit(tail + 4);
    case BTF::BTF_KIND_STRUCT:
    case BTF::BTF_KIND_UNION:
      for (unsigned i = 0; i < members; ++i)
        visit(tail + i * sizeof(BTF::BTFMember) + 4);
      return;
    case BTF::BTF_KIND_FUNC_PROTO:
      visit(at + 8);
      for (unsigned i = 0; i < members; ++i)
        visit(tail + i * sizeof(BTF::BTFParam) + 4);
      return;
    case BTF::BTF_KIND_DATASEC:
      for (unsigned i = 0; i < members; ++i)
        visit(tail + i * sizeof(BTF::BTFDataSec));
      return;
    default:
      return;
    }
  }

private:
  size_t tail_size(size_t at) {
    size_t members = btf_.get(at + 4) & 0xffff;
    switch (kind(at)) {
    case BTF::BTF_KIND_INT:
    case BTF::BTF_KIND_VAR:
    case BTF::BTF_KIND_DECL_TAG:
      return 4;
    case BTF::BTF_KIND_ARRAY:
      return sizeof(BTF::BTFArray);
    case BTF::BTF_KIND_STRUCT:
    case BTF::BTF_KIND_UNION:
      return members * sizeof(BTF::BTFMember);
    case BTF::BTF_KIND_ENUM:
      return members * sizeof(BTF::BTFEnum);
    case BTF::BTF_KIND_ENUM64:
      return members * sizeof(BTF::BTFEnum64);
    case BTF::BTF_KIND_FUNC_PROTO:
      return members * sizeof(BTF::BTFParam);
    case BTF::BTF_KIND_DATASEC:
      return members * sizeof(BTF::BTFDataSec);
    default:
      return 0;
    }
  }

  Words &btf_;
  std::vector<size_t> starts_;
  size_t begin_ = 0, strings_ = 0, strings_end_ = 0;
};

// .BTF.ext: what CO-RE relocations refer to.
template <typename Visit> void core_references(Words &ext, Visit visit) {
  size_t header = ext.get(4);
  if (header < 32)
    return;
  size_t at = header + ext.get(24), end = at + ext.get(28);
  size_t record = ext.get(at);
  for (at += 4; record >= 16 && at < end && ext.ok();) {
    size_t count = ext.get(at + 4);
    at += 8;
    for (; count && ext.ok(); --count, at += record)
      visit(at + 4);
  }
}

} // namespace

void order_forward_declarations(std::string &elf) {
  Words btf(section_bytes(elf, ".BTF")), ext(section_bytes(elf, ".BTF.ext"));
  if (btf.bytes().empty())
    return;
  Types types(btf);
  size_t first = types.count(); // of the forward declarations at the end
  while (first && types.kind(types.start(first - 1)) == BTF::BTF_KIND_FWD)
    --first;
  size_t moved = types.count() - first;
  if (moved < 2 || !btf.ok() || types.strings_end() > btf.bytes().size())
    return;

  // order[i]: which of them comes i-th.
  std::vector<size_t> order;
  std::vector<bool> mentioned(moved);
  auto mention = [&](size_t index) {
    if (!mentioned[index])
      order.push_back(index);
    mentioned[index] = true;
  };
  for (size_t i = 0; i < first; ++i)
    types.references(types.start(i), [&](size_t at) {
      if (size_t id = btf.get(at); id > first && id <= types.count())
        mention(id - first - 1);
    });
  for (size_t i = 0; i < moved; ++i)
    mention(i);
  if (!btf.ok() || llvm::is_sorted(order))
    return;

  // Their own names fill the end of the strings; another type may have brought a name earlier.
  StringRef strings(btf.bytes().data() + types.strings(), types.strings_end() - types.strings());
  auto name_at = [&](size_t offset) { return strings.substr(offset).take_until([](char c) { return !c; }); };
  size_t own_names = strings.size();
  for (size_t i = moved; i-- > 0;) {
    size_t offset = btf.get(types.start(first + i));
    if (offset < own_names && offset + name_at(offset).size() + 1 == own_names)
      own_names = offset;
  }
  std::string names;
  StringMap<uint32_t> offsets;
  std::vector<uint32_t> new_ids(moved);
  std::string moved_types;
  for (size_t i = 0; i < moved; ++i) {
    size_t at = types.start(first + order[i]);
    new_ids[order[i]] = static_cast<uint32_t>(first + i + 1);
    std::string type(btf.bytes().data() + at, kTypeSize);
    uint32_t name_offset = btf.get(at);
    if (name_offset >= own_names) {
      StringRef name = name_at(name_offset);
      auto [known, added] = offsets.try_emplace(name, static_cast<uint32_t>(own_names + names.size()));
      if (added)
        names.append(name.data(), name.size()).append(1, '\0');
      support::endian::write32le(type.data(), known->second);
    }
    moved_types += type;
  }
  if (own_names + names.size() != strings.size())
    return;

  auto renumber = [&](Words &words, size_t at) {
    if (uint32_t id = words.get(at); id > first && id <= types.count())
      words.set(at, new_ids[id - first - 1]);
  };
  for (size_t i = 0; i < first; ++i)
    types.references(types.start(i), [&](size_t at) { renumber(btf, at); });
  core_references(ext, [&](size_t at) { renumber(ext, at); });
  llvm::copy(moved_types, btf.bytes().begin() + types.start(first));
  llvm::copy(names, btf.bytes().begin() + types.strings() + own_names);
}

} // namespace bpfcc
