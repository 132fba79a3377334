// SPDX-License-Identifier: MIT OR Apache-2.0
// What maps keep of the kernel's objects and of the program's, and their lists and trees
// (core/verifier/record_fields.h), for objects that are judged for Linux.
#pragma once
#include "bpfcc/relocator/image.h"
#include "core/btf/btf.h"
#include "core/verifier/record_fields.h"
#include <deque>
#include <span>
#include <vector>

namespace bpfcc {

class FunctionTypes;

class MapRecords {
public:
  // Describes them in the maps, which map_refs() made of the image. types: of the image. This has to outlive
  // the maps.
  void describe(const Image &image, const FunctionTypes &types, const kbpf::KernelTypes &kernel,
                std::span<kbpf::MapRef> maps);
  // Whether the image's types have any.
  static bool are_in(const Image &image);

private:
  std::deque<std::vector<kbpf::RecordField>> fields_;
};

} // namespace bpfcc
