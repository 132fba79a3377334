// SPDX-License-Identifier: MIT OR Apache-2.0
// A bounds-checked view of a plain zcore object (docs/abi.md, "The zcore profile"): .text and its relocations against
// undefined map symbols. Such objects come from plain clang too, so everything in them is untrusted and unspecific.
#pragma once
#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/isa/insn.h"

namespace kbpf {

class ZcoreView {
public:
  // Errors: bad_object, not_supported (a relocation or section that those kernels can't run); why gets one line.
  static Result<ZcoreView> open(std::span<const std::byte> bytes, TextSink &why);

  std::span<const Insn> text() const { return text_; }

  struct MapReloc {
    uint32_t insn;          // index of the ld_imm64 in text()
    std::string_view symbol;
    bool is_64_32;          // R_BPF_64_32: patches addr/8 - 1
  };
  uint32_t reloc_count() const { return reloc_count_; }
  Result<MapReloc> reloc(uint32_t index) const;

private:
  ZcoreView() = default;
  std::span<const Insn> text_;
  ByteView rels_, symbols_, strings_;
  uint32_t rel_entry_size_ = 0;
  uint32_t reloc_count_ = 0;
};

} // namespace kbpf
