// SPDX-License-Identifier: MIT OR Apache-2.0
// Each function is shown with the C lines that its instructions come from, what its relocations name, and the
// helpers that it calls. Only sections, symbols and BTF are needed, so that unfinished objects are shown,
// too.
#include "bpfcc/relocator/dump.h"
#include "bpfcc/relocator/text.h"
#include "core/image/object_view.h"
#include "core/isa/disassemble.h"
#include <algorithm>
#include <cstring>
#include <elf.h>
#include <set>

namespace bpfcc {
namespace {

std::string bytes_text(uint64_t count) { return concat(count, count == 1 ? " byte" : " bytes"); }

class Dump {
public:
  explicit Dump(const Image &image) : image_(image) {}
  std::string run();

private:
  void show_tables();
  void show_map_variables();
  void show_sections();
  void show_function(const Symbol &function);
  void show_line(uint32_t section, uint32_t slot, const LineInfo *&last);
  std::string note(const Symbol &function, uint32_t slot, const kbpf::Insn &insn);
  const kbpf::Profile &profile() const { return finished_ ? image_.profile() : kbpf::kLinuxProfile; }

  const Image &image_;
  bool finished_ = false;
  std::vector<std::string> map_names_; // of a finished object, by index
  std::set<std::string> helpers_;
  std::string out_;
};

void Dump::show_tables() {
  std::vector<uint64_t> aligned((image_.bytes.size() + 7) / 8);
  memcpy(aligned.data(), image_.bytes.data(), image_.bytes.size());
  std::span<const std::byte> bytes(reinterpret_cast<const std::byte *>(aligned.data()), image_.bytes.size());
  char why[256];
  kbpf::TextBuffer sink(why, sizeof why);
  auto view = kbpf::ObjectView::open(bytes, sink);
  if (!view.ok()) {
    out_ += concat("tables cannot be read: ", sink.text(), "\n");
    return;
  }
  out_ += concat("object for profile kbpf, ABI version ", view->abi().abi_version,
                 view->gpl_compatible() ? ", GPL-compatible" : "", "\n");
  for (uint32_t i = 0; i < view->map_count(); i++) {
    kbpf_map_record map = view->map(i);
    const kbpf::MapTypeInfo *type = kbpf::kKbpfProfile.map_type(map.type);
    map_names_.emplace_back(view->string(map.name));
    out_ +=
        concat("map ", i, " ", quoted(map_names_.back()), " ", type ? type->name : "?", " key ", map.key_size,
               " value ", map.value_size, " entries ", map.max_entries, " flags ", hex(map.map_flags), "\n");
  }
  for (uint32_t i = 0; i < view->prog_count(); i++) {
    kbpf_prog_record program = view->prog(i);
    const kbpf::ProgTypeInfo *type = kbpf::kKbpfProfile.prog_type(program.prog_type);
    out_ += concat("program ", i, " ", quoted(view->string(program.name)), " ", type ? type->name : "?",
                   " SEC(\"", view->string(program.section_name), "\") ", program.insn_count, " instructions",
                   program.flags & KBPF_PROG_REC_NO_AUTOLOAD ? ", not loaded by default" : "", "\n");
  }
}

void Dump::show_map_variables() {
  for (const Symbol &symbol : image_.symbols)
    if (symbol.section < image_.sections.size() && image_.sections[symbol.section].name == ".maps" &&
        symbol.type == STT_OBJECT)
      out_ += concat("map ", quoted(symbol.name), " defined at .maps+", hex(symbol.value), "\n");
}

void Dump::show_sections() {
  for (size_t i = 1; i < image_.sections.size(); i++)
    if (is_data(image_.sections[i]))
      out_ +=
          concat("data ", quoted(image_.sections[i].name), " ", bytes_text(image_.sections[i].size), "\n");
}

void Dump::show_line(uint32_t section, uint32_t slot, const LineInfo *&last) {
  const LineInfo *line = image_.btf_ext.line_at(section, slot);
  if (!line || line == last)
    return;
  last = line;
  std::string_view text = image_.btf.string(line->text);
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  out_ += concat("; ", image_.btf.string(line->file), ":", line->line(), ": ", text, "\n");
}

// What an instruction refers to: its relocation, or the table entry that the relocator put into it.
std::string Dump::note(const Symbol &function, uint32_t slot, const kbpf::Insn &insn) {
  const std::vector<RawReloc> &relocs = image_.sections[function.section].relocs;
  auto reloc = std::lower_bound(relocs.begin(), relocs.end(), uint64_t(slot) * 8,
                                [](const RawReloc &a, uint64_t offset) { return a.offset < offset; });
  if (reloc != relocs.end() && reloc->offset == uint64_t(slot) * 8)
    return concat(" -> ", image_.symbols[reloc->symbol].name);
  bool map =
      insn.is_ld_imm64() && (insn.src() == KBPF_PSEUDO_MAP_IDX || insn.src() == KBPF_PSEUDO_MAP_IDX_VALUE);
  if (map && static_cast<uint32_t>(insn.imm) < map_names_.size())
    return concat(" -> map ", quoted(map_names_[static_cast<uint32_t>(insn.imm)]));
  if (insn.opcode != (KBPF_CLASS_JMP | KBPF_JMP_CALL) || insn.src() != 0)
    return {};
  const kbpf::HelperProto *helper = profile().helper(static_cast<uint32_t>(insn.imm));
  if (!helper)
    return {};
  helpers_.insert(std::string(helper->c_name));
  return concat(" -> ", helper->c_name);
}

void Dump::show_function(const Symbol &function) {
  const Section &section = image_.sections[function.section];
  uint32_t first = static_cast<uint32_t>(function.value / 8),
           count = static_cast<uint32_t>(function.size / 8);
  std::vector<kbpf::Insn> code(section.size / 8);
  memcpy(code.data(), section.contents.data(), code.size() * sizeof(kbpf::Insn));
  helpers_.clear();
  out_ += concat("\nfunction ", quoted(function.name), " in ", quoted(section.name), ", ", count,
                 " instructions\n");
  const LineInfo *last = nullptr;
  for (uint32_t slot = first; slot < first + count; slot++) {
    show_line(function.section, slot, last);
    char line[128];
    kbpf::TextBuffer text(line, sizeof line);
    kbpf::disassemble(text, code, slot);
    out_ += concat("  ", slot - first, ": ", text.text(), note(function, slot, code[slot]), "\n");
    slot += code[slot].is_ld_imm64();
  }
  for (const CoreRelo &core : image_.btf_ext.core_relos)
    if (core.section == function.section && core.insn >= first && core.insn < first + count)
      out_ += concat("  CO-RE at ", core.insn - first, ": type ", quoted(image_.btf.type(core.type).name),
                     " path ", image_.btf.string(core.access), " kind ", core.kind, "\n");
  if (helpers_.empty())
    return;
  out_ += "  helpers:";
  for (const std::string &helper : helpers_)
    out_ += concat(" ", helper);
  out_ += "\n";
}

std::string Dump::run() {
  finished_ = std::any_of(image_.sections.begin(), image_.sections.end(),
                          [](const Section &section) { return section.name == KBPF_SEC_MAPS; });
  if (finished_)
    show_tables();
  show_map_variables();
  show_sections();
  std::vector<const Symbol *> functions;
  for (const Symbol &symbol : image_.symbols)
    if (symbol.type == STT_FUNC && symbol.section != SHN_UNDEF && symbol.section < image_.sections.size() &&
        is_code(image_.sections[symbol.section]) && symbol.value % 8 == 0)
      functions.push_back(&symbol);
  std::sort(functions.begin(), functions.end(), [](const Symbol *a, const Symbol *b) {
    if (a->section != b->section)
      return a->section < b->section;
    return a->value != b->value ? a->value < b->value : a < b; // as in the symbol table
  });
  for (const Symbol *function : functions)
    show_function(*function);
  return std::move(out_);
}

} // namespace

std::string dump(const Image &image) { return Dump(image).run(); }

} // namespace bpfcc
