// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/map_records.h"
#include "bpfcc/relocator/judge.h"
#include <algorithm>

namespace bpfcc {
namespace {

// What lies in a map's value: its type; of a data section, whose record is not final, each variable's.
struct ValuePart {
  uint32_t type, offset;
  uint32_t variable = 0; // 0: it is none's
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
    parts.push_back({btf.type(variable.type).size_or_type, variable.offset, variable.type});
  }
  return parts;
}

} // namespace

bool MapRecords::are_in(const Image &image) {
  constexpr std::string_view kFields[] = {"bpf_list_head", "bpf_list_node", "bpf_rb_root",
                                          "bpf_rb_node",   "bpf_refcount",  "bpf_wq"};
  for (uint32_t id = 1; id < image.btf.count(); id++)
    if (const BtfType &type = image.btf.type(id);
        (type.kind == BtfKind::type_tag && (type.name.starts_with("kptr") || type.name == "percpu_kptr")) ||
        (type.kind == BtfKind::structure && std::ranges::find(kFields, type.name) != std::end(kFields)))
      return true;
  return false;
}

void MapRecords::describe(const Image &image, const FunctionTypes &types, const kbpf::KernelTypes &kernel,
                          std::span<kbpf::MapRef> maps) {
  if (!types.types())
    return;
  for (size_t i = 0; i < maps.size(); i++) {
    std::vector<kbpf::RecordField> &fields = fields_.emplace_back(kbpf::kMostFields);
    size_t count = 0;
    for (const ValuePart &part : parts_of(image.btf, value_type(image, image.maps[i]))) {
      const kbpf::Result<size_t> found =
          kbpf::find_fields(*types.types(), {types.id_of(part.type), part.offset, types.id_of(part.variable)},
                            kbpf::RecordOf::map, kernel, std::span(fields).subspan(count));
      maps[i].is_refused |= !found.ok();
      count += found.ok() ? *found : 0;
    }
    fields.resize(count);
    std::ranges::sort(fields, {}, &kbpf::RecordField::offset);
    maps[i].record = fields;
    maps[i].is_refused |= !kbpf::check_record(*types.types(), fields, 0).ok() ||
                          std::ranges::any_of(fields, [&](const kbpf::RecordField &field) {
                            return uint64_t{field.offset} + field.size() > maps[i].value_size;
                          });
  }
}

} // namespace bpfcc
