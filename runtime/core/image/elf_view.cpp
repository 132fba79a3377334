// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/image/elf_view.h"
#include "abi/limits.h"
#include "abi/object.h"

namespace kbpf::elf {
namespace {

constexpr uint8_t kMagic[] = {0x7f, 'E', 'L', 'F'};
constexpr uint8_t kClass64 = 2, kLittleEndian = 1, kCurrent = 1;
constexpr uint16_t kRelocatable = 1;

Error refuse(TextSink &why, std::string_view text) {
  why.append(text);
  return Error::bad_object;
}

} // namespace

Result<std::string_view> read_name(ByteView strings, uint64_t offset) {
  if (offset >= strings.size())
    return Error::bad_object;
  uint64_t room = strings.size() - offset;
  return KBPF_TRY(strings.slice(offset, room < kMaxName ? room : kMaxName)).string(0);
}

Result<ElfView> ElfView::open(std::span<const std::byte> bytes, TextSink &why) {
  if (bytes.size() > KBPF_MAX_OBJECT_SIZE) {
    print(why, "object of {} bytes is larger than {}", bytes.size(), KBPF_MAX_OBJECT_SIZE);
    return Error::too_big;
  }
  if (reinterpret_cast<uintptr_t>(bytes.data()) % 8 != 0)
    return refuse(why, "object is not 8-byte aligned in memory");
  ElfView view;
  view.file_ = ByteView(bytes);
  Result<Header> read = view.file_.read<Header>(0);
  if (!read.ok()) {
    print(why, "object of {} bytes is shorter than an ELF header", bytes.size());
    return Error::bad_object;
  }
  const Header &header = *read;
  if (memcmp(header.e_ident, kMagic, sizeof(kMagic)) != 0)
    return refuse(why, "not an ELF file");
  if (header.e_ident[4] != kClass64 || header.e_ident[5] != kLittleEndian || header.e_ident[6] != kCurrent)
    return refuse(why, "not a 64-bit little-endian ELF file of version 1");
  if (header.e_type != kRelocatable) {
    print(why, "ELF type {} is not a relocatable object", header.e_type);
    return Error::bad_object;
  }
  if (header.e_machine != KBPF_EM_BPF) {
    print(why, "ELF machine {} is not BPF ({})", header.e_machine, KBPF_EM_BPF);
    return Error::bad_object;
  }
  if (header.e_shentsize != sizeof(SectionHeader))
    return refuse(why, "ELF section headers have the wrong size");
  Result<ByteView> headers =
      view.file_.slice(header.e_shoff, uint64_t{header.e_shnum} * sizeof(SectionHeader));
  if (header.e_shnum == 0 || !headers.ok()) {
    print(why, "section table ({} entries at {x}) is not inside of the {} bytes of the object",
          header.e_shnum, header.e_shoff, bytes.size());
    return Error::bad_object;
  }
  view.headers_ = *headers;
  view.section_count_ = header.e_shnum;

  if (header.e_shstrndx >= header.e_shnum)
    return refuse(why, "no section holds the section names");
  SectionHeader names =
      KBPF_TRY(view.headers_.read<SectionHeader>(uint64_t{header.e_shstrndx} * sizeof(SectionHeader)));
  Result<ByteView> name_bytes = view.file_.slice(names.sh_offset, names.sh_size);
  if (names.sh_type != kStrTab || !name_bytes.ok())
    return refuse(why, "the section of section names is broken");
  view.names_ = *name_bytes;

  for (uint32_t i = 0; i < view.section_count_; i++)
    if (!view.read_section(i).ok()) {
      print(why, "section {} has its name or contents outside of the {} bytes of the object", i,
            bytes.size());
      return Error::bad_object;
    }
  return view;
}

Result<Section> ElfView::read_section(uint32_t index) const {
  Section section{};
  section.index = index;
  section.header = KBPF_TRY(headers_.read<SectionHeader>(uint64_t{index} * sizeof(SectionHeader)));
  if (index == 0)
    return section;
  section.name = KBPF_TRY(read_name(names_, section.header.sh_name));
  if (section.header.sh_type != kNoBits)
    section.bytes = KBPF_TRY(file_.slice(section.header.sh_offset, section.header.sh_size));
  return section;
}

Section ElfView::section(uint32_t index) const {
  Result<Section> section = read_section(index);
  return section.ok() ? *std::move(section) : Section{};
}

Result<std::optional<Section>> ElfView::find(std::string_view name) const {
  std::optional<Section> found;
  for (uint32_t i = 1; i < section_count_; i++) {
    Section candidate = section(i);
    if (candidate.name != name)
      continue;
    if (found)
      return Error::bad_object;
    found = candidate;
  }
  return found;
}

} // namespace kbpf::elf
