// SPDX-License-Identifier: MIT OR Apache-2.0
// The flow of the static linker, its sections and relocations. Names are in static_link_symbols.cpp, types in
// static_link_types.cpp.
#include "bpfcc/relocator/static_linker.h"
#include "bpfcc/relocator/check_btf.h"
#include "bpfcc/relocator/static_link.h"
#include "bpfcc/relocator/text.h"
#include <bit>
#include <cstring>
#include <elf.h>

namespace bpfcc {
namespace {

constexpr uint32_t kAbs64 = 2, kAbs32 = 3, kNoDyld32 = 4; // R_BPF_64_ABS64, ABS32, NODYLD32
constexpr uint64_t kMaxAlignment = 1 << 16;

// What an object holds once, however many files say it.
bool is_said_once(std::string_view section) { return section == "license" || section == "version"; }

std::string text_of(std::string_view contents) {
  return std::string(contents.substr(0, contents.find('\0')));
}

void error_in(Link &link, const LinkSource &source, std::string_view message) {
  link.diag.error({source.options.input_name, 0, 0, {}}, message);
}

bool is_kept(const Section &section) {
  return section.flags & SHF_ALLOC && (section.type == SHT_PROGBITS || section.type == SHT_NOBITS) &&
         section.name != ".eh_frame" && section.name != ".BTF" && section.name != ".BTF.ext" &&
         !(section.name == ".text" && section.size == 0);
}

uint32_t output_section(Link &link, LinkSource &source, const Section &section) {
  auto [found, added] =
      link.sections_by_name.try_emplace(section.name, static_cast<uint32_t>(link.sections.size()));
  if (added) {
    OutputSection output;
    output.name = section.name;
    output.type = section.type;
    output.flags = section.flags;
    output.entry_size = static_cast<uint32_t>(section.entry_size);
    output.alignment = 1;
    link.sections.push_back(std::move(output));
    link.section_owners.push_back(&source);
    link.relocs.emplace_back();
    link.section_symbols.push_back(0);
  }
  return found->second;
}

uint64_t size_of(const OutputSection &section) {
  return section.type == SHT_NOBITS ? section.size : section.contents.size();
}

void place_section(Link &link, LinkSource &source, uint32_t index) {
  const Section &section = source.image.sections[index];
  uint32_t number = output_section(link, source, section);
  OutputSection &output = link.sections[number];
  const LinkSource &owner = *link.section_owners[number];
  if (output.type != section.type || output.flags != section.flags || output.entry_size != section.entry_size)
    return error_in(link, source,
                    concat("section ", quoted(section.name), " has type ", section.type, ", flags ",
                           hex(section.flags), "; in ", quoted(owner.options.input_name), " it has type ",
                           output.type, ", flags ", hex(output.flags)));
  LinkSource::Place &place = source.places[index];
  place.output = number;
  if (is_said_once(section.name) && &owner != &source) {
    place.duplicate = true;
    if (section.name == "license" && output.contents != section.contents)
      error_in(link, source,
               concat("licence \"", text_of(section.contents), "\", but ", quoted(owner.options.input_name),
                      " has \"", text_of(output.contents), "\"; what is linked together has one licence"));
    else if (output.contents != section.contents)
      error_in(link, source,
               concat("section ", quoted(section.name), " differs from the one in ",
                      quoted(owner.options.input_name)));
    return;
  }
  uint64_t alignment = std::max<uint64_t>(section.alignment, is_code(section) ? sizeof(kbpf::Insn) : 1);
  if (!std::has_single_bit(alignment) || alignment > kMaxAlignment)
    return error_in(link, source,
                    concat("section ", quoted(section.name), " wants an alignment of ", alignment,
                           "; the limit is ", kMaxAlignment));
  output.alignment = std::max(output.alignment, alignment);
  place.offset = (size_of(output) + alignment - 1) / alignment * alignment;
  if (place.offset + section.size > KBPF_MAX_OBJECT_SIZE)
    return error_in(link, source,
                    concat("section ", quoted(section.name), " of all inputs has more than ",
                           KBPF_MAX_OBJECT_SIZE, " bytes"));
  output.size = place.offset + section.size;
  if (section.type == SHT_NOBITS)
    return;
  output.contents.resize(place.offset);
  output.contents += section.contents;
}

// Moves the place that a reference through a section's symbol names: it counts from the section's start.
void add_to_reference(OutputSection &section, uint64_t offset, uint32_t type, uint64_t amount) {
  auto add = [&]<typename Word>(Word value, uint64_t at, uint64_t addend) {
    if (section.contents.size() < sizeof value || at > section.contents.size() - sizeof value)
      return;
    memcpy(&value, section.contents.data() + at, sizeof value);
    value = static_cast<Word>(value + addend);
    memcpy(section.contents.data() + at, &value, sizeof value);
  };
  if (type == R_BPF_64_32 && section.flags & SHF_EXECINSTR)
    add(uint32_t(0), offset + offsetof(kbpf::Insn, imm), amount / sizeof(kbpf::Insn));
  else if (type == R_BPF_64_64)
    add(uint32_t(0), offset + offsetof(kbpf::Insn, imm), amount);
  else if (type == kAbs64)
    add(uint64_t(0), offset, amount);
  else if (type == kAbs32 || type == kNoDyld32)
    add(uint32_t(0), offset, amount);
}

} // namespace

uint32_t section_symbol(Link &link, uint32_t section) {
  uint32_t &index = link.section_symbols[section];
  if (!index) {
    OutputSymbol symbol;
    symbol.info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION);
    symbol.section = section;
    index = static_cast<uint32_t>(link.locals.size());
    link.locals.push_back(symbol);
  }
  return index;
}

