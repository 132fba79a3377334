// SPDX-License-Identifier: MIT OR Apache-2.0
// The finished object where it stays as the compiler wrote it (profile linux).
#pragma once
#include "bpfcc/relocator/image.h"
#include <string>

namespace bpfcc {

// The input's bytes, with each call of a helper by name turned into a call by number: no loader of such
// objects knows helpers by name. Their relocations and the symbols that nothing else refers to are taken out.
std::string rewrite_object(const Image &image);

} // namespace bpfcc
