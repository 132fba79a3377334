// SPDX-License-Identifier: MIT OR Apache-2.0
// Fields of a map's value that keep pointers to objects of the kernel (__kptr, __kptr_untrusted), as the BTF
// of the map says. Only Linux has them: where an object is judged for it, its maps are described so.
#pragma once
#include "core/btf/btf.h"
#include "core/verifier/program.h"

namespace kbpf {

// Notes those that lie in a type of `types` which begins at `offset` of the value: a structure, its members
// and what lies in these, arrays, a data section. kernel: whose structures they point to. Gives how many of
// `fields` are filled, by ascending offset. Errors: too_big (more than there is room for, or too much to look
// at).
Result<size_t> find_kptrs(const Btf &types, uint32_t type, uint64_t offset, const Btf &kernel,
                          std::span<KptrField> fields);
// The most that Linux lets a value have (BTF_FIELDS_MAX).
constexpr size_t kMostKptrs = 11;

} // namespace kbpf
