// SPDX-License-Identifier: MIT OR Apache-2.0
// Lays the finished object out: ELF header, contents of the sections (each at a multiple of 8), symbol table,
// one string table for all names, section headers. The same image gives the same bytes.
#include "bpfcc/relocator/check_btf.h"
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/rewrite_object.h"
#include "bpfcc/relocator/text.h"
#include <cstring>
#include <elf.h>

namespace bpfcc {
namespace {

class Writer {
public:
  Writer(const std::vector<OutputSection> &sections, const std::vector<OutputSymbol> &symbols)
      : sections_(sections), symbols_(symbols) {}

  std::string write() {
    out_.resize(sizeof(Elf64_Ehdr));
    for (size_t i = 1; i < sections_.size(); i++) {
      const OutputSection &section = sections_[i];
      Elf64_Shdr header{};
      header.sh_type = section.type;
      header.sh_flags = section.flags;
      header.sh_link = section.type == SHT_REL ? symtab_index() : 0;
      header.sh_info = section.info;
      header.sh_entsize = section.entry_size;
      header.sh_addralign = section.alignment;
      header.sh_size = section.size;
      add(section.name, header, section.contents);
    }
    write_symbols();
    write_names();
    write_headers();
    return std::move(out_);
  }

private:
  uint32_t symtab_index() const { return static_cast<uint32_t>(sections_.size()); }
  uint32_t strtab_index() const { return symtab_index() + 1; }

  uint32_t name(std::string_view text) {
    if (text.empty())
      return 0;
    auto [found, added] = offsets_.try_emplace(std::string(text), static_cast<uint32_t>(names_.size()));
    if (added)
      names_.append(text).push_back('\0');
    return found->second;
  }

  void add(const std::string &section_name, Elf64_Shdr header, std::string_view contents) {
    pad();
    header.sh_name = name(section_name);
    header.sh_offset = out_.size();
    if (header.sh_type != SHT_NOBITS)
      header.sh_size = contents.size();
    out_ += contents;
    headers_.push_back(header);
  }

  // Nothing in an object needs more; the alignment in the header is for whoever joins sections.
  void pad() { out_.resize((out_.size() + 7) / 8 * 8); }

  void write_symbols() {
    std::string table;
    uint32_t locals = 0;
    for (const OutputSymbol &symbol : symbols_) {
      Elf64_Sym raw{};
      raw.st_name = name(symbol.name);
      raw.st_info = symbol.info;
      raw.st_other = symbol.visibility;
      raw.st_shndx = static_cast<Elf64_Half>(symbol.section);
      raw.st_value = symbol.value;
      raw.st_size = symbol.size;
      table.append(reinterpret_cast<const char *>(&raw), sizeof raw);
      locals += ELF64_ST_BIND(symbol.info) == STB_LOCAL;
    }
    Elf64_Shdr header{};
    header.sh_type = SHT_SYMTAB;
    header.sh_link = strtab_index();
    header.sh_info = locals;
    header.sh_entsize = sizeof(Elf64_Sym);
    header.sh_addralign = 8;
    add(".symtab", header, table);
  }

  void write_names() {
    name(".strtab");
    Elf64_Shdr header{};
    header.sh_type = SHT_STRTAB;
    header.sh_addralign = 1;
    add(".strtab", header, names_);
  }

  void write_headers() {
    pad();
    Elf64_Ehdr header{};
    memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_REL;
    header.e_machine = EM_BPF;
    header.e_version = EV_CURRENT;
    header.e_shoff = out_.size();
    header.e_ehsize = sizeof header;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<Elf64_Half>(headers_.size());
    header.e_shstrndx = static_cast<Elf64_Half>(strtab_index());
    memcpy(out_.data(), &header, sizeof header);
    out_.append(reinterpret_cast<const char *>(headers_.data()), headers_.size() * sizeof(Elf64_Shdr));
  }

  const std::vector<OutputSection> &sections_;
  const std::vector<OutputSymbol> &symbols_;
  std::string out_;
  std::string names_ = std::string(1, '\0');
  std::unordered_map<std::string, uint32_t> offsets_;
  std::vector<Elf64_Shdr> headers_ = std::vector<Elf64_Shdr>(1);
};

} // namespace

std::string lay_out(const std::vector<OutputSection> &sections, const std::vector<OutputSymbol> &symbols) {
  return Writer(sections, symbols).write();
}

void check_output(Image &image, std::string_view bytes) {
  bool tables = image.profile().map_encoding == kbpf::MapEncoding::pseudo_map_idx;
  check_written_btf(image, bytes, tables ? BtfOrigin::finished : BtfOrigin::compiler);
}

std::string write_elf(Image &image) {
  if (image.profile().placement == kbpf::ProgramPlacement::as_written)
    return rewrite_object(image);
  std::string bytes = lay_out(image.output, image.output_symbols);
  if (bytes.size() > KBPF_MAX_OBJECT_SIZE)
    error_in_object(image, concat("the finished object has ", bytes.size(), " bytes; the limit is ",
                                  KBPF_MAX_OBJECT_SIZE));
  return bytes;
}

} // namespace bpfcc
