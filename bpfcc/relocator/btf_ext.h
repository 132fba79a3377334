// SPDX-License-Identifier: MIT OR Apache-2.0
// Reading of .BTF.ext: which instruction belongs to which function type, which source line, and which field
// access is to be relocated against another kernel's types (Linux Documentation/bpf/btf.rst, ".BTF.ext
// section").
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bpfcc {

struct FuncInfo {
  uint32_t section; // ELF section index
  uint32_t insn;    // slot in it
  uint32_t type;    // BTF id of the function
};

struct LineInfo {
  uint32_t section;
  uint32_t insn;
  uint32_t file, text;  // offsets of strings in .BTF
  uint32_t line_column; // line << 10 | column
  uint32_t line() const { return line_column >> 10; }
  uint32_t column() const { return line_column & 0x3ff; }
};

struct CoreRelo {
  uint32_t section;
  uint32_t insn;
  uint32_t type;   // BTF id of the accessed type
  uint32_t access; // offset of the access string in .BTF
  uint32_t kind;   // enum bpf_core_relo_kind
};

class Btf;

struct BtfExt {
  std::vector<FuncInfo> functions; // each by ascending section, then insn
  std::vector<LineInfo> lines;
  std::vector<CoreRelo> core_relos;

  // Names of code sections -> ELF index and size in slots, in the file's order: several sections of one name
  // have their records in that order. Records of other sections are an error.
  struct CodeSection {
    uint32_t index;
    uint32_t slots;
  };
  using CodeSections = std::unordered_map<std::string_view, std::vector<CodeSection>>;
  bool parse(std::string_view bytes, const Btf &btf, const CodeSections &sections, std::string &error);

  // The line that an instruction belongs to: the last record at or before it; null where there is none.
  const LineInfo *line_at(uint32_t section, uint32_t insn) const;
};
} // namespace bpfcc
