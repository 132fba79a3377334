// SPDX-License-Identifier: MIT OR Apache-2.0
// The log of a BTF blob's verification, in the form of Linux's: "[id] KIND name: details".
#pragma once
#include "core/btf/btf.h"

namespace kbpf {

class BtfReport {
public:
  BtfReport(TextSink *sink, const Btf &btf) : sink_(sink), btf_(btf) {}

  template <typename... Args> void line(std::string_view format, const Args &...args) const {
    if (sink_)
      print(*sink_, format, args...);
  }
  // A type that was read. Its parts follow in part().
  void list(uint32_t id, const BtfType &type) const;
  // The reason why the blob is refused; gives error back.
  Error refuse(uint32_t id, const BtfType &type, std::string_view why, Error error = Error::invalid) const;
  // The same, where the reason is in one of its parts (a member, a parameter, ...).
  Error refuse_part(uint32_t id, const BtfType &type, uint32_t index, std::string_view why,
                    Error error = Error::invalid) const;

private:
  TextSink *sink_;
  const Btf &btf_;
};

} // namespace kbpf
