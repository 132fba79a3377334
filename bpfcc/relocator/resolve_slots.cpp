// SPDX-License-Identifier: MIT OR Apache-2.0
// In C a slot is ".values = {[3] = &inner}" in a map's definition; in the object it is a relocation of a
// pointer in .maps, whose place says which map and which key.
#include "bpfcc/relocator/resolve_slots.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <cstring>
#include <elf.h>

namespace bpfcc {
namespace {

constexpr uint32_t kAbs64 = 2; // R_BPF_64_ABS64
constexpr uint64_t kPointerSize = 8;
constexpr uint32_t kTypeArray = 2, kTypeHashOfMaps = 13;
constexpr uint32_t kInnerMapFlag = 1u << 12; // BPF_F_INNER_MAP: the number of elements may differ

class Slots {
public:
  Slots(Image &image, uint32_t section) : image_(image), section_(section) {
    for (uint32_t i = 0; i < image.maps.size(); i++)
      if (image.maps[i].origin == MapOrigin::btf_defined)
        by_offset_.emplace_back(image.maps[i].offset, i);
    std::sort(by_offset_.begin(), by_offset_.end());
    for (uint32_t i = 0; i < image.programs.size(); i++)
      by_function_.emplace(image.programs[i].function, i);
  }

  void add(const RawReloc &raw);

private:
  // The map whose definition holds an offset in .maps.
  uint32_t map_around(uint64_t offset) const {
    auto after = std::upper_bound(by_offset_.begin(), by_offset_.end(), std::pair(offset, kNone));
    if (after == by_offset_.begin())
      return kNone;
    uint32_t map = (after - 1)->second;
    return offset - image_.maps[map].offset < image_.maps[map].size ? map : kNone;
  }
  void error(const Map &map, std::string_view message) {
    error_at_symbol(image_, map.name, concat("map ", quoted(map.name), ": ", message));
  }
  void add_program(uint32_t map, uint32_t key, const Symbol &symbol, uint64_t place);
  void add_map(uint32_t map, uint32_t key, const Symbol &symbol, uint64_t place);
  std::string difference(const Map &inner, const Map &pattern) const;

  Image &image_;
  uint32_t section_;
  std::vector<std::pair<uint64_t, uint32_t>> by_offset_; // in .maps -> map
  std::unordered_map<uint32_t, uint32_t> by_function_;   // -> program
};

void Slots::add(const RawReloc &raw) {
  const Section &section = image_.sections[section_];
  const Symbol &symbol = image_.symbols[raw.symbol];
  uint32_t index = map_around(raw.offset);
  if (index == kNone)
    return report_at_data(image_, Severity::error, section_, raw.offset,
                          concat("initial value at .maps+", hex(raw.offset), " is in no map"));
  const Map &map = image_.maps[index];
  uint64_t place = raw.offset - map.offset;
  bool holds_something = map.holds_programs || map.inner_map != kNone;
  if (!holds_something || place < map.slots_offset)
    return error(map, concat("initial value at byte ", place, ", which is no element of 'values'"));
  uint64_t key = (place - map.slots_offset) / kPointerSize;
  uint64_t addend = 0;
  if (raw.type != kAbs64 || (place - map.slots_offset) % kPointerSize ||
      raw.offset + sizeof addend > section.contents.size())
    return error(map, concat("malformed object: relocation of type ", raw.type, " at .maps+", hex(raw.offset),
                             " is none of a pointer"));
  if (key >= map.max_entries && map.type != kTypeHashOfMaps)
    return error(map, concat("initial value of element ", key, "; max_entries is ", map.max_entries));
  memcpy(&addend, section.contents.data() + raw.offset, sizeof addend);
  if (symbol.section == SHN_UNDEF && symbol.binding == STB_WEAK)
    return; // the element stays empty
  if (map.holds_programs)
    add_program(index, static_cast<uint32_t>(key), symbol, symbol.value + addend);
  else
    add_map(index, static_cast<uint32_t>(key), symbol, symbol.value + addend);
}

void Slots::add_program(uint32_t map, uint32_t key, const Symbol &symbol, uint64_t place) {
  uint32_t function =
      symbol.section < image_.sections.size() && place / sizeof(kbpf::Insn) <= UINT32_MAX
          ? image_.function_at(symbol.section, static_cast<uint32_t>(place / sizeof(kbpf::Insn)))
          : kNone;
  auto program = function == kNone ? by_function_.end() : by_function_.find(function);
  if (program == by_function_.end() || image_.functions[function].first * sizeof(kbpf::Insn) != place)
    return error(image_.maps[map], concat("initial value of element ", key, " is ", quoted(symbol.name),
                                          ", which is no program of this object"));
  image_.slots.push_back({map, key, true, program->second});
}

void Slots::add_map(uint32_t map, uint32_t key, const Symbol &symbol, uint64_t place) {
  uint32_t inner = symbol.section == section_ ? map_around(place) : kNone;
  if (inner == kNone || image_.maps[inner].offset != place)
    return error(image_.maps[map], concat("initial value of element ", key, " is ", quoted(symbol.name),
                                          ", which is no map of this object"));
  std::string attribute = difference(image_.maps[inner], image_.maps[image_.maps[map].inner_map]);
  if (!attribute.empty())
    return error(image_.maps[map],
                 concat("initial value of element ", key, ": map ", quoted(image_.maps[inner].name),
                        " is not like the template: ", attribute));
  image_.slots.push_back({map, key, false, inner});
}

// What the kernel compares when a map is put into another one.
std::string Slots::difference(const Map &inner, const Map &pattern) const {
  auto differ = [](const char *attribute, uint32_t is, uint32_t wanted) {
    return concat(attribute, " is ", is, ", not ", wanted);
  };
  if (inner.type != pattern.type)
    return differ("type", inner.type, pattern.type);
  if (inner.key_size != pattern.key_size)
    return differ("key_size", inner.key_size, pattern.key_size);
  if (inner.value_size != pattern.value_size)
    return differ("value_size", inner.value_size, pattern.value_size);
  if (inner.map_flags != pattern.map_flags)
    return differ("map_flags", inner.map_flags, pattern.map_flags);
  if (inner.type == kTypeArray && !(inner.map_flags & kInnerMapFlag) &&
      inner.max_entries != pattern.max_entries)
    return differ("max_entries", inner.max_entries, pattern.max_entries);
  return {};
}

} // namespace

void resolve_slots(Image &image) {
  if (image.profile().map_encoding != kbpf::MapEncoding::pseudo_map_idx)
    return;
  for (uint32_t i = 1; i < image.sections.size(); i++) {
    if (image.sections[i].name != ".maps" || image.sections[i].relocs.empty())
      continue;
    Slots slots(image, i);
    for (const RawReloc &raw : image.sections[i].relocs)
      slots.add(raw);
  }
  std::sort(image.slots.begin(), image.slots.end(),
            [](const Slot &a, const Slot &b) { return a.map != b.map ? a.map < b.map : a.key < b.key; });
}

} // namespace bpfcc
