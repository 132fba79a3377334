// SPDX-License-Identifier: MIT OR Apache-2.0
// The readers of .BTF and .BTF.ext on any bytes, and every question that the relocator asks of what they
// accept. Input: two bytes with the size of .BTF, .BTF, then .BTF.ext.
#include "bpfcc/relocator/btf.h"
#include "bpfcc/relocator/btf_ext.h"
#include "bpfcc/relocator/btf_header.h"
#include <cstdint>
#include <cstring>

using namespace bpfcc;

namespace {

uint64_t ask(const Btf &btf) {
  uint64_t sum = 0;
  for (uint32_t id = 0; id < btf.count() + 1; id++) {
    const BtfType &type = btf.type(id);
    sum += btf.strip(id) + btf.size_of(id).value_or(0) + type.name.size();
    for (uint32_t i = 0; i < type.count; i++) {
      if (type.kind == BtfKind::structure || type.kind == BtfKind::union_type)
        sum += btf.member(type, i).name.size();
      else if (type.kind == BtfKind::enumeration || type.kind == BtfKind::enumeration64)
        sum += btf.enumerator(type, i);
      else if (type.kind == BtfKind::datasec)
        sum += btf.secvar(type, i).offset;
    }
    if (type.kind == BtfKind::variable)
      sum += btf.is_static(type);
  }
  return sum;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint16_t btf_size;
  if (size < sizeof btf_size)
    return 0;
  memcpy(&btf_size, data, sizeof btf_size);
  std::string_view bytes(reinterpret_cast<const char *>(data) + sizeof btf_size, size - sizeof btf_size);
  // Copies of their own, so that a sanitizer sees where each ends.
  std::string btf_bytes(bytes.substr(0, btf_size));
  std::string ext_bytes(bytes.substr(btf_bytes.size()));
  Btf btf;
  std::string error;
  if (!btf.parse(btf_bytes, error))
    return 0;
  [[maybe_unused]] volatile uint64_t sum = ask(btf);
  (void)make_kernel_header(btf, nullptr);
  BtfExt ext;
  if (!ext.parse(ext_bytes, btf,
                 {{"kprobe/f", {{1, 64}, {4, 8}}}, {".text", {{2, 32}}}, {"?kretprobe/g", {{3, 16}}}}, error))
    return 0;
  for (const LineInfo &line : ext.lines)
    sum = sum + btf.string(line.file).size() + btf.string(line.text).size();
  for (uint32_t section = 0; section < 5; section++)
    for (uint32_t slot = 0; slot < 65; slot++)
      sum = sum + (ext.line_at(section, slot) != nullptr);
  return 0;
}
