// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads a 64-bit little-endian BPF relocatable object (ELF gABI; R_BPF_* in LLVM's docs/BPF). Input may come
// from anywhere, so every offset, index and size is checked here once; later passes rely on it.
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include "core/base/bytes.h"
#include <algorithm>
#include <cstring>
#include <elf.h>
#include <optional>

namespace bpfcc {
namespace {

constexpr size_t kMaxName = 1024; // bytes of a section's or symbol's name; many may share a long one

// The NUL-terminated name at offset; nothing where it is outside or too long.
std::optional<std::string_view> name_at(kbpf::ByteView names, uint64_t offset) {
  if (offset == 0)
    return std::string_view();
  if (offset >= names.size())
    return std::nullopt;
  const char *text = reinterpret_cast<const char *>(names.data()) + offset;
  size_t room = std::min<uint64_t>(names.size() - offset, kMaxName);
  size_t length = strnlen(text, room);
  if (length == room)
    return std::nullopt;
  return std::string_view(text, length);
}

class Reader {
public:
  Reader(Image &image, std::string_view bytes) : image_(image), file_(bytes.data(), bytes.size()) {}

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
  bool read_reloc_section(size_t index, const Elf64_Shdr &header);
  bool read_btf();
  bool relocated_contents(size_t index, std::string &out);

  Image &image_;
  kbpf::ByteView file_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Shdr> headers_;
};

bool Reader::read_header() {
  auto header = file_.read<Elf64_Ehdr>(0);
  if (!header.ok())
    return fail(concat(file_.size(), " bytes are too few for an ELF header"));
  header_ = *header;
  if (memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0)
    return fail("not an ELF file");
  if (header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB)
    return fail("not a 64-bit little-endian ELF file");
  if (header_.e_machine != EM_BPF)
    return fail(concat("ELF machine ", header_.e_machine, ", expected BPF (", EM_BPF, ")"));
  if (header_.e_type != ET_REL)
    return fail(concat("ELF type ", header_.e_type, ", expected a relocatable object (", ET_REL, ")"));
  if (file_.size() > KBPF_MAX_OBJECT_SIZE)
    return fail(concat(file_.size(), " bytes; the limit is ", KBPF_MAX_OBJECT_SIZE));
  return true;
}

bool Reader::read_sections() {
  if (header_.e_shoff == 0)
    return fail("no section header table");
  if (header_.e_shentsize != sizeof(Elf64_Shdr))
    return fail(concat("section headers of ", header_.e_shentsize, " bytes, expected ", sizeof(Elf64_Shdr)));
  auto first = file_.read<Elf64_Shdr>(header_.e_shoff);
  if (!first.ok())
    return fail(concat("section header table at ", hex(header_.e_shoff), " lies outside the file"));
  uint64_t count = header_.e_shnum ? header_.e_shnum : first->sh_size;
  if (count > file_.size() / sizeof(Elf64_Shdr) ||
      !file_.slice(header_.e_shoff, count * sizeof(Elf64_Shdr)).ok())
    return fail(concat("section header table at ", hex(header_.e_shoff), " with ", count,
                       " entries runs past the end of the file"));
  for (uint64_t i = 0; i < count; i++)
    headers_.push_back(*file_.read<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr)));

  uint64_t names_index = header_.e_shstrndx == SHN_XINDEX ? first->sh_link : header_.e_shstrndx;
  if (names_index >= count)
    return fail(concat("section name table ", names_index, " does not exist"));
  const Elf64_Shdr &names_header = headers_[names_index];
  auto names =
      file_.slice(names_header.sh_offset, names_header.sh_type == SHT_NOBITS ? 0 : names_header.sh_size);
  if (!names.ok())
    return fail("the section name table lies outside the file");

  image_.sections.resize(count);
  for (uint64_t i = 1; i < count; i++) {
    const Elf64_Shdr &header = headers_[i];
    Section &section = image_.sections[i];
    auto name = name_at(*names, header.sh_name);
    if (!name)
      return fail(concat("section ", i, ": name at ", hex(header.sh_name),
                         " lies outside the name table or is longer than ", kMaxName - 1, " bytes"));
    section.name = *name;
    section.type = header.sh_type;
    section.flags = header.sh_flags;
    section.size = header.sh_size;
    section.info = header.sh_info;
    if (header.sh_type == SHT_NOBITS) {
      if (header.sh_size > KBPF_MAX_OBJECT_SIZE)
        return fail(
            concat(section_text(i), ": ", header.sh_size, " bytes; the limit is ", KBPF_MAX_OBJECT_SIZE));
      continue;
    }
    if (header.sh_type == SHT_NULL)
      continue;
    auto contents = file_.slice(header.sh_offset, header.sh_size);
    if (!contents.ok())
      return fail(concat(section_text(i), ": ", header.sh_size, " bytes at ", hex(header.sh_offset),
                         " run past the end of the file"));
    section.contents = {reinterpret_cast<const char *>(contents->data()), contents->size()};
    if (is_code(section) && section.size % 8)
      return fail(concat(section_text(i), ": ", section.size, " bytes of code, not a multiple of 8"));
  }
  return true;
}

