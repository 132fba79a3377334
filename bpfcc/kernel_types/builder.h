// SPDX-License-Identifier: MIT OR Apache-2.0
// BTF in the making: records by id, equal ones once. A structure gets its id before its members, so that
// these may lead back to it.
#pragma once
#include "bpfcc/relocator/btf_types.h"
#include <map>

namespace bpfcc {

class TypeBuilder {
public:
  struct Record {
    BtfKind kind;
    std::string_view name; // empty: none
    uint32_t size_or_type = 0;
    uint32_t count = 0; // of members and the like
    bool kind_flag = false;
    std::vector<uint32_t> parts = {}; // the words behind the record
  };

  // The id of a record with this content, made where there is none yet.
  uint32_t add(const Record &record);
  // An id whose record define() gives later.
  uint32_t reserve();
  void define(uint32_t id, const Record &record) { records_[id - 1] = words(record); }
  uint32_t string(std::string_view text) { return strings_.offset(text); }
  uint32_t count() const { return static_cast<uint32_t>(records_.size()); }

  std::string write() const; // a whole blob

private:
  std::vector<uint32_t> words(const Record &record);

  BtfStrings strings_;
  std::vector<std::vector<uint32_t>> records_;
  std::map<std::vector<uint32_t>, uint32_t> ids_;
};

} // namespace bpfcc
