// SPDX-License-Identifier: MIT OR Apache-2.0
// The image as text, for --print-after and the tests. One fact a line, in the order of the input; what a
// later pass fills in is left out until then.
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/text.h"
#include "core/isa/disassemble.h"

namespace bpfcc {
namespace {

const char *kind_name(RelocKind kind) {
  switch (kind) {
  case RelocKind::map_ref:
    return "MapRef";
  case RelocKind::map_value:
    return "MapValue";
  case RelocKind::extern_ref:
    return "ExternRef";
  case RelocKind::helper_call:
    return "HelperCall";
  case RelocKind::extern_call:
    return "ExternCall";
  case RelocKind::subprog_call:
    return "SubprogCall";
  case RelocKind::subprog_ref:
    return "SubprogRef";
  }
  return "";
}

const char *origin_name(MapOrigin origin) {
  switch (origin) {
  case MapOrigin::btf_defined:
    return "defined";
  case MapOrigin::data_section:
    return "data";
  case MapOrigin::config:
    return "config";
  case MapOrigin::extern_fd:
    return "extern";
  case MapOrigin::inner:
    return "inner";
  }
  return "";
}

// What a reference names in the input.
std::string source_text(const Image &image, const Reloc &reloc) {
  if (reloc.kind == RelocKind::helper_call)
    return std::to_string(reloc.addend);
  if (reloc.kind == RelocKind::extern_call || reloc.kind == RelocKind::extern_ref)
    return std::string(image.symbols[reloc.symbol].name);
  bool code = reloc.kind == RelocKind::subprog_call || reloc.kind == RelocKind::subprog_ref;
  return concat(image.sections[reloc.target_section].name, "+", hex(code ? reloc.addend * 8 : reloc.addend));
}

std::string target_text(const Image &image, const Resolved &target) {
  switch (target.kind) {
  case ResolvedKind::unresolved:
    return "";
  case ResolvedKind::map_index:
    return concat(" -> map ", target.index, " ", image.maps[target.index].name);
  case ResolvedKind::map_value:
    return concat(" -> map ", target.index, " ", image.maps[target.index].name, "+", target.offset);
  case ResolvedKind::map_fd_slot:
    return concat(" -> fd of ", image.maps[target.index].name);
  case ResolvedKind::helper: {
    const kbpf::HelperProto *proto = image.profile().helper(target.index);
    return concat(" -> helper ", target.index, " ", proto ? proto->name : std::string_view());
  }
  case ResolvedKind::subprog_call:
  case ResolvedKind::subprog_ref:
    return concat(" -> function ", image.functions[target.index].name);
  case ResolvedKind::kernel_variable:
    return concat(" -> variable of the kernel, type ", target.index);
  case ResolvedKind::constant:
    return concat(" -> ", hex(uint64_t(target.offset) << 32 | target.index));
  case ResolvedKind::null_address:
    return " -> null";
  case ResolvedKind::missing_call:
    return " -> nothing";
  case ResolvedKind::for_loader:
    return " -> loader";
  }
  return "";
}

void print_map(const Image &image, size_t index, std::string &out) {
  const Map &map = image.maps[index];
  const kbpf::MapTypeInfo *type = image.profile().map_type(map.type);
  out += concat("map ", index, " ", map.name, " ", origin_name(map.origin));
  if (map.origin != MapOrigin::extern_fd)
    out += concat(" type ", type ? type->name : std::string_view("?"), " key ", map.key_size, " value ",
                  map.value_size, " entries ", map.max_entries, " flags ", hex(map.map_flags));
  if (map.pinning)
    out += concat(" pinning ", map.pinning);
  if (map.numa_node)
    out += concat(" numa_node ", map.numa_node);
  if (map.map_extra)
    out += concat(" extra ", hex(map.map_extra));
  if (map.inner_map != kNone)
    out += concat(" inner ", map.inner_map);
  if (map.read_only)
    out += " read-only";
  out += '\n';
}

void print_program(const Image &image, size_t index, std::string &out) {
  const Program &program = image.programs[index];
  out += concat("program ", index, " ", image.functions[program.function].name, " section ",
                program.section_name);
  if (const kbpf::ProgTypeInfo *type = image.profile().prog_type(program_type(image, program)))
    out += concat(" type ", type->name);
  if (!program.attach_target.empty())
    out += concat(" target ", program.attach_target);
  if (!program.autoload)
    out += " no-autoload";
  if (!program.code.empty())
    out += concat(" insns ", program.code.size());
  out += '\n';
  for (const Part &part : program.parts)
    out += concat("  part ", image.functions[part.function].name, " at ", part.first, "\n");
  for (size_t i = 0; i < program.code.size(); i++) {
    char line[128];
    kbpf::TextBuffer text(line, sizeof line);
    kbpf::disassemble(text, program.code, i);
    out += concat("  ", i, ": ", text.text(), "\n");
    i += program.code[i].is_ld_imm64();
  }
  for (const KeptReloc &kept : program.kept)
    out += concat("  kept ", kept.insn, " ", image.maps[kept.map].name, "\n");
}

} // namespace

void print(const Image &image, std::string &out) {
  out += concat("profile ", image.profile().name, "\n");
  for (size_t i = 1; i < image.sections.size(); i++)
    out += concat("section ", i, " ", image.sections[i].name, " size ", image.sections[i].size, " relocs ",
                  image.sections[i].relocs.size(), "\n");
  for (size_t i = 0; i < image.maps.size(); i++)
    print_map(image, i, out);
  if (!image.license.empty())
    out += concat("license \"", image.license, "\"", image.gpl_compatible ? " gpl-compatible" : "", "\n");
  for (const Function &function : image.functions)
    out += concat("function ", function.name, " ", image.sections[function.section].name, "+",
                  hex(uint64_t(function.first) * 8), " insns ", function.count,
                  function.is_static ? " static" : "", "\n");
  for (const Reloc &reloc : image.relocs)
    out += concat("reloc ", image.sections[reloc.section].name, "+", hex(uint64_t(reloc.insn) * 8), " ",
                  kind_name(reloc.kind), " ", source_text(image, reloc), target_text(image, reloc.resolved),
                  "\n");
  for (const Slot &slot : image.slots)
    out += concat("slot ", image.maps[slot.map].name, "[", slot.key, "] -> ",
                  slot.is_program ? "program " : "map ",
                  slot.is_program ? image.functions[image.programs[slot.target].function].name
                                  : std::string_view(image.maps[slot.target].name),
                  "\n");
  for (const CoreRelo &core : image.btf_ext.core_relos)
    out +=
        concat("core ", image.sections[core.section].name, "+", hex(uint64_t(core.insn) * 8), " ",
               image.btf.type(core.type).name, " ", image.btf.string(core.access), " kind ", core.kind, "\n");
  for (size_t i = 0; i < image.programs.size(); i++)
    print_program(image, i, out);
  for (size_t i = 1; i < image.output.size(); i++)
    out += concat("output ", i, " ", image.output[i].name, " size ", image.output[i].contents.size(), "\n");
}

} // namespace bpfcc
