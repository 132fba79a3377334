// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/btf/report.h"

namespace kbpf {

void BtfReport::list(uint32_t id, const BtfType &type) const {
  if (!sink_)
    return;
  std::string_view name = btf_.name(type);
  print(*sink_, "[{}] {} {}", id, to_text(type.kind), name.empty() ? "(anon)" : name);
  switch (type.kind) {
  case BtfKind::integer: {
    BtfInt integer(type);
    print(*sink_, " size={} bits_offset={} nr_bits={} encoding={}", type.size_or_type, integer.offset(),
          integer.bits(), integer.encoding());
    break;
  }
  case BtfKind::array: {
    auto array = type.part<kbpf_btf_array>();
    print(*sink_, " type_id={} index_type_id={} nr_elems={}", array.type, array.index_type, array.nelems);
    break;
  }
  case BtfKind::structure:
  case BtfKind::union_type:
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
  case BtfKind::data_section:
    print(*sink_, " size={} vlen={}", type.size_or_type, type.count);
    break;
  case BtfKind::floating:
    print(*sink_, " size={}", type.size_or_type);
    break;
  case BtfKind::forward:
    sink_->append(type.kind_flag ? " union" : " struct");
    break;
  case BtfKind::function_prototype:
    print(*sink_, " return={} vlen={}", type.size_or_type, type.count);
    break;
  default:
    print(*sink_, " type_id={}", type.size_or_type);
  }
}

Error BtfReport::refuse(uint32_t id, const BtfType &type, std::string_view why, Error error) const {
  if (sink_) {
    list(id, type);
    print(*sink_, " {}\n", why);
  }
  return error;
}

Error BtfReport::refuse_part(uint32_t id, const BtfType &type, uint32_t index, std::string_view why,
                             Error error) const {
  if (sink_) {
    list(id, type);
    print(*sink_, "\n\tpart {}: {}\n", index, why);
  }
  return error;
}

} // namespace kbpf
