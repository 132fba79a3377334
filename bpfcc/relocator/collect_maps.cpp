// SPDX-License-Identifier: MIT OR Apache-2.0
// The maps of an object. A BTF-defined map is a variable in .maps whose *type* is the definition: each member
// is an attribute, its number or type hidden behind a pointer (libbpf's __uint, __type, __array, __ulong).
// Data sections become maps of one element. Where a profile binds maps by symbol, each undefined variable
// that code refers to is one.
#include "bpfcc/relocator/collect_config.h"
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/map_definition.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include <elf.h>
#include <unordered_set>

namespace bpfcc {
namespace {

constexpr uint32_t kMapTypeArray = 2;
constexpr uint32_t kReadOnlyForPrograms = 1u << 7; // BPF_F_RDONLY_PROG

void collect_defined_maps(Image &image, uint32_t section) {
  if (image.btf.empty())
    return error_in_object(image, "maps in .maps are defined by their types, but the object has no "
                                  ".BTF section (compile with -g)");
  uint32_t datasec = 0;
  for (uint32_t id = 1; id < image.btf.count() && !datasec; id++)
    if (image.btf.type(id).kind == BtfKind::datasec && image.btf.type(id).name == ".maps")
      datasec = id;
  if (!datasec)
    return error_in_object(image, "malformed object: .BTF does not describe section '.maps'");

  const BtfType &variables = image.btf.type(datasec);
  for (uint32_t i = 0; i < variables.count; i++) {
    BtfSecVar entry = image.btf.secvar(variables, i);
    const BtfType &variable = image.btf.type(entry.type);
    uint64_t section_size = image.sections[section].size;
    if (variable.kind != BtfKind::variable || variable.name.empty() || entry.offset > section_size ||
        entry.size > section_size - entry.offset) {
      error_in_object(
          image, concat("malformed object: .BTF: entry ", i, " of section '.maps' is no variable inside it"));
      continue;
    }
    if (image.profile().map_encoding == kbpf::MapEncoding::libbpf && image.btf.is_static(variable))
      error_at_symbol(image, variable.name,
                      concat("map ", quoted(variable.name), " is static, which libbpf refuses"));
    Map map;
    map.name = variable.name;
    map.section = section;
    map.offset = entry.offset;
    map.size = entry.size;
    define_map(image, std::move(map), variable.size_or_type);
  }
}

void collect_data_section(Image &image, uint32_t index) {
  const Section &section = image.sections[index];
  Map map;
  map.name = section.name;
  map.origin = MapOrigin::data_section;
  map.section = index;
  map.type = kMapTypeArray;
  map.key_size = 4;
  map.value_size = static_cast<uint32_t>(section.size); // at most KBPF_MAX_OBJECT_SIZE
  map.max_entries = 1;
  map.read_only = section.name.starts_with(".rodata");
  map.map_flags = map.read_only ? kReadOnlyForPrograms : 0;
  image.data_maps.emplace(index, static_cast<uint32_t>(image.maps.size()));
  image.maps.push_back(std::move(map));
}

// Code names a map by loading the address of an undefined symbol.
void collect_extern_maps(Image &image) {
  std::unordered_set<uint32_t> seen;
  for (const Section &section : image.sections) {
    if (!is_code(section))
      continue;
    for (const RawReloc &reloc : section.relocs) {
      const Symbol &symbol = image.symbols[reloc.symbol];
      if (reloc.type != R_BPF_64_64 || symbol.section != SHN_UNDEF || symbol.name.empty() ||
          !seen.insert(reloc.symbol).second)
        continue;
      Map map;
      map.name = symbol.name;
      map.origin = MapOrigin::extern_fd;
      image.maps.push_back(std::move(map));
    }
  }
}

} // namespace

void collect_maps(Image &image) {
  for (uint32_t i = 1; i < image.sections.size(); i++) {
    const Section &section = image.sections[i];
    if (section.name == KBPF_SEC_ABI)
      error_in_object(image, "this is a finished object already (it has a section " KBPF_SEC_ABI ")");
    else if (section.name == "maps" || section.name.starts_with("maps/"))
      report_at_data(
          image, Severity::error, i, 0,
          concat("map definitions in SEC(\"", section.name,
                 "\") are not supported; write: struct { __uint(type, BPF_MAP_TYPE_HASH); "
                 "__uint(max_entries, N); __type(key, K); __type(value, V); } NAME SEC(\".maps\")"));
    else if (section.name == ".maps" && image.profile().map_encoding == kbpf::MapEncoding::undefined_symbol)
      report_at_data(
          image, Severity::error, i, 0,
          concat("kernels of profile ", quoted(image.profile().name),
                 " have no map definitions; declare the map as 'extern int NAME;' and bind it by name"
                 " when the object is loaded"));
    else if (section.name == ".maps")
      collect_defined_maps(image, i);
    else if (is_data(section) && image.profile().global_data)
      collect_data_section(image, i);
  }
  if (image.profile().map_encoding == kbpf::MapEncoding::undefined_symbol)
    collect_extern_maps(image);
  if (!image.profile().config.empty())
    collect_config(image);
}

} // namespace bpfcc
