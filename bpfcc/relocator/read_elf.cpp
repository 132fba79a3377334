// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads a BPF relocatable object (ELF gABI; R_BPF_* in LLVM's docs/BPF). Input may come from anywhere, so
// every offset, index and size is checked once, the container's in elf_file, the meaning's here; later passes
// rely on it.
#include "bpfcc/relocator/elf_file.h"
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <cstring>

namespace bpfcc {
namespace {

class Reader {
public:
  explicit Reader(Image &image) : image_(image) {}

  bool read() { return read_header() && read_sections() && read_symbols() && read_relocs() && read_btf(); }

private:
  bool fail(std::string_view cause) {
    error_in_object(image_, concat("malformed object: ", cause));
    return false;
  }
  std::string section_text(size_t index) const {
    return concat("section ", index, " ", quoted(image_.sections[index].name));
  }

  bool read_header();
  bool read_sections();
  bool read_symbols();
  bool read_relocs();
  bool read_reloc_section(size_t index);
  bool read_btf();
  bool relocated_contents(size_t index, std::string &out);

  Image &image_;
  ElfFile file_;
};

bool Reader::read_header() {
  if (std::string error = file_.open(image_.bytes); !error.empty())
    return fail(error);
  const GElf_Ehdr &header = file_.header();
  if (header.e_machine != EM_BPF)
    return fail(concat("ELF machine ", header.e_machine, ", expected BPF (", EM_BPF, ")"));
  if (header.e_type != ET_REL)
    return fail(concat("ELF type ", header.e_type, ", expected a relocatable object (", ET_REL, ")"));
  if (image_.bytes.size() > KBPF_MAX_OBJECT_SIZE)
    return fail(concat(image_.bytes.size(), " bytes; the limit is ", KBPF_MAX_OBJECT_SIZE));
  return true;
}

bool Reader::read_sections() {
  size_t count = file_.section_count();
  if (!file_.contents(file_.name_table()))
    return fail("the section name table lies outside the file");
  image_.sections.resize(count);
  for (size_t i = 1; i < count; i++) {
    const GElf_Shdr &header = file_.section(i);
    Section &section = image_.sections[i];
    auto name = file_.string(file_.name_table(), header.sh_name);
    if (!name)
      return fail(concat("section ", i, ": name at ", hex(header.sh_name),
                         " lies outside the name table or is longer than ", ElfFile::kMaxString - 1,
                         " bytes"));
    section.name = *name;
    section.type = header.sh_type;
    section.flags = header.sh_flags;
    section.size = header.sh_size;
    section.info = header.sh_info;
    section.alignment = header.sh_addralign;
    section.entry_size = header.sh_entsize;
    if (header.sh_type == SHT_NOBITS) {
      if (header.sh_size > KBPF_MAX_OBJECT_SIZE)
        return fail(
            concat(section_text(i), ": ", header.sh_size, " bytes; the limit is ", KBPF_MAX_OBJECT_SIZE));
      continue;
    }
    auto contents = file_.contents(i);
    if (!contents)
      return fail(concat(section_text(i), ": ", header.sh_size, " bytes at ", hex(header.sh_offset),
                         " run past the end of the file"));
    section.contents = *contents;
    if (is_code(section) && section.size % 8)
      return fail(concat(section_text(i), ": ", section.size, " bytes of code, not a multiple of 8"));
  }
  return true;
}

bool Reader::read_symbols() {
  for (size_t i = 1; i < file_.section_count(); i++) {
    if (file_.section(i).sh_type != SHT_SYMTAB)
      continue;
    if (image_.symtab_section)
      return fail(concat(section_text(i), ": a second symbol table"));
    image_.symtab_section = static_cast<uint32_t>(i);
  }
  if (!image_.symtab_section)
    return fail("no symbol table");
  auto table = file_.symbols(image_.symtab_section);
  if (!table)
    return fail(concat(section_text(image_.symtab_section), ": not a whole number of ", sizeof(Elf64_Sym),
                       "-byte entries"));
  size_t names = file_.section(image_.symtab_section).sh_link;
  if (names >= file_.section_count())
    return fail(concat(section_text(image_.symtab_section), ": string table ", names, " does not exist"));

  image_.symbols.resize(table->size());
  for (size_t i = 0; i < table->size(); i++) {
    const GElf_Sym &raw = (*table)[i];
    Symbol &symbol = image_.symbols[i];
    auto name = file_.string(names, raw.st_name);
    if (!name)
      return fail(concat("symbol ", i, ": name at ", hex(raw.st_name),
                         " lies outside the string table or is longer than ", ElfFile::kMaxString - 1,
                         " bytes"));
    symbol.name = *name;
    symbol.value = raw.st_value;
    symbol.size = raw.st_size;
    symbol.section = raw.st_shndx;
    symbol.type = GELF_ST_TYPE(raw.st_info);
    symbol.binding = GELF_ST_BIND(raw.st_info);
    symbol.visibility = GELF_ST_VISIBILITY(raw.st_other);
    if (symbol.section >= SHN_LORESERVE || symbol.section == SHN_UNDEF)
      continue;
    if (symbol.section >= image_.sections.size())
      return fail(
          concat("symbol ", i, " ", quoted(symbol.name), ": section ", symbol.section, " does not exist"));
    const Section &section = image_.sections[symbol.section];
    if (symbol.value > section.size || symbol.size > section.size - symbol.value)
      return fail(concat("symbol ", i, " ", quoted(symbol.name), ": ", symbol.size, " bytes at ",
                         hex(symbol.value), " lie outside section ", quoted(section.name)));
    if (symbol.type == STT_FUNC && symbol.size == 0 && is_code(section) && symbol.value == section.size) {
      error_at_symbol(image_, symbol.name, concat("program ", quoted(symbol.name), " has no instruction"));
      return false;
    }
    if (symbol.type == STT_SECTION && symbol.name.empty())
      symbol.name = section.name;
  }
  return true;
}

bool Reader::read_relocs() {
  for (size_t i = 1; i < file_.section_count(); i++) {
    if (file_.section(i).sh_type == SHT_RELA)
      return fail(concat(section_text(i), ": relocations with addends (SHT_RELA); BPF objects have SHT_REL"));
    if (file_.section(i).sh_type == SHT_REL && !read_reloc_section(i))
      return false;
  }
  for (Section &section : image_.sections)
    std::sort(section.relocs.begin(), section.relocs.end(),
              [](const RawReloc &a, const RawReloc &b) { return a.offset < b.offset; });
  return true;
}

bool Reader::read_reloc_section(size_t index) {
  const GElf_Shdr &header = file_.section(index);
  auto table = file_.relocations(index);
  if (!table)
    return fail(
        concat(section_text(index), ": not a whole number of ", sizeof(Elf64_Rel), "-byte relocations"));
  if (header.sh_info == 0 || header.sh_info >= file_.section_count())
    return fail(
        concat(section_text(index), ": relocates section ", header.sh_info, ", which does not exist"));
  if (header.sh_link != image_.symtab_section)
    return fail(concat(section_text(index), ": its symbol table is section ", header.sh_link, ", expected ",
                       image_.symtab_section));
  Section &target = image_.sections[header.sh_info];
  if (target.name.starts_with(".debug_"))
    return true; // DWARF is not kept
  for (size_t i = 0; i < table->size(); i++) {
    const GElf_Rel &raw = (*table)[i];
    RawReloc reloc{raw.r_offset, static_cast<uint32_t>(GELF_R_TYPE(raw.r_info)),
                   static_cast<uint32_t>(GELF_R_SYM(raw.r_info))};
    uint64_t at = i * sizeof(Elf64_Rel);
    if (reloc.symbol >= image_.symbols.size())
      return fail(concat(section_text(index), "+", hex(at), ": symbol ", reloc.symbol, " does not exist"));
    if (reloc.offset >= target.size)
      return fail(concat(section_text(index), "+", hex(at), ": offset ", hex(reloc.offset), " lies outside ",
                         quoted(target.name)));
    target.relocs.push_back(reloc);
  }
  return true;
}

// The contents of .BTF or .BTF.ext with their relocations applied: each adds its symbol's value to a 32-bit
// word.
bool Reader::relocated_contents(size_t index, std::string &out) {
  const Section &section = image_.sections[index];
  out = section.contents;
  for (const RawReloc &reloc : section.relocs) {
    uint32_t A;
    if (section.contents.size() < sizeof A || reloc.offset > section.contents.size() - sizeof A)
      return fail(concat(section_text(index), "+", hex(reloc.offset), ": relocation outside the section"));
    uint32_t S = static_cast<uint32_t>(image_.symbols[reloc.symbol].value);
    memcpy(&A, out.data() + reloc.offset, sizeof A);
    A += S;
    memcpy(out.data() + reloc.offset, &A, sizeof A);
  }
  return true;
}

bool Reader::read_btf() {
  size_t btf_index = 0, ext_index = 0;
  BtfExt::CodeSections code;
  for (size_t i = 1; i < image_.sections.size(); i++) {
    const Section &section = image_.sections[i];
    if (section.name == ".BTF")
      btf_index = i;
    else if (section.name == ".BTF.ext")
      ext_index = i;
    else if (is_code(section))
      code[section.name].push_back({static_cast<uint32_t>(i), static_cast<uint32_t>(section.size / 8)});
  }
  std::string error;
  if (btf_index) {
    if (!relocated_contents(btf_index, image_.btf_bytes))
      return false;
    if (!image_.btf.parse(image_.btf_bytes, error))
      return fail(error);
  }
  if (btf_index && ext_index) {
    std::string contents;
    if (!relocated_contents(ext_index, contents))
      return false;
    if (!image_.btf_ext.parse(contents, image_.btf, code, error))
      return fail(error);
  }
  return true;
}

} // namespace

bool is_code(const Section &section) { return section.type == SHT_PROGBITS && section.flags & SHF_EXECINSTR; }

bool is_data(const Section &section) {
  if (!(section.flags & SHF_ALLOC) || is_code(section) || section.size == 0)
    return false;
  auto named = [&](std::string_view name) {
    return section.name == name || (section.name.starts_with(name) && section.name.size() > name.size() &&
                                    section.name[name.size()] == '.');
  };
  if (section.type == SHT_NOBITS)
    return named(".bss");
  return section.type == SHT_PROGBITS && (named(".rodata") || named(".data"));
}

void read_elf(Image &image, std::string_view bytes) {
  image.bytes = bytes;
  if (Reader(image).read())
    return;
  image.sections.clear();
  image.symbols.clear();
  image.btf = {};
  image.btf_ext = {};
  image.btf_bytes.clear();
}

} // namespace bpfcc
