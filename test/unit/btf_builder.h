// SPDX-License-Identifier: MIT OR Apache-2.0
// BTF blobs for tests, record by record; ids count from 1 in the order of the calls.
#pragma once
#include "abi/btf.h"
#include <cstdint>
#include <string>
#include <vector>

namespace kbpf::test {

class BtfBuilder {
public:
  uint32_t string(const std::string &text) {
    if (text.empty())
      return 0;
    uint32_t offset = static_cast<uint32_t>(strings_.size());
    strings_ += text + '\0';
    return offset;
  }
  // vlen and kind_flag as the record has them; parts: the words behind it.
  uint32_t add(uint32_t kind, const std::string &name, uint32_t size_or_type,
               const std::vector<uint32_t> &parts = {}, uint32_t vlen = 0, bool kind_flag = false) {
    words_.insert(words_.end(), {string(name), kind << 24 | vlen | uint32_t{kind_flag} << 31, size_or_type});
    words_.insert(words_.end(), parts.begin(), parts.end());
    return ++count_;
  }
  uint32_t integer(const std::string &name = "int", uint32_t size = 4) {
    return add(KBPF_BTF_KIND_INT, name, size, {size * 8});
  }
  uint32_t pointer(uint32_t to) { return add(KBPF_BTF_KIND_PTR, "", to); }
  uint32_t array(uint32_t of, uint32_t index, uint32_t count) {
    return add(KBPF_BTF_KIND_ARRAY, "", 0, {of, index, count});
  }
  struct Member {
    std::string name;
    uint32_t type, bit_offset;
  };
  uint32_t structure(const std::string &name, uint32_t size, const std::vector<Member> &members,
                     uint32_t kind = KBPF_BTF_KIND_STRUCT) {
    std::vector<uint32_t> parts;
    for (const Member &member : members)
      parts.insert(parts.end(), {string(member.name), member.type, member.bit_offset});
    return add(kind, name, size, parts, static_cast<uint32_t>(members.size()));
  }
  uint32_t prototype(uint32_t result, const std::vector<std::pair<std::string, uint32_t>> &parameters) {
    std::vector<uint32_t> parts;
    for (const auto &[name, type] : parameters)
      parts.insert(parts.end(), {string(name), type});
    return add(KBPF_BTF_KIND_FUNC_PROTO, "", result, parts, static_cast<uint32_t>(parameters.size()));
  }
  uint32_t function(const std::string &name, uint32_t prototype) {
    return add(KBPF_BTF_KIND_FUNC, name, prototype, {}, 1);
  }
  uint32_t next_id() const { return count_ + 1; }

  kbpf_btf_header header() const {
    uint32_t types = static_cast<uint32_t>(words_.size() * 4);
    return {KBPF_BTF_MAGIC,
            KBPF_BTF_VERSION,
            0,
            sizeof(kbpf_btf_header),
            0,
            types,
            types,
            static_cast<uint32_t>(strings_.size())};
  }
  std::string build(const kbpf_btf_header &header) const {
    return std::string(reinterpret_cast<const char *>(&header), sizeof(header)) +
           std::string(reinterpret_cast<const char *>(words_.data()), words_.size() * 4) + strings_;
  }
  std::string build() const { return build(header()); }

private:
  std::string strings_ = std::string(1, '\0');
  std::vector<uint32_t> words_;
  uint32_t count_ = 0;
};

} // namespace kbpf::test
