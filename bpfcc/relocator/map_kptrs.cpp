// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/map_kptrs.h"
#include "bpfcc/relocator/btf_types.h"
#include "bpfcc/relocator/judge.h"
#include "core/btf/check.h"
#include <algorithm>
#include <cstdlib>

namespace bpfcc {
namespace {

constexpr size_t kTypesBudget = size_t(1) << 30;

// What lies in a map's value: its type; of a data section, whose record is not final, each variable's.
struct ValuePart {
  uint32_t type, offset;
};
std::vector<ValuePart> parts_of(const Btf &btf, uint32_t value_type) {
  std::vector<ValuePart> parts;
  const BtfType &type = btf.type(btf.strip(value_type));
  if (type.kind != BtfKind::datasec) {
    parts.push_back({value_type, 0});
    return parts;
  }
  for (uint32_t i = 0; i < type.count; i++) {
    const BtfSecVar variable = btf.secvar(type, i);
    parts.push_back({btf.type(variable.type).size_or_type, variable.offset});
  }
  return parts;
}

} // namespace

bool MapKptrs::are_in(const Image &image) {
  for (uint32_t id = 1; id < image.btf.count(); id++)
    if (const BtfType &type = image.btf.type(id);
        type.kind == BtfKind::type_tag && (type.name.starts_with("kptr") || type.name == "percpu_kptr"))
      return true;
  return false;
}

void MapKptrs::describe(const Image &image, const kbpf::Btf &kernel, std::span<kbpf::MapRef> maps) {
  BtfTypes types;
  types.add(image.btf);
  types.keep_used_only();
  for (size_t i = 0; i < maps.size(); i++)
    for (const ValuePart &part : parts_of(image.btf, value_type(image, image.maps[i])))
      types.use(part.type);
  BtfStrings strings;
  const std::string written = types.write(strings);
  const std::string bytes = make_btf(written, strings.bytes());
  kbpf::Arena arena({[](void *, size_t size) { return malloc(size); },
                     [](void *, void *block, size_t) { free(block); }, nullptr},
                    kTypesBudget);
  const kbpf::Result<kbpf::Btf> parsed = kbpf::Btf::parse(std::as_bytes(std::span(bytes)), arena, nullptr);
  if (!parsed.ok() || !kbpf::check_references(*parsed, arena, nullptr).ok())
    return;
  for (size_t i = 0; i < maps.size(); i++) {
    std::vector<kbpf::KptrField> &fields = fields_.emplace_back(kbpf::kMostKptrs);
    size_t count = 0;
    for (const ValuePart &part : parts_of(image.btf, value_type(image, image.maps[i])))
      if (const kbpf::Result<size_t> found = kbpf::find_kptrs(*parsed, types.final_id(part.type), part.offset,
                                                              kernel, std::span(fields).subspan(count));
          found.ok())
        count += *found;
    fields.resize(count);
    std::ranges::sort(fields, {}, &kbpf::KptrField::offset);
    maps[i].kptrs = fields;
  }
}

} // namespace bpfcc
