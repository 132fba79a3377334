// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/kernel_types/builder.h"

namespace bpfcc {

std::vector<uint32_t> TypeBuilder::words(const Record &record) {
  std::vector<uint32_t> words = {record.name.empty() ? 0 : strings_.offset(record.name),
                                 static_cast<uint32_t>(record.kind) << 24 |
                                     static_cast<uint32_t>(record.kind_flag) << 31 | record.count,
                                 record.size_or_type};
  words.insert(words.end(), record.parts.begin(), record.parts.end());
  return words;
}

uint32_t TypeBuilder::add(const Record &record) {
  std::vector<uint32_t> content = words(record);
  auto [known, added] = ids_.try_emplace(content, count() + 1);
  if (added)
    records_.push_back(std::move(content));
  return known->second;
}

uint32_t TypeBuilder::reserve() {
  records_.emplace_back();
  return count();
}

std::string TypeBuilder::write() const {
  std::string types;
  for (const std::vector<uint32_t> &record : records_)
    types.append(reinterpret_cast<const char *>(record.data()), record.size() * sizeof(uint32_t));
  return make_btf(types, strings_.bytes());
}

} // namespace bpfcc
