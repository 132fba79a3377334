// SPDX-License-Identifier: MIT OR Apache-2.0
// Variables that the kernel's configuration gives their values (__kconfig).
#pragma once
#include "bpfcc/relocator/image.h"

namespace bpfcc {

// A constant map .kconfig of the values that the profile knows, and of a 0 for each weak one that it does
// not; image.config says where each is. References to others are resolve's to refuse.
void collect_config(Image &image);

} // namespace bpfcc
