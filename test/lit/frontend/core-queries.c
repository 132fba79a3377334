// SPDX-License-Identifier: MIT OR Apache-2.0
// Questions about fields, types and enumerators compile to relocatable constants.
// RUN: %bpfcc -S %s -o - | FileCheck %s
// CHECK: .section .BTF
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
enum color { RED = 3 };
struct s {
  int a;
  unsigned bits : 5;
} __attribute__((preserve_access_index));
long f(struct s *s) {
  return bpf_core_field_exists(s->a) + bpf_core_field_exists(struct s, a) + bpf_core_field_size(s->a) +
         bpf_core_field_offset(struct s, a) + bpf_core_type_exists(struct s) + bpf_core_type_size(struct s) +
         bpf_core_enum_value(enum color, RED) + bpf_core_enum_value_exists(enum color, RED) +
         BPF_CORE_READ_BITFIELD(s, bits) + BPF_CORE_READ_BITFIELD_PROBED(s, bits);
}