void link_sections(Link &link, LinkSource &source) {
  source.places.resize(source.image.sections.size());
  for (uint32_t i = 1; i < source.image.sections.size(); i++) {
    const Section &section = source.image.sections[i];
    if (section.name == KBPF_SEC_ABI)
      return error_in(link, source,
                      "this is a finished object (it has a section " KBPF_SEC_ABI
                      "); only what a compiler made can be linked");
    if (is_kept(section))
      place_section(link, source, i);
  }
}

void link_relocs(Link &link, LinkSource &source) {
  for (uint32_t i = 1; i < source.image.sections.size(); i++) {
    const LinkSource::Place &place = source.places[i];
    if (!place.output || place.duplicate)
      continue;
    for (const RawReloc &raw : source.image.sections[i].relocs) {
      if (raw.type == R_BPF_NONE)
        continue;
      const Symbol &symbol = source.image.symbols[raw.symbol];
      LinkReloc reloc{place.offset + raw.offset, raw.type, source.symbols[raw.symbol]};
      if (symbol.type == STT_SECTION && symbol.section < source.places.size())
        add_to_reference(link.sections[place.output], reloc.offset, raw.type,
                         source.places[symbol.section].offset);
      link.relocs[place.output].push_back(reloc);
    }
  }
}

namespace {

void add_globals(const Link &link, std::vector<OutputSymbol> &symbols) {
  for (const LinkGlobal &global : link.globals) {
    const Symbol &from = global.owner->image.symbols[global.symbol];
    OutputSymbol symbol;
    symbol.name = global.name;
    symbol.info = ELF64_ST_INFO(global.weak ? STB_WEAK : STB_GLOBAL, from.type);
    symbol.visibility = global.visibility;
    if (global.defined) {
      const LinkSource::Place &place = global.owner->places[from.section];
      symbol.section = place.output;
      symbol.value = place.offset + from.value;
      symbol.size = from.size;
    }
    symbols.push_back(symbol);
  }
}

void add_reloc_sections(Link &link) {
  size_t count = link.relocs.size();
  for (uint32_t i = 1; i < count; i++) {
    if (link.relocs[i].empty())
      continue;
    OutputSection output;
    output.name = ".rel" + link.sections[i].name;
    output.type = SHT_REL;
    output.flags = SHF_INFO_LINK;
    output.info = i;
    output.entry_size = sizeof(Elf64_Rel);
    for (const LinkReloc &reloc : link.relocs[i]) {
      uint64_t symbol =
          reloc.symbol & kGlobalSymbol ? link.locals.size() + (reloc.symbol & ~kGlobalSymbol) : reloc.symbol;
      Elf64_Rel raw{reloc.offset, ELF64_R_INFO(symbol, reloc.type)};
      output.contents.append(reinterpret_cast<const char *>(&raw), sizeof raw);
    }
    link.sections.push_back(std::move(output));
  }
}

} // namespace

std::string link_objects(std::span<const LinkInput> inputs, Diagnostics &diag) {
  Link link(diag);
  // Each input is read whole, so that what is wrong with one does not hide what is wrong with the next.
  for (const LinkInput &input : inputs) {
    RelocatorOptions options;
    options.input_name = input.name;
    options.declarations = input.declarations;
    read_elf(link.sources.emplace_back(options, diag).image, input.bytes);
  }
  if (diag.errors())
    return {};
  for (LinkSource &source : link.sources)
    link_sections(link, source);
  if (diag.errors())
    return {};
  for (LinkSource &source : link.sources)
    link_symbols(link, source);
  if (diag.errors())
    return {};
  for (LinkSource &source : link.sources)
    link_relocs(link, source);
  add_reloc_sections(link);
  link_types(link);

  std::vector<OutputSymbol> symbols = link.locals;
  add_globals(link, symbols);
  std::string bytes = lay_out(link.sections, symbols);
  if (bytes.size() > KBPF_MAX_OBJECT_SIZE) {
    diag.error({},
               concat("the linked object has ", bytes.size(), " bytes; the limit is ", KBPF_MAX_OBJECT_SIZE));
    return {};
  }
  RelocatorOptions options;
  options.input_name = "linked object";
  check_written_btf(Image(options, diag), bytes, BtfOrigin::linker);
  return diag.errors() ? std::string() : bytes;
}

} // namespace bpfcc
