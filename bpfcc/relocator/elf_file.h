// SPDX-License-Identifier: MIT OR Apache-2.0
// A 64-bit little-endian ELF file in memory, read through libelf. libelf 0.188 trusts some of what a hostile
// section header says, so each table is measured against the file before libelf sees it.
#pragma once
#include <cstdint>
#include <gelf.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bpfcc {

class ElfFile {
public:
  static constexpr size_t kMaxString = 1024; // bytes with the NUL; many names may share a long one

  // An error's text, empty on success. bytes must outlive the object and what it returns, which points into
  // them.
  std::string open(std::string_view bytes);

  const GElf_Ehdr &header() const { return header_; }
  size_t section_count() const { return sections_.size(); } // section 0 included
  const GElf_Shdr &section(size_t index) const { return sections_[index]; }
  size_t name_table() const { return name_table_; }

  // Of an existing section; nothing where it runs past the end of the file. A SHT_NOBITS or SHT_NULL
  // section is empty.
  std::optional<std::string_view> contents(size_t index) const;
  // The string at offset of a string table; nothing where it lies outside or is too long. Offset 0 is the
  // empty string in any table.
  std::optional<std::string_view> string(size_t table, uint64_t offset) const;
  // The entries of a symbol table or of SHT_REL relocations; nothing where the size does not fit.
  std::optional<std::vector<GElf_Sym>> symbols(size_t index) const;
  std::optional<std::vector<GElf_Rel>> relocations(size_t index) const;

private:
  template <typename Entry> std::optional<std::vector<Entry>>
  entries(size_t index, size_t entry_size, Entry *(*get)(Elf_Data *, int, Entry *)) const;
  std::string check_tables() const;

  struct End {
    void operator()(Elf *elf) const { elf_end(elf); }
  };
  std::string_view bytes_;
  std::unique_ptr<Elf, End> elf_;
  GElf_Ehdr header_{};
  std::vector<GElf_Shdr> sections_;
  size_t name_table_ = 0;
};

} // namespace bpfcc
