// SPDX-License-Identifier: MIT OR Apache-2.0
// .BTF and .BTF.ext of the finished object.
#pragma once
#include "bpfcc/relocator/btf_types.h"
#include "bpfcc/relocator/image.h"
#include <string>

namespace bpfcc {

// Both sections are empty where the input has no .BTF.
struct RewrittenBtf {
  std::string btf, btf_ext;
  BtfTypes types; // final_id() of an id of the input is its id in btf
};
// Each program's records, moved to where its code stands in the output section section_names[i]; in the order
// of image.programs. Types that nothing in the finished object refers to are left out.
RewrittenBtf rewrite_btf(const Image &image, const std::vector<std::string> &section_names);

} // namespace bpfcc
