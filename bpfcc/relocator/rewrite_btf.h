// SPDX-License-Identifier: MIT OR Apache-2.0
// .BTF and .BTF.ext of the finished object.
#pragma once
#include "bpfcc/relocator/image.h"
#include <string>

namespace bpfcc {

// Each program's records, moved to where its code stands in the output section section_names[i]; in the order
// of image.programs. Names that .BTF lacks are added to it. Both are empty where the input has no .BTF.
struct RewrittenBtf {
  std::string btf, btf_ext;
};
RewrittenBtf rewrite_btf(const Image &image, const std::vector<std::string> &section_names);

} // namespace bpfcc
