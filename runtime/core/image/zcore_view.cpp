// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernels of this family compile .text whole and patch only ld_imm64 (and calls) against undefined
// symbols. What an object has beyond that may stay in the file as long as .text does not depend on it.
#include "core/image/zcore_view.h"
#include "abi/limits.h"

namespace kbpf {
namespace {

template <typename... Args>
Error refuse(TextSink &why, Error error, std::string_view format, const Args &...args) {
  print(why, format, args...);
  return error;
}

} // namespace

Result<ZcoreView> ZcoreView::open(std::span<const std::byte> bytes, TextSink &why) {
  elf::ElfView elf = KBPF_TRY(elf::ElfView::open(bytes, why));
  Result<std::optional<elf::Section>> found = elf.find(".text");
  if (!found.ok())
    return refuse(why, Error::bad_object, "more than one section is called .text");
  if (!*found || (*found)->header.sh_type != elf::kProgBits)
    return refuse(why, Error::bad_object, "section .text is missing");
  const elf::Section &text = **found;

  for (uint32_t i = 1; i < elf.section_count(); i++) {
    elf::Section section = elf.section(i);
    if (i != text.index && section.header.sh_flags & elf::kExecInstr && section.bytes.size() != 0)
      return refuse(why, Error::not_supported, "code in section {}: a zcore program is in .text, whole",
                    section.name);
  }
  if (text.bytes.size() == 0)
    return refuse(why, Error::bad_object, "section .text is empty");
  if (text.header.sh_offset % sizeof(Insn) != 0 || text.bytes.size() % sizeof(Insn) != 0)
    return refuse(why, Error::bad_object, "section .text holds no whole, aligned instructions");
  if (text.bytes.size() / sizeof(Insn) > KBPF_MAX_INSNS)
    return refuse(why, Error::too_big, "{} instructions are more than {}", text.bytes.size() / sizeof(Insn),
                  KBPF_MAX_INSNS);

  ZcoreView view;
  view.elf_ = elf;
  view.text_ = {reinterpret_cast<const Insn *>(text.bytes.data()), text.bytes.size() / sizeof(Insn)};
  KBPF_TRY(view.find_relocations(text.index, why));
  for (uint32_t i = 0; i < view.reloc_count_; i++)
    KBPF_TRY(view.check_reloc(i, why));
  return view;
}

Result<void> ZcoreView::find_relocations(uint32_t text_index, TextSink &why) {
  for (uint32_t i = 1; i < elf_.section_count(); i++) {
    elf::Section section = elf_.section(i);
    bool relocations = section.header.sh_type == elf::kRel || section.header.sh_type == elf::kRela;
    if (!relocations || section.header.sh_info != text_index || section.bytes.size() == 0)
      continue;
    if (reloc_count_ != 0)
      return refuse(why, Error::bad_object, "more than one section relocates .text");
    rel_entry_size_ = section.header.sh_type == elf::kRel ? sizeof(elf::Rel) : sizeof(elf::Rela);
    if (section.header.sh_entsize != rel_entry_size_ || section.bytes.size() % rel_entry_size_ != 0)
      return refuse(why, Error::bad_object, "section {} holds no whole relocations", section.name);
    uint32_t symtab_index = section.header.sh_link;
    elf::Section symtab = symtab_index < elf_.section_count() ? elf_.section(symtab_index) : elf::Section{};
    if (symtab.header.sh_type != elf::kSymTab || symtab.header.sh_entsize != sizeof(elf::Symbol))
      return refuse(why, Error::bad_object, "section {} has no symbol table", section.name);
    uint32_t strtab_index = symtab.header.sh_link;
    elf::Section strtab = strtab_index < elf_.section_count() ? elf_.section(strtab_index) : elf::Section{};
    if (strtab.header.sh_type != elf::kStrTab)
      return refuse(why, Error::bad_object, "section {} has no string table", symtab.name);
    rels_ = section.bytes;
    symbols_ = symtab.bytes;
    strings_ = strtab.bytes;
    reloc_count_ = static_cast<uint32_t>(rels_.size() / rel_entry_size_);
  }
  return {};
}

Result<ZcoreView::Entry> ZcoreView::read_entry(uint32_t index) const {
  uint64_t at = uint64_t{index} * rel_entry_size_;
  elf::Rel rel = KBPF_TRY(rels_.read<elf::Rel>(at));
  Entry entry{};
  entry.offset = rel.r_offset;
  entry.type = static_cast<uint32_t>(rel.r_info);
  if (rel_entry_size_ == sizeof(elf::Rela))
    entry.addend = KBPF_TRY(rels_.read<elf::Rela>(at)).r_addend;
  entry.symbol = KBPF_TRY(symbols_.read<elf::Symbol>((rel.r_info >> 32) * sizeof(elf::Symbol)));
  entry.name = KBPF_TRY(elf::read_name(strings_, entry.symbol.st_name));
  return entry;
}

Result<void> ZcoreView::check_reloc(uint32_t index, TextSink &why) const {
  Result<Entry> read = read_entry(index);
  if (!read.ok())
    return refuse(why, Error::bad_object, "relocation {}: its symbol or name does not exist", index);
  const Entry &entry = *read;
  if (entry.offset % sizeof(Insn) != 0 || entry.offset / sizeof(Insn) >= text_.size())
    return refuse(why, Error::bad_object, "relocation {}: offset {x} is no instruction of .text", index,
                  entry.offset);
  uint32_t insn_index = static_cast<uint32_t>(entry.offset / sizeof(Insn));
  const Insn &insn = text_[insn_index];

  if (entry.type != elf::kBpf64_64 && entry.type != elf::kBpf64_32)
    return refuse(why, Error::not_supported, "instruction {}: relocation type {} is not known", insn_index,
                  entry.type);
  if (entry.symbol.st_shndx != elf::kUndefined) {
    std::string_view where = entry.symbol.st_shndx < elf_.section_count()
                                 ? elf_.section(entry.symbol.st_shndx).name
                                 : std::string_view("another section");
    if (entry.type == elf::kBpf64_32)
      return refuse(why, Error::not_supported,
                    "instruction {} calls {} in {}: a zcore program can't call functions of its own",
                    insn_index, entry.name, where);
    return refuse(
        why, Error::not_supported,
        "instruction {} refers to {}: a zcore program has no global data and no constants outside of .text",
        insn_index, where);
  }
  if (entry.name.empty())
    return refuse(why, Error::bad_object, "relocation {}: its symbol has no name", index);
  if (entry.type == elf::kBpf64_32) {
    if (!insn.is_call())
      return refuse(why, Error::bad_object, "instruction {}: R_BPF_64_32 on what is no call", insn_index);
    return {};
  }
  bool whole = insn.is_ld_imm64() && insn_index + 1 < text_.size();
  if (!whole || insn.src() != 0)
    return refuse(why, Error::bad_object, "instruction {}: R_BPF_64_64 on what is no ld_imm64", insn_index);
  if (entry.addend != 0 || insn.imm != 0 || text_[insn_index + 1].imm != 0)
    return refuse(why, Error::not_supported, "instruction {}: an offset from the map symbol {}", insn_index,
                  entry.name);
  return {};
}

Result<ZcoreView::MapReloc> ZcoreView::reloc(uint32_t index) const {
  if (index >= reloc_count_)
    return Error::out_of_range;
  Entry entry = KBPF_TRY(read_entry(index));
  return MapReloc{static_cast<uint32_t>(entry.offset / sizeof(Insn)), entry.name,
                  entry.type == elf::kBpf64_32};
}

} // namespace kbpf
