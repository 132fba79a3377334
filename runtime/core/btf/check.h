// SPDX-License-Identifier: MIT OR Apache-2.0
// The references between the types of a BTF blob.
#pragma once
#include "core/btf/btf.h"

namespace kbpf {

// Proves Linux's rules: every reference leads to a type that may stand there, nothing contains itself, no
// pointer leads to itself only, chains are at most 32 deep, members and elements fit. After it, sizes
// (BtfSizes) are defined. Errors: invalid, too_big (depth), already_exists (a cycle), no_memory; log gets the
// reason and may be null. scratch is given back.
Result<void> check_references(const Btf &btf, Arena &scratch, TextSink *log);

// The size in bytes of what id stands for, modifiers and variables followed. Only after check_references.
// Errors: invalid (no size: void, a function, a forward declaration, or no such type).
Result<uint32_t> size_of(const Btf &btf, uint32_t id);

} // namespace kbpf
