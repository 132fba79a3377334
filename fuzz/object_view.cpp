// SPDX-License-Identifier: MIT OR Apache-2.0
// The two views that a kernel has of an object from user space: nothing in the bytes may make them read
// outside of them, and whatever open() accepts must be readable through every accessor.
#include "core/image/object_view.h"
#include "core/image/zcore_view.h"
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

using namespace kbpf;

class CountingSink final : public TextSink {
public:
  void append(std::string_view text) override { size += text.size(); }
  size_t size = 0;
};

void require(bool condition) {
  if (!condition)
    abort();
}

volatile uint64_t sum; // keeps the reads alive

void read(std::span<const std::byte> bytes) {
  for (std::byte byte : bytes)
    sum = sum + static_cast<uint64_t>(byte);
}

void read_object(std::span<const std::byte> bytes) {
  CountingSink why;
  Result<ObjectView> view = ObjectView::open(bytes, why);
  if (!view.ok())
    return require(why.size != 0);
  for (uint32_t i = 0; i < view->map_count(); i++) {
    read(view->map_contents(i));
    sum = sum + view->string(view->map(i).name).size();
  }
  require(view->prog_count() != 0);
  for (uint32_t i = 0; i < view->prog_count(); i++) {
    kbpf_prog_record record = view->prog(i);
    sum = sum + view->string(record.name).size() + view->string(record.attach_target).size();
    std::span<const Insn> insns = view->prog_insns(i);
    require(!insns.empty());
    read(std::as_bytes(insns));
  }
  read(view->btf());
  read(view->btf_ext());
}

void read_zcore(std::span<const std::byte> bytes) {
  CountingSink why;
  Result<ZcoreView> view = ZcoreView::open(bytes, why);
  if (!view.ok())
    return require(why.size != 0);
  read(std::as_bytes(view->text()));
  for (uint32_t i = 0; i < view->reloc_count(); i++) {
    Result<ZcoreView::MapReloc> reloc = view->reloc(i);
    require(reloc.ok() && reloc->insn < view->text().size() && !reloc->symbol.empty());
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A heap block of its own: aligned as a loader's, and ending where the object ends.
  void *copy = malloc(size ? size : 1);
  memcpy(copy, data, size);
  std::span<const std::byte> bytes(static_cast<const std::byte *>(copy), size);
  read_object(bytes);
  read_zcore(bytes);
  free(copy);
  return 0;
}
