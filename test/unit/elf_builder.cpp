// SPDX-License-Identifier: MIT OR Apache-2.0
#include "elf_builder.h"
#include "abi/limits.h"
#include <cstring>
#include <elf.h>

namespace kbpf::test {

uint32_t ElfBuilder::add_section(std::string_view name, uint32_t type, uint64_t flags, std::string bytes,
                                 uint32_t link, uint32_t info, uint64_t entry_size) {
  sections_.push_back({std::string(name), type, flags, std::move(bytes), link, info, entry_size});
  return static_cast<uint32_t>(sections_.size()); // 0 is the null section
}

std::string ElfBuilder::build() const {
  std::vector<Section> sections = sections_;
  std::string names(1, '\0');
  sections.push_back({".shstrtab", SHT_STRTAB, 0, "", 0, 0, 0});
  std::vector<Elf64_Shdr> headers(1);
  for (const Section &section : sections) {
    Elf64_Shdr header{};
    header.sh_name = static_cast<uint32_t>(names.size());
    names += section.name + '\0';
    header.sh_type = section.type;
    header.sh_flags = section.flags;
    header.sh_link = section.link;
    header.sh_info = section.info;
    header.sh_entsize = section.entry_size;
    headers.push_back(header);
  }
  sections.back().bytes = names;

  Elf64_Ehdr file{};
  memcpy(file.e_ident, ELFMAG, SELFMAG);
  file.e_ident[EI_CLASS] = ELFCLASS64;
  file.e_ident[EI_DATA] = ELFDATA2LSB;
  file.e_ident[EI_VERSION] = EV_CURRENT;
  file.e_type = ET_REL;
  file.e_machine = KBPF_EM_BPF;
  file.e_version = EV_CURRENT;
  file.e_ehsize = sizeof(Elf64_Ehdr);
  file.e_shentsize = sizeof(Elf64_Shdr);
  file.e_shnum = static_cast<uint16_t>(headers.size());
  file.e_shstrndx = static_cast<uint16_t>(headers.size() - 1);

  std::string body;
  auto end = [&] { return sizeof(file) + body.size(); };
  for (size_t i = 0; i < sections.size(); i++) {
    body.resize(body.size() + (8 - end() % 8) % 8);
    headers[i + 1].sh_offset = end();
    headers[i + 1].sh_size = sections[i].bytes.size();
    body += sections[i].bytes;
  }
  body.resize(body.size() + (8 - end() % 8) % 8);
  file.e_shoff = end();
  for (const Elf64_Shdr &header : headers)
    body += record_bytes(header);
  return record_bytes(file) + body;
}

std::string bytes_of(const std::vector<Insn> &code) {
  return {reinterpret_cast<const char *>(code.data()), code.size() * sizeof(Insn)};
}

KbpfObjectBuilder::KbpfObjectBuilder() {
  abi.magic = KBPF_OBJECT_MAGIC;
  abi.format = KBPF_OBJECT_FORMAT;
  abi.profile = KBPF_PROFILE_KBPF;
  abi.abi_version = 1;
  abi.flags = KBPF_OBJECT_GPL_COMPATIBLE;
  // References into these stay valid while a test adds to them.
  maps_.reserve(200);
  progs_.reserve(16);
}

uint32_t KbpfObjectBuilder::name(std::string_view text) {
  uint32_t offset = static_cast<uint32_t>(strings_.size());
  strings_ += std::string(text) + '\0';
  return offset;
}

kbpf_map_record &KbpfObjectBuilder::add_map(std::string_view map_name, uint32_t type, uint32_t key_size,
                                            uint32_t value_size, uint32_t max_entries) {
  kbpf_map_record record{};
  record.name = name(map_name);
  record.type = type;
  record.key_size = key_size;
  record.value_size = value_size;
  record.max_entries = max_entries;
  return maps_.emplace_back(record);
}

kbpf_map_record &KbpfObjectBuilder::add_data_map(std::string_view map_name, std::string contents,
                                                 uint32_t flags) {
  constexpr uint32_t kArrayType = 2;
  kbpf_map_record &record = add_map(map_name, kArrayType, 4, static_cast<uint32_t>(contents.size()), 1);
  record.flags = KBPF_MAP_REC_DATA | flags;
  record.init_section = elf_.add_section(map_name, SHT_PROGBITS, SHF_ALLOC, std::move(contents));
  return record;
}

kbpf_prog_record &KbpfObjectBuilder::add_prog(std::string_view prog_name, const std::vector<Insn> &code) {
  kbpf_prog_record record{};
  record.name = name(prog_name);
  record.section_name = name("kprobe");
  record.section = elf_.add_section("kprobe", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, bytes_of(code));
  record.insn_count = static_cast<uint32_t>(code.size());
  record.prog_type = 2;
  record.attach_kind = KBPF_NO_ATTACH;
  return progs_.emplace_back(record);
}

std::string KbpfObjectBuilder::build() {
  ElfBuilder elf = elf_;
  elf.add_section(KBPF_SEC_ABI, SHT_PROGBITS, 0, record_bytes(abi));
  std::string maps, progs;
  for (const kbpf_map_record &map : maps_)
    maps += record_bytes(map);
  for (const kbpf_prog_record &prog : progs_)
    progs += record_bytes(prog);
  if (!maps.empty())
    elf.add_section(KBPF_SEC_MAPS, SHT_PROGBITS, 0, maps);
  elf.add_section(KBPF_SEC_PROGS, SHT_PROGBITS, 0, progs);
  if (!slots_.empty())
    elf.add_section(KBPF_SEC_SLOTS, SHT_PROGBITS, 0, slots_);
  elf.add_section(KBPF_SEC_STRTAB, SHT_STRTAB, 0, strings_);
  return elf.build();
}

std::string zcore_object(const std::vector<Insn> &code, const std::vector<ZcoreReloc> &relocs,
                         const kbpf_abi_record *abi) {
  ElfBuilder elf;
  uint32_t text = elf.add_section(".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, bytes_of(code));
  std::string strings(1, '\0'), symbols = record_bytes(Elf64_Sym{}), rels;
  for (size_t i = 0; i < relocs.size(); i++) {
    Elf64_Sym symbol{};
    symbol.st_name = static_cast<uint32_t>(strings.size());
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE);
    strings += relocs[i].symbol + '\0';
    symbols += record_bytes(symbol);
    Elf64_Rel rel{relocs[i].insn * sizeof(Insn), ELF64_R_INFO(i + 1, relocs[i].type)};
    rels += record_bytes(rel);
  }
  uint32_t strtab = elf.add_section(".strtab", SHT_STRTAB, 0, strings);
  uint32_t symtab = elf.add_section(".symtab", SHT_SYMTAB, 0, symbols, strtab, 1, sizeof(Elf64_Sym));
  if (!rels.empty())
    elf.add_section(".rel.text", SHT_REL, 0, rels, symtab, text, sizeof(Elf64_Rel));
  if (abi)
    elf.add_section(KBPF_SEC_ABI, SHT_PROGBITS, 0, record_bytes(*abi));
  return elf.build();
}

} // namespace kbpf::test
