// SPDX-License-Identifier: MIT OR Apache-2.0
// What the relocator's tests share: objects to read, and the way through the passes.
#pragma once
#include "bpfcc/relocator/image.h"
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>

namespace bpfcc::test {

// An object from fuzz/corpus/relocator.
inline std::string seed(const std::string &name) {
  std::ifstream file(std::string(RELOCATOR_SEEDS) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// All passes but verify, which has its own tests. Empty after an error.
inline std::string relocate(const kbpf::Profile &profile, std::string_view bytes,
                            unsigned *errors = nullptr) {
  RelocatorOptions options;
  options.profile = &profile;
  options.input_name = "input.o";
  Diagnostics diag(false);
  Image image(options, diag);
  read_elf(image, bytes);
  if (!diag.errors()) {
    collect_maps(image);
    collect_programs(image);
    scan(image);
    resolve(image);
  }
  for (auto pass : {link_subprograms, apply, apply_core, synthesize})
    if (!diag.errors())
      pass(image);
  if (errors)
    *errors = diag.errors();
  return diag.errors() ? std::string() : write_elf(image);
}

} // namespace bpfcc::test
