// SPDX-License-Identifier: MIT OR Apache-2.0
// Whether two objects mean the same by one name: their types are compared as libbpf's static linker does.
#pragma once
#include "bpfcc/relocator/btf.h"
#include <string>

namespace bpfcc {

// Variables and functions of two objects. What stands behind a pointer is compared by name only, and the
// length of an array may be left open.
bool types_agree(const Btf &a, uint32_t a_id, const Btf &b, uint32_t b_id);

// Two definitions of a map, the structures in .maps. The attribute in which they differ; empty: they agree.
std::string map_difference(const Btf &a, uint32_t a_id, const Btf &b, uint32_t b_id);

// As C writes it: "struct event *[4]".
std::string type_text(const Btf &btf, uint32_t id);

} // namespace bpfcc
