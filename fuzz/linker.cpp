// SPDX-License-Identifier: MIT OR Apache-2.0
// Any two objects through the static linker: nothing may crash, and what it makes is an object that it reads
// again. An input is the size of the first object (16 bits), the first, the second.
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/static_linker.h"
#include "fuzz/section_mutator.h"
#include <cstdlib>
#include <cstring>

using namespace bpfcc;

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  uint16_t first;
  if (size >= sizeof first) {
    memcpy(&first, data, sizeof first);
    uint8_t *objects = data + sizeof first;
    size_t rest = size - sizeof first;
    if (first <= rest && (seed / 2 % 2 ? mutate_one_section(objects, first, seed / 4)
                                       : mutate_one_section(objects + first, rest - first, seed / 4)))
      return size;
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint16_t first;
  if (size < sizeof first)
    return 0;
  memcpy(&first, data, sizeof first);
  std::string_view bytes(reinterpret_cast<const char *>(data) + sizeof first, size - sizeof first);
  if (first > bytes.size())
    return 0;
  const LinkInput inputs[] = {{"a.o", bytes.substr(0, first)}, {"b.o", bytes.substr(first)}};
  Diagnostics diag(false);
  std::string linked = link_objects(inputs, diag);
  if (diag.errors())
    return 0;
  RelocatorOptions options;
  options.input_name = "linked.o";
  Image image(options, diag);
  read_elf(image, linked);
  if (diag.errors())
    abort();
  return 0;
}
