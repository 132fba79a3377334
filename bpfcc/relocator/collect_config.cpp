// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/collect_config.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <cstring>
#include <elf.h>
#include <optional>

namespace bpfcc {
namespace {

constexpr uint32_t kMapTypeArray = 2;
constexpr uint32_t kReadOnlyForPrograms = 1u << 7; // BPF_F_RDONLY_PROG
constexpr uint64_t kMaxSize = 4096;                // bytes of a variable: what libbpf gives a string
constexpr uint64_t kAlignment = 8;

std::optional<uint64_t> known_value(const Image &image, std::string_view name) {
  for (const kbpf::ConfigValue &known : image.profile().config)
    if (known.name == name)
      return known.value;
  return std::nullopt;
}

// Empty: nothing is known, or an error was reported.
std::string value_of(const Image &image, const BtfType &variable, bool weak) {
  std::optional<uint64_t> size = image.btf.size_of(variable.size_or_type);
  std::optional<uint64_t> value = known_value(image, variable.name);
  if (!value && !weak)
    return {};
  if (!size || *size == 0 || *size > kMaxSize) {
    error_at_symbol(image, variable.name,
                    concat(quoted(variable.name), " of .kconfig has no size between 1 and ", kMaxSize));
    return {};
  }
  std::string bytes(*size, '\0');
  if (!value)
    return bytes;
  BtfKind kind = image.btf.type(image.btf.strip(variable.size_or_type)).kind;
  bool number = kind == BtfKind::integer || kind == BtfKind::enumeration || kind == BtfKind::enumeration64;
  if (!number || (*size < sizeof *value && *value >> (8 * *size))) {
    error_at_symbol(image, variable.name,
                    concat(quoted(variable.name), " is the number ", *value, ", which its type cannot hold"));
    return {};
  }
  memcpy(bytes.data(), &*value, std::min<size_t>(sizeof *value, *size));
  return bytes;
}

Map config_map() {
  Map map;
  map.name = ".kconfig";
  map.origin = MapOrigin::config;
  map.type = kMapTypeArray;
  map.key_size = 4;
  map.max_entries = 1;
  map.map_flags = kReadOnlyForPrograms;
  map.read_only = true;
  return map;
}

// A map of its own for each variable whose value only a loader knows: nothing says what is in it.
void add_unknown(Image &image, const BtfType &variable) {
  std::optional<uint64_t> size = image.btf.size_of(variable.size_or_type);
  if (!size || *size == 0 || *size > kMaxSize)
    return;
  Map map = config_map();
  map.value_size = static_cast<uint32_t>(*size);
  image.config.emplace(variable.name,
                       Image::ConfigPlace{static_cast<uint32_t>(image.maps.size()), 0, map.value_size});
  image.maps.push_back(std::move(map));
}

} // namespace

void collect_config(Image &image) {
  Map map = config_map();
  std::vector<const BtfType *> unknown;
  std::unordered_map<std::string_view, const Symbol *> undefined;
  for (const Symbol &symbol : image.symbols)
    if (symbol.section == SHN_UNDEF)
      undefined.try_emplace(symbol.name, &symbol);
  for (uint32_t id = 1; id < image.btf.count(); id++) {
    const BtfType &datasec = image.btf.type(id);
    if (datasec.kind != BtfKind::datasec || datasec.name != ".kconfig")
      continue;
    for (uint32_t i = 0; i < datasec.count && map.config.size() < KBPF_MAX_OBJECT_SIZE; i++) {
      const BtfType &variable = image.btf.type(image.btf.secvar(datasec, i).type);
      auto symbol = undefined.find(variable.name);
      if (variable.kind != BtfKind::variable || symbol == undefined.end() ||
          image.config.contains(variable.name))
        continue;
      if (image.options.is_unfinished && !known_value(image, variable.name)) {
        unknown.push_back(&variable);
        continue;
      }
      std::string bytes = value_of(image, variable, symbol->second->binding == STB_WEAK);
      if (bytes.empty())
        continue;
      map.config.resize((map.config.size() + kAlignment - 1) / kAlignment * kAlignment);
      image.config.emplace(variable.name, Image::ConfigPlace{static_cast<uint32_t>(image.maps.size()),
                                                             static_cast<uint32_t>(map.config.size()),
                                                             static_cast<uint32_t>(bytes.size())});
      map.config += bytes;
    }
  }
  map.value_size = static_cast<uint32_t>(map.config.size());
  if (!map.config.empty())
    image.maps.push_back(std::move(map));
  for (const BtfType *variable : unknown)
    add_unknown(image, *variable);
}

} // namespace bpfcc
