// SPDX-License-Identifier: MIT OR Apache-2.0
// A bounds-checked view of a plain zcore object (docs/abi.md, "The zcore profile"): .text and its relocations
// against undefined map symbols. Such objects come from plain clang too, so everything in them is untrusted
// and unspecific.
#pragma once
#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/image/elf_view.h"
#include "core/isa/insn.h"

namespace kbpf {

class ZcoreView {
public:
  // Errors: bad_object, not_supported (a relocation or section that those kernels can't run); why gets one
  // line.
  static Result<ZcoreView> open(std::span<const std::byte> bytes, TextSink &why);

  std::span<const Insn> text() const { return text_; }

  struct MapReloc {
    uint32_t insn; // index in text() of the ld_imm64 (R_BPF_64_64) or call (R_BPF_64_32)
    std::string_view symbol;
    bool is_64_32; // R_BPF_64_32: patches addr/8 - 1
  };
  uint32_t reloc_count() const { return reloc_count_; }
  Result<MapReloc> reloc(uint32_t index) const;

private:
  struct Entry { // one relocation, of either form
    uint64_t offset;
    uint32_t type;
    int64_t addend;
    elf::Symbol symbol;
    std::string_view name;
  };
  ZcoreView() = default;
  Result<void> find_relocations(uint32_t text_index, TextSink &why);
  Result<Entry> read_entry(uint32_t index) const;
  Result<void> check_reloc(uint32_t index, TextSink &why) const;

  elf::ElfView elf_;
  std::span<const Insn> text_;
  ByteView rels_, symbols_, strings_;
  uint32_t rel_entry_size_ = 0;
  uint32_t reloc_count_ = 0;
};

} // namespace kbpf
