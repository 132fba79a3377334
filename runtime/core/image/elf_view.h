// SPDX-License-Identifier: MIT OR Apache-2.0
// The part of ELF64 that a loader of BPF objects needs: the section table of a little-endian relocatable
// file, read with bounds checks from untrusted bytes. Shared by ObjectView and ZcoreView; what sections mean
// is theirs.
#pragma once
#include "core/base/bytes.h"
#include "core/base/text.h"
#include <optional>

namespace kbpf::elf {

// Layouts and values of the System V ABI, "Object Files", with its field names.
struct Header {
  uint8_t e_ident[16];
  uint16_t e_type, e_machine;
  uint32_t e_version;
  uint64_t e_entry, e_phoff, e_shoff;
  uint32_t e_flags;
  uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};
struct SectionHeader {
  uint32_t sh_name, sh_type;
  uint64_t sh_flags, sh_addr, sh_offset, sh_size;
  uint32_t sh_link, sh_info;
  uint64_t sh_addralign, sh_entsize;
};
struct Symbol {
  uint32_t st_name;
  uint8_t st_info, st_other;
  uint16_t st_shndx;
  uint64_t st_value, st_size;
};
struct Rel {
  uint64_t r_offset, r_info;
};
struct Rela {
  uint64_t r_offset, r_info;
  int64_t r_addend;
};
static_assert(sizeof(Header) == 64 && sizeof(SectionHeader) == 64 && sizeof(Symbol) == 24);
static_assert(sizeof(Rel) == 16 && sizeof(Rela) == 24);

inline constexpr uint32_t kProgBits = 1, kSymTab = 2, kStrTab = 3, kRela = 4, kNoBits = 8, kRel = 9;
inline constexpr uint64_t kAlloc = 2, kExecInstr = 4;    // sh_flags
inline constexpr uint16_t kUndefined = 0;                // st_shndx
inline constexpr uint32_t kBpf64_64 = 1, kBpf64_32 = 10; // relocation types R_BPF_64_64, R_BPF_64_32

// Names longer than this are refused, so that no table of records makes a reader scan the file again and
// again.
inline constexpr size_t kMaxName = 1024;
Result<std::string_view> read_name(ByteView strings, uint64_t offset);

struct Section {
  uint32_t index;
  std::string_view name;
  SectionHeader header;
  ByteView bytes; // empty for NOBITS
};

// open() checks the header and every section's place and name, so that section() cannot fail.
class ElfView {
public:
  // Errors: bad_object, too_big (over KBPF_MAX_OBJECT_SIZE); why gets one line.
  ElfView() = default; // no sections
  static Result<ElfView> open(std::span<const std::byte> bytes, TextSink &why);

  uint32_t section_count() const { return section_count_; }
  Section section(uint32_t index) const; // index < section_count(); 0 is the null section
  // The section of that name, nothing where there is none; bad_object where there are several.
  Result<std::optional<Section>> find(std::string_view name) const;

private:
  Result<Section> read_section(uint32_t index) const;
  ByteView file_, headers_, names_;
  uint32_t section_count_ = 0;
};

} // namespace kbpf::elf
