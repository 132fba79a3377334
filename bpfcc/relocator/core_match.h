// SPDX-License-Identifier: MIT OR Apache-2.0
// When a local type is the kernel's type: the three relations of CO-RE.
#pragma once
#include "bpfcc/relocator/btf.h"

namespace bpfcc {

// Of one kind; the two kinds of enumerations count as one.
bool kinds_compatible(BtfKind a, BtfKind b);
// A field that may have changed its size, but not its nature.
bool fields_compatible(const Btf &local, uint32_t local_id, const Btf &kernel, uint32_t kernel_id);
// A type that has not changed its nature, whatever is in it.
bool types_compatible(const Btf &local, uint32_t local_id, const Btf &kernel, uint32_t kernel_id);
// A type that has all that the local one has, member by member (BPF_CORE_TYPE_MATCHES).
bool types_match(const Btf &local, uint32_t local_id, const Btf &kernel, uint32_t kernel_id);

} // namespace bpfcc