bool Reader::read_symbols() {
  for (size_t i = 1; i < headers_.size(); i++) {
    if (headers_[i].sh_type != SHT_SYMTAB)
      continue;
    if (image_.symtab_section)
      return fail(concat(section_text(i), ": a second symbol table"));
    image_.symtab_section = static_cast<uint32_t>(i);
  }
  if (!image_.symtab_section)
    return fail("no symbol table");
  const Elf64_Shdr &header = headers_[image_.symtab_section];
  std::string_view table = image_.sections[image_.symtab_section].contents;
  if (header.sh_entsize != sizeof(Elf64_Sym) || table.size() % sizeof(Elf64_Sym))
    return fail(concat(section_text(image_.symtab_section), ": not a whole number of ", sizeof(Elf64_Sym),
                       "-byte entries"));
  if (header.sh_link >= headers_.size())
    return fail(
        concat(section_text(image_.symtab_section), ": string table ", header.sh_link, " does not exist"));
  kbpf::ByteView names(image_.sections[header.sh_link].contents.data(),
                       image_.sections[header.sh_link].contents.size());

  size_t count = table.size() / sizeof(Elf64_Sym);
  image_.symbols.resize(count);
  for (size_t i = 0; i < count; i++) {
    Elf64_Sym raw;
    memcpy(&raw, table.data() + i * sizeof raw, sizeof raw);
    Symbol &symbol = image_.symbols[i];
    auto name = name_at(names, raw.st_name);
    if (!name)
      return fail(concat("symbol ", i, ": name at ", hex(raw.st_name),
                         " lies outside the string table or is longer than ", kMaxName - 1, " bytes"));
    symbol.name = *name;
    symbol.value = raw.st_value;
    symbol.size = raw.st_size;
    symbol.section = raw.st_shndx;
    symbol.type = ELF64_ST_TYPE(raw.st_info);
    symbol.binding = ELF64_ST_BIND(raw.st_info);
    if (symbol.section >= SHN_LORESERVE || symbol.section == SHN_UNDEF)
      continue;
    if (symbol.section >= image_.sections.size())
      return fail(
          concat("symbol ", i, " ", quoted(symbol.name), ": section ", symbol.section, " does not exist"));
    const Section &section = image_.sections[symbol.section];
    if (symbol.value > section.size || symbol.size > section.size - symbol.value)
      return fail(concat("symbol ", i, " ", quoted(symbol.name), ": ", symbol.size, " bytes at ",
                         hex(symbol.value), " lie outside section ", quoted(section.name)));
    if (symbol.type == STT_SECTION && symbol.name.empty())
      symbol.name = section.name;
  }
  return true;
}

bool Reader::read_relocs() {
  for (size_t i = 1; i < headers_.size(); i++) {
    if (headers_[i].sh_type == SHT_RELA)
      return fail(concat(section_text(i), ": relocations with addends (SHT_RELA); BPF objects have SHT_REL"));
    if (headers_[i].sh_type == SHT_REL && !read_reloc_section(i, headers_[i]))
      return false;
  }
  for (Section &section : image_.sections)
    std::sort(section.relocs.begin(), section.relocs.end(),
              [](const RawReloc &a, const RawReloc &b) { return a.offset < b.offset; });
  return true;
}

bool Reader::read_reloc_section(size_t index, const Elf64_Shdr &header) {
  std::string_view table = image_.sections[index].contents;
  if (header.sh_entsize != sizeof(Elf64_Rel) || table.size() % sizeof(Elf64_Rel))
    return fail(
        concat(section_text(index), ": not a whole number of ", sizeof(Elf64_Rel), "-byte relocations"));
  if (header.sh_info == 0 || header.sh_info >= headers_.size())
    return fail(
        concat(section_text(index), ": relocates section ", header.sh_info, ", which does not exist"));
  if (header.sh_link != image_.symtab_section)
    return fail(concat(section_text(index), ": its symbol table is section ", header.sh_link, ", expected ",
                       image_.symtab_section));
  Section &target = image_.sections[header.sh_info];
  if (target.name.starts_with(".debug_"))
    return true; // DWARF is not kept
  for (size_t at = 0; at < table.size(); at += sizeof(Elf64_Rel)) {
    Elf64_Rel raw;
    memcpy(&raw, table.data() + at, sizeof raw);
    RawReloc reloc{raw.r_offset, static_cast<uint32_t>(ELF64_R_TYPE(raw.r_info)),
                   static_cast<uint32_t>(ELF64_R_SYM(raw.r_info))};
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
  std::unordered_map<std::string_view, BtfExt::CodeSection> code;
  for (size_t i = 1; i < image_.sections.size(); i++) {
    const Section &section = image_.sections[i];
    if (section.name == ".BTF")
      btf_index = i;
    else if (section.name == ".BTF.ext")
      ext_index = i;
    else if (is_code(section))
      code.try_emplace(section.name, static_cast<uint32_t>(i), static_cast<uint32_t>(section.size / 8));
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
  if (Reader(image, bytes).read())
    return;
  image.sections.clear();
  image.symbols.clear();
  image.btf = {};
  image.btf_ext = {};
  image.btf_bytes.clear();
}

} // namespace bpfcc
