// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF objects made by hand, section by section, so that tests can make wrong ones too.
#pragma once
#include "abi/object.h"
#include "core/isa/insn.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kbpf::test {

class ElfBuilder {
public:
  // Returns the section's index. flags: SHF_*.
  uint32_t add_section(std::string_view name, uint32_t type, uint64_t flags, std::string bytes,
                       uint32_t link = 0, uint32_t info = 0, uint64_t entry_size = 0);
  std::string build() const;

private:
  struct Section {
    std::string name;
    uint32_t type;
    uint64_t flags;
    std::string bytes;
    uint32_t link, info;
    uint64_t entry_size;
  };
  std::vector<Section> sections_;
};

std::string bytes_of(const std::vector<Insn> &code);
template <typename T> std::string record_bytes(const T &record) {
  return {reinterpret_cast<const char *>(&record), sizeof(record)};
}

// A whole kbpf object: maps and programs are added, everything else has sound defaults that a test may
// change.
class KbpfObjectBuilder {
public:
  KbpfObjectBuilder();
  uint32_t name(std::string_view text); // its offset in the string table
  kbpf_map_record &add_map(std::string_view map_name, uint32_t type, uint32_t key_size, uint32_t value_size,
                           uint32_t max_entries);
  // A data section's map. contents: of its one value.
  kbpf_map_record &add_data_map(std::string_view map_name, std::string contents, uint32_t flags);
  void add_slot(const kbpf_slot_record &record) { slots_ += record_bytes(record); }
  kbpf_prog_record &add_prog(std::string_view prog_name, const std::vector<Insn> &code);
  std::string build();

  kbpf_abi_record abi{};

private:
  ElfBuilder elf_;
  std::string strings_ = std::string(1, '\0');
  std::vector<kbpf_map_record> maps_;
  std::vector<kbpf_prog_record> progs_;
  std::string slots_;
};

// A plain zcore object: code in .text, and for each pair an R_BPF_64_64 at that instruction against an
// undefined symbol.
struct ZcoreReloc {
  uint32_t insn;
  std::string symbol;
  uint32_t type = 1;
};
// abi: an ABI record to add, as bpfcc does.
std::string zcore_object(const std::vector<Insn> &code, const std::vector<ZcoreReloc> &relocs,
                         const kbpf_abi_record *abi = nullptr);

} // namespace kbpf::test
