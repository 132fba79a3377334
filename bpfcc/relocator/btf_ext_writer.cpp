// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/btf_ext_writer.h"

namespace bpfcc {
namespace {

constexpr uint32_t kMagicAndVersion = 0xeb9f | 1u << 16;
constexpr uint32_t kHeaderSize = 32;

void put(std::string &out, uint32_t value) {
  out.append(reinterpret_cast<const char *>(&value), sizeof value);
}

} // namespace

void BtfExtWriter::record(size_t area, std::initializer_list<uint32_t> words) {
  areas_[area].record_size = static_cast<uint32_t>(words.size() * sizeof(uint32_t));
  for (uint32_t word : words)
    put(areas_[area].block, word);
}

void BtfExtWriter::section(std::string_view name) {
  for (Area &area : areas_) {
    if (area.block.empty())
      continue;
    put(area.bytes, strings_.offset(section_));
    put(area.bytes, static_cast<uint32_t>(area.block.size() / area.record_size));
    area.bytes += area.block;
    area.block.clear();
  }
  section_ = name;
}

std::string BtfExtWriter::finish() {
  section({});
  std::string header, body;
  for (uint32_t word : {kMagicAndVersion, kHeaderSize})
    put(header, word);
  for (const Area &area : areas_) {
    put(header, static_cast<uint32_t>(body.size()));
    put(header, area.bytes.empty() ? 0 : static_cast<uint32_t>(area.bytes.size() + sizeof(uint32_t)));
    if (area.bytes.empty())
      continue;
    put(body, area.record_size);
    body += area.bytes;
  }
  return body.empty() ? std::string() : header + body;
}

} // namespace bpfcc
