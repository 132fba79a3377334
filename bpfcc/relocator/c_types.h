// SPDX-License-Identifier: MIT OR Apache-2.0
// C declarations, for user space, of the types that BTF describes. Structures are written in place and
// without names, so that a header needs no other; their layout is BTF's byte for byte.
#pragma once
#include "bpfcc/relocator/btf.h"
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace bpfcc {

// A C and C++ identifier made of any text: "trace.bpf" gives "trace_bpf", "class" gives "class_".
std::string c_identifier(std::string_view text);

// Identifiers of one scope, each given once: the second "a" is "a_2".
class UniqueNames {
public:
  std::string make(std::string_view wanted);

private:
  std::map<std::string, uint32_t, std::less<>> used_;
};

class CTypes {
public:
  explicit CTypes(const Btf &btf) : btf_(btf) {}

  // "int32_t name[4];". Addresses are uint64_t: the kernel's, of no use as pointers. What C cannot be made to
  // lay out so (bit fields, 16-byte integers, corrupt or very deep types) is an array of size bytes.
  std::string declare(uint32_t type, std::string_view name, uint64_t size, unsigned depth = 1);
  // The members of a data section's structure, one a line. Ends where two variables overlap.
  std::string section_members(const BtfType &datasec, uint32_t size);

private:
  // Empty: not to be had as a C type.
  std::string specifier(uint32_t type, unsigned depth);
  std::string record(const BtfType &type, unsigned depth);
  uint64_t alignment(uint32_t type, unsigned depth);
  uint32_t element_of(uint32_t type, std::string *dimensions) const; // behind arrays and qualifiers

  const Btf &btf_;
  std::map<std::pair<uint32_t, unsigned>, uint64_t> alignments_; // of records, by type and depth
  uint32_t members_left_ = 65536; // of records: what types nested in each other may multiply to
};

} // namespace bpfcc
