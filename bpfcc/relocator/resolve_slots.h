// SPDX-License-Identifier: MIT OR Apache-2.0
// Elements that maps of maps and of programs have from the start.
#pragma once
#include "bpfcc/relocator/image.h"

namespace bpfcc {

// The relocations in .maps -> image.slots; a part of resolve. Nothing where a loader reads them itself
// (libbpf).
void resolve_slots(Image &image);

} // namespace bpfcc
