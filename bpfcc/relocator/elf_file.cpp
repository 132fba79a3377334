// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/elf_file.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <cstring>

namespace bpfcc {

// What libelf will believe when it opens the file: that all section headers are there.
std::string ElfFile::check_tables() const {
  Elf64_Ehdr header;
  if (bytes_.size() < sizeof header)
    return concat(bytes_.size(), " bytes are too few for an ELF header");
  memcpy(&header, bytes_.data(), sizeof header);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return "not an ELF file";
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    return "not a 64-bit little-endian ELF file";
  if (header.e_ident[EI_VERSION] != EV_CURRENT)
    return concat("ELF version ", unsigned(header.e_ident[EI_VERSION]), ", expected ", EV_CURRENT);
  if (header.e_shoff == 0)
    return "no section header table";
  if (header.e_shentsize != sizeof(Elf64_Shdr))
    return concat("section headers of ", header.e_shentsize, " bytes, expected ", sizeof(Elf64_Shdr));
  if (bytes_.size() < sizeof(Elf64_Shdr) || header.e_shoff > bytes_.size() - sizeof(Elf64_Shdr))
    return concat("section header table at ", hex(header.e_shoff), " lies outside the file");
  Elf64_Shdr first;
  memcpy(&first, bytes_.data() + header.e_shoff, sizeof first);
  uint64_t count = header.e_shnum ? header.e_shnum : first.sh_size;
  if (count > (bytes_.size() - header.e_shoff) / sizeof(Elf64_Shdr))
    return concat("section header table at ", hex(header.e_shoff), " with ", count,
                  " entries runs past the end of the file");
  uint64_t names = header.e_shstrndx == SHN_XINDEX ? first.sh_link : header.e_shstrndx;
  if (names >= count)
    return concat("section name table ", names, " does not exist");
  return {};
}

std::string ElfFile::open(std::string_view bytes) {
  bytes_ = bytes;
  if (std::string error = check_tables(); !error.empty())
    return error;
  elf_version(EV_CURRENT);
  // Opened for reading, libelf leaves the image as it is; its prototype lacks the const.
  elf_.reset(elf_memory(const_cast<char *>(bytes.data()), bytes.size()));
  size_t count = 0;
  if (!elf_ || elf_kind(elf_.get()) != ELF_K_ELF || !gelf_getehdr(elf_.get(), &header_) ||
      elf_getshdrnum(elf_.get(), &count) != 0 || elf_getshdrstrndx(elf_.get(), &name_table_) != 0)
    return concat("not a readable ELF file: ", elf_errmsg(-1));
  sections_.resize(count);
  for (size_t i = 0; i < count; i++)
    if (!gelf_getshdr(elf_getscn(elf_.get(), i), &sections_[i]))
      return concat("section ", i, ": ", elf_errmsg(-1));
  if (name_table_ >= count)
    return concat("section name table ", name_table_, " does not exist");
  return {};
}

std::optional<std::string_view> ElfFile::contents(size_t index) const {
  const GElf_Shdr &header = sections_[index];
  if (header.sh_type == SHT_NOBITS || header.sh_type == SHT_NULL || header.sh_size == 0)
    return std::string_view();
  if (header.sh_offset > bytes_.size() || header.sh_size > bytes_.size() - header.sh_offset)
    return std::nullopt;
  return bytes_.substr(header.sh_offset, header.sh_size);
}

std::optional<std::string_view> ElfFile::string(size_t table, uint64_t offset) const {
  if (offset == 0)
    return std::string_view();
  if (table >= sections_.size() || sections_[table].sh_type != SHT_STRTAB)
    return std::nullopt;
  // A table that ends in a NUL also spares elf_strptr the search for the last one, name after name.
  auto strings = contents(table);
  if (!strings || offset >= strings->size() || strings->back() != '\0')
    return std::nullopt;
  const char *text = elf_strptr(elf_.get(), table, offset);
  if (!text)
    return std::nullopt;
  size_t room = std::min<uint64_t>(strings->size() - offset, kMaxString);
  size_t length = strnlen(text, room);
  if (length == room)
    return std::nullopt;
  return std::string_view(text, length);
}

template <typename Entry> std::optional<std::vector<Entry>>
ElfFile::entries(size_t index, size_t entry_size, Entry *(*get)(Elf_Data *, int, Entry *)) const {
  auto table = contents(index);
  if (!table || sections_[index].sh_entsize != entry_size || table->size() % entry_size)
    return std::nullopt;
  std::vector<Entry> out(table->size() / entry_size);
  if (out.empty())
    return out;
  Elf_Data *data = elf_getdata(elf_getscn(elf_.get(), index), nullptr);
  if (!data || data->d_size != table->size())
    return std::nullopt;
  for (size_t i = 0; i < out.size(); i++)
    if (!get(data, static_cast<int>(i), &out[i]))
      return std::nullopt;
  return out;
}

std::optional<std::vector<GElf_Sym>> ElfFile::symbols(size_t index) const {
  return entries<GElf_Sym>(index, sizeof(Elf64_Sym), gelf_getsym);
}

std::optional<std::vector<GElf_Rel>> ElfFile::relocations(size_t index) const {
  return entries<GElf_Rel>(index, sizeof(Elf64_Rel), gelf_getrel);
}

} // namespace bpfcc
