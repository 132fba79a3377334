// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel's reader of BTF on any bytes: what it accepts has names, parts and sizes that can be asked for.
#include "core/btf/check.h"
#include <cstdlib>

using namespace kbpf;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  BlockSource heap{[](void *, size_t bytes) { return malloc(bytes); },
                   [](void *, void *block, size_t) { free(block); }, nullptr};
  Arena arena(heap, 64u << 20);
  Result<Btf> btf = Btf::parse({reinterpret_cast<const std::byte *>(data), size}, arena, nullptr);
  if (!btf.ok() || !check_references(*btf, arena, nullptr).ok())
    return 0;
  [[maybe_unused]] volatile uint64_t sum = 0;
  for (uint32_t id = 0; id <= btf->type_count(); id++) {
    BtfType type = btf->type(id);
    Result<uint32_t> bytes = size_of(*btf, id);
    sum = sum + btf->strip_modifiers(id) + btf->name(type).size() + (bytes.ok() ? *bytes : 0);
    if (type.is_struct())
      for (uint32_t i = 0; i < type.count; i++)
        sum = sum + btf->string(type.part<kbpf_btf_member>(i).name_off).size();
  }
  return 0;
}
