// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes .BTF.ext: the records of one code section after the other. Types and strings are those of the
// output.
#pragma once
#include "bpfcc/relocator/btf_types.h"
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bpfcc {

class BtfExtWriter {
public:
  explicit BtfExtWriter(BtfStrings &strings) : strings_(strings) {}

  // What follows belongs to this section, until the next call. Slots ascend within a section.
  void section(std::string_view name);
  void function(uint32_t slot, uint32_t type) { record(0, {slot * 8, type}); }
  void line(uint32_t slot, std::string_view file, std::string_view text, uint32_t line_column) {
    record(1, {slot * 8, strings_.offset(file), strings_.offset(text), line_column});
  }
  void core_relo(uint32_t slot, uint32_t type, std::string_view access, uint32_t kind) {
    record(2, {slot * 8, type, strings_.offset(access), kind});
  }
  // The whole section; empty where there is no record.
  std::string finish();

private:
  struct Area {
    std::string bytes; // without the size of a record in front
    std::string block; // records of the current section
    uint32_t record_size = 0;
  };
  void record(size_t area, std::initializer_list<uint32_t> words);

  BtfStrings &strings_;
  std::string section_;
  std::array<Area, 3> areas_;
};

} // namespace bpfcc
