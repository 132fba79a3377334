// SPDX-License-Identifier: MIT OR Apache-2.0
// A table of CO-RE questions: bpfcc's instructions are those that libbpf makes of the same object, and what libbpf refuses, bpfcc refuses.
// Not in it: unsigned 32-bit enumerators from 2^31 on, which libbpf extends by their sign and bpfcc does not, as C does not.
// REQUIRES: libbpf
// RUN: %clang %source/test/external/libbpf_core.c -O1 -Wall -Werror -o %t.compare -lbpf
// RUN: %bpfcc --abi=linux %S/Inputs/table-kernel.c -o %t.kernel.o
// RUN: %bpfcc --abi=linux -fno-bpf-verify %s -o %t.o
// RUN: %bpfcc -fno-bpf-verify --kernel-btf=%t.kernel.o %s -o %t.applied.o
// RUN: llvm-objcopy --remove-section=.BTF --remove-section=.BTF.ext %t.applied.o %t.code.o
// RUN: %t.compare %t.kernel.o %t.o %t.code.o | FileCheck %s
// RUN: %bpfcc --abi=linux -fno-bpf-verify -DREFUSED %s -o %t.refused.o
// RUN: %t.compare %t.kernel.o %t.refused.o | FileCheck %s --check-prefix=REFUSED
// RUN: not %bpfcc -fno-bpf-verify -DREFUSED --kernel-btf=%t.kernel.o %s -o %t.none.o 2>&1 | FileCheck %s --check-prefix=OURS
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
#define CASE(name, expression)                                                                               \
  SEC("kprobe/f") long name(void *context) { return (long)(expression); }
#define OF(type) ((type *)context)

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned u32;
typedef unsigned long long u64;

struct inner { short a; int b; } CORE;
struct inner___other { int b; int gone; } CORE;
struct numbers {
  u8 byte; u16 half; u32 word; u64 wide; u32 grown; u32 shrunk; int signed_grown; int signed_shrunk;
  unsigned long long turned_unsigned_wide; long long now_unsigned; void *pointer; void *was_pointer; _Bool flag; float real; int gone;
} CORE;
struct bits {
  u32 a : 5, b : 3; int c : 9; u32 crosses : 9; long long wide : 35; u32 was_field; u32 now_field : 9;
  u8 small : 4; int one : 1; u32 gone : 3;
} CORE;
struct nested {
  int in_anonymous; long in_union; short deep; struct inner inner; struct inner *link; struct inner many[9];
  int table[7][6]; struct { int x; } named; struct { int x; } turned; char text[4]; struct inner rest[1];
} CORE;
struct nested___table { int table[2][2]; } CORE;
struct bare___v2 { int bare; } CORE;
struct bare___v2___v3 { int bare; } CORE;
struct nowhere { int x; } CORE;
typedef struct { int x; } CORE anonymous_t;
typedef struct inner inner_t;
typedef int number_t;
typedef int absent_t;
typedef int (*callback_t)(struct inner *, u32);
union choice { char bytes[8]; } CORE;
union inner___union { int b; } CORE;
enum state { IDLE, BUSY, NEGATIVE, TOP, ABSENT };
enum state___v2 { BUSY___x = 1 };
enum wide_enum { WIDE_ONE = 1ull << 40, WIDE_HUGE = 1ull << 41, WIDE_TOP, WIDE_NONE };
enum wide_signed { WIDE_MINUS = -(1ll << 40), WIDE_PLUS = 1 };
enum was_wide { NARROW_NOW = 1ull << 40 };
enum was_narrow { NOW_WIDE = 1 };
enum nowhere_enum { NOWHERE = 1 };
struct same_twice { int x; } CORE;
struct differs { int x; } CORE;
struct kinds { struct inner was_struct; int was_int; int was_array[2]; int *was_pointer; } CORE;
struct holder { struct inner *inner; int list[4]; int (*call)(struct inner *, int); };
struct holder___list { int list[2]; };
struct holder___call { int (*call)(struct inner *); };
struct holder___type { long list[4]; };
struct holder___opaque { struct missing_body *opaque; };
struct numbers___sign { int word; };
struct numbers___width { u64 word; };
enum state___more { IDLE___m = 1, BUSY___m, LATER___m };
enum state___part { IDLE___p = 1, BUSY___p };

#ifndef REFUSED
// Offsets: loads of each width, and the width itself.
CASE(load_byte, OF(struct numbers)->byte)
CASE(load_half, OF(struct numbers)->half)
CASE(load_word, OF(struct numbers)->word)
CASE(load_wide, OF(struct numbers)->wide)
CASE(load_grown, OF(struct numbers)->grown)
CASE(load_shrunk, OF(struct numbers)->shrunk)
CASE(load_signed_grown, OF(struct numbers)->signed_grown)
CASE(load_signed_shrunk, OF(struct numbers)->signed_shrunk)
CASE(load_sign_mixed, OF(struct numbers)->turned_unsigned_wide)
CASE(load_sign_turned, OF(struct numbers)->now_unsigned)
CASE(load_pointer, OF(struct numbers)->pointer)
CASE(load_was_pointer, OF(struct numbers)->was_pointer)
CASE(load_bool, OF(struct numbers)->flag)
CASE(load_gone, OF(struct numbers)->gone)
CASE(address, &OF(struct numbers)->half)
CASE(address_of_float, &OF(struct numbers)->real)
CASE(address_gone, &OF(struct numbers)->gone)
SEC("kprobe/f") long store_byte(struct numbers *n) { n->byte = 5; return 0; }
SEC("kprobe/f") long store_wide(struct numbers *n) { n->wide = (long)n; return 0; }
SEC("kprobe/f") long store_grown(struct numbers *n) { n->grown = 7; return 0; }
SEC("kprobe/f") long store_gone(struct numbers *n) { n->gone = 7; return 0; }
SEC("kprobe/f") long two_loads(struct nested *n) { return n->link->b; }
SEC("kprobe/f") long read_kernel(struct nested *n) { return BPF_CORE_READ(n, link, a); }
// Members by way of anonymous ones, arrays, pointers as arrays.
CASE(anonymous_struct, OF(struct nested)->in_anonymous)
CASE(anonymous_union, OF(struct nested)->in_union)
CASE(anonymous_deep, OF(struct nested)->deep)
CASE(struct_member, OF(struct nested)->inner.b)
CASE(element, OF(struct nested)->many[3].b)
CASE(element_last, OF(struct nested)->many[4].a)
CASE(element_outside, OF(struct nested)->many[6].a)
CASE(element_of_two, OF(struct nested)->table[2][5])
CASE(element_of_two_outside, OF(struct nested)->table[5][1])
CASE(element_of_two_other_width, OF(struct nested___table)->table[1][1])
CASE(element_flexible, OF(struct nested)->rest[0].b)
CASE(text, OF(struct nested)->text[3])
CASE(whole_array, OF(struct nested)->text)
CASE(named_union_for_struct, OF(struct nested)->named.x)
CASE(number_for_struct, OF(struct nested)->turned.x)
CASE(pointer_index, &OF(struct inner)[2].b)
CASE(union_member, OF(union choice)->bytes[5])
CASE(union_for_struct, OF(union inner___union)->b)
CASE(anonymous_typedef, OF(anonymous_t)->x)
CASE(through_typedef, OF(inner_t)->b)
CASE(flavour, OF(struct bare___v2)->bare)
CASE(flavour_twice, OF(struct bare___v2___v3)->bare)
CASE(flavour_field, OF(struct inner___other)->b)
CASE(flavour_field_gone, OF(struct inner___other)->gone)
CASE(type_nowhere, OF(struct nowhere)->x)
CASE(same_twice, OF(struct same_twice)->x)
CASE(struct_became_number, &OF(struct kinds)->was_struct)
CASE(number_became_struct, OF(struct kinds)->was_int)
CASE(array_became_pointer, OF(struct kinds)->was_array[1])
CASE(pointer_became_array, OF(struct kinds)->was_pointer)
// Existence, size, signedness, offset as numbers.
CASE(exists, bpf_core_field_exists(OF(struct numbers)->word))
CASE(exists_gone, bpf_core_field_exists(OF(struct numbers)->gone))
CASE(exists_bit, bpf_core_field_exists(OF(struct bits)->b))
CASE(exists_bit_gone, bpf_core_field_exists(OF(struct bits)->gone))
CASE(exists_element_outside, bpf_core_field_exists(OF(struct nested)->many[6]))
CASE(exists_element, bpf_core_field_exists(OF(struct nested)->many[4]))
CASE(exists_deep, bpf_core_field_exists(OF(struct nested)->deep))
CASE(exists_nowhere, bpf_core_field_exists(OF(struct nowhere)->x))
CASE(exists_kind, bpf_core_field_exists(OF(struct kinds)->was_int))
CASE(exists_by_type, bpf_core_field_exists(struct inner, b))
CASE(size_of_field, bpf_core_field_size(OF(struct numbers)->grown))
CASE(size_of_array, bpf_core_field_size(OF(struct nested)->many))
CASE(size_of_text, bpf_core_field_size(OF(struct nested)->text))
CASE(size_of_element, bpf_core_field_size(OF(struct nested)->many[2]))
CASE(size_of_struct_field, bpf_core_field_size(OF(struct nested)->inner))
CASE(size_of_bits, bpf_core_field_size(OF(struct bits)->b))
CASE(size_gone, bpf_core_field_size(OF(struct numbers)->gone))
CASE(offset_of_field, bpf_core_field_offset(OF(struct numbers)->wide))
CASE(offset_by_type, bpf_core_field_offset(struct nested, link))
CASE(offset_of_element, bpf_core_field_offset(OF(struct nested)->many[2].b))
CASE(offset_gone, bpf_core_field_offset(OF(struct numbers)->gone))
CASE(offset_of_bits, bpf_core_field_offset(OF(struct bits)->crosses))
CASE(signed_word, __builtin_preserve_field_info(OF(struct numbers)->word, BPF_FIELD_SIGNED))
CASE(signed_signed, __builtin_preserve_field_info(OF(struct numbers)->signed_grown, BPF_FIELD_SIGNED))
CASE(signed_turned, __builtin_preserve_field_info(OF(struct numbers)->turned_unsigned_wide, BPF_FIELD_SIGNED))
CASE(signed_bool, __builtin_preserve_field_info(OF(struct numbers)->flag, BPF_FIELD_SIGNED))
CASE(signed_gone, __builtin_preserve_field_info(OF(struct numbers)->gone, BPF_FIELD_SIGNED))
// Bit fields.
CASE(bits_first, BPF_CORE_READ_BITFIELD(OF(struct bits), a))
CASE(bits_next, BPF_CORE_READ_BITFIELD(OF(struct bits), b))
CASE(bits_signed, BPF_CORE_READ_BITFIELD(OF(struct bits), c))
CASE(bits_crossing, BPF_CORE_READ_BITFIELD(OF(struct bits), crosses))
CASE(bits_wide, BPF_CORE_READ_BITFIELD(OF(struct bits), wide))
CASE(bits_was_field, BPF_CORE_READ_BITFIELD(OF(struct bits), was_field))
CASE(bits_now_field, BPF_CORE_READ_BITFIELD(OF(struct bits), now_field))
CASE(bits_small, BPF_CORE_READ_BITFIELD(OF(struct bits), small))
CASE(bits_one, BPF_CORE_READ_BITFIELD(OF(struct bits), one))
CASE(bits_gone, BPF_CORE_READ_BITFIELD(OF(struct bits), gone))
CASE(bits_probed, BPF_CORE_READ_BITFIELD_PROBED(OF(struct bits), b))
CASE(bits_probed_wide, BPF_CORE_READ_BITFIELD_PROBED(OF(struct bits), wide))
CASE(left_shift, __builtin_preserve_field_info(OF(struct bits)->b, BPF_FIELD_LSHIFT_U64))
CASE(right_shift, __builtin_preserve_field_info(OF(struct bits)->b, BPF_FIELD_RSHIFT_U64))
CASE(left_shift_word, __builtin_preserve_field_info(OF(struct numbers)->half, BPF_FIELD_LSHIFT_U64))
CASE(right_shift_word, __builtin_preserve_field_info(OF(struct numbers)->half, BPF_FIELD_RSHIFT_U64))
// Types.
CASE(type_exists, bpf_core_type_exists(struct inner))
CASE(type_exists_not, bpf_core_type_exists(struct nowhere))
CASE(type_exists_flavour, bpf_core_type_exists(struct bare___v2))
CASE(type_exists_union, bpf_core_type_exists(union choice))
CASE(type_exists_union_not, bpf_core_type_exists(union inner___union))
CASE(type_exists_typedef, bpf_core_type_exists(number_t))
CASE(type_exists_typedef_not, bpf_core_type_exists(absent_t))
CASE(type_exists_callback, bpf_core_type_exists(callback_t))
CASE(type_exists_enum, bpf_core_type_exists(enum state))
CASE(type_exists_enum_wide, bpf_core_type_exists(enum was_narrow))
CASE(type_exists_enum_narrow, bpf_core_type_exists(enum was_wide))
CASE(type_exists_enum_not, bpf_core_type_exists(enum nowhere_enum))
CASE(type_exists_anonymous, bpf_core_type_exists(anonymous_t))
CASE(type_size, bpf_core_type_size(struct nested))
CASE(type_size_union, bpf_core_type_size(union choice))
CASE(type_size_typedef, bpf_core_type_size(number_t))
CASE(type_size_enum, bpf_core_type_size(enum was_narrow))
CASE(type_size_pointer, bpf_core_type_size(callback_t))
CASE(type_size_not, bpf_core_type_size(struct nowhere))
CASE(type_size_twice, bpf_core_type_size(struct inner___other))
CASE(type_id, bpf_core_type_id_kernel(struct inner))
CASE(type_id_typedef, bpf_core_type_id_kernel(inner_t))
CASE(type_id_enum, bpf_core_type_id_kernel(enum state))
CASE(type_id_not, bpf_core_type_id_kernel(struct nowhere))
CASE(type_id_local, bpf_core_type_id_local(struct inner))
CASE(type_matches, bpf_core_type_matches(struct holder))
CASE(type_matches_part, bpf_core_type_matches(struct inner))
CASE(type_matches_array, bpf_core_type_matches(struct holder___list))
CASE(type_matches_call, bpf_core_type_matches(struct holder___call))
CASE(type_matches_element, bpf_core_type_matches(struct holder___type))
CASE(type_matches_opaque, bpf_core_type_matches(struct holder___opaque))
CASE(type_matches_sign, bpf_core_type_matches(struct numbers___sign))
CASE(type_matches_width, bpf_core_type_matches(struct numbers___width))
CASE(type_matches_missing, bpf_core_type_matches(struct inner___other))
CASE(type_matches_kinds, bpf_core_type_matches(struct kinds))
CASE(type_matches_union, bpf_core_type_matches(union inner___union))
CASE(type_matches_choice, bpf_core_type_matches(union choice))
CASE(type_matches_typedef, bpf_core_type_matches(inner_t))
CASE(type_matches_callback, bpf_core_type_matches(callback_t))
CASE(type_matches_enum, bpf_core_type_matches(enum state))
CASE(type_matches_enum_flavour, bpf_core_type_matches(enum state___part))
CASE(type_matches_enum_more, bpf_core_type_matches(enum state___more))
CASE(type_matches_enum_wide, bpf_core_type_matches(enum was_narrow))
CASE(type_matches_nowhere, bpf_core_type_matches(struct nowhere))
// Enumerators, of 32 and of 64 bits on either side.
CASE(value, bpf_core_enum_value(enum state, BUSY))
CASE(value_negative, bpf_core_enum_value(enum state, NEGATIVE))
CASE(value_top, bpf_core_enum_value(enum state, TOP))
CASE(value_absent, bpf_core_enum_value(enum state, ABSENT))
CASE(value_flavour, bpf_core_enum_value(enum state___v2, BUSY___x))
CASE(value_wide_small, bpf_core_enum_value(enum wide_enum, WIDE_ONE))
CASE(value_wide, bpf_core_enum_value(enum wide_enum, WIDE_HUGE))
CASE(value_wide_top, bpf_core_enum_value(enum wide_enum, WIDE_TOP))
CASE(value_wide_absent, bpf_core_enum_value(enum wide_enum, WIDE_NONE))
CASE(value_wide_negative, bpf_core_enum_value(enum wide_signed, WIDE_MINUS))
CASE(value_wide_positive, bpf_core_enum_value(enum wide_signed, WIDE_PLUS))
CASE(value_narrowed, bpf_core_enum_value(enum was_wide, NARROW_NOW))
CASE(value_widened, bpf_core_enum_value(enum was_narrow, NOW_WIDE))
CASE(value_exists, bpf_core_enum_value_exists(enum state, IDLE))
CASE(value_exists_not, bpf_core_enum_value_exists(enum state, ABSENT))
CASE(value_exists_wide, bpf_core_enum_value_exists(enum wide_enum, WIDE_TOP))
CASE(value_exists_wide_not, bpf_core_enum_value_exists(enum wide_enum, WIDE_NONE))
CASE(value_exists_narrowed, bpf_core_enum_value_exists(enum was_wide, NARROW_NOW))
CASE(value_exists_nowhere, bpf_core_enum_value_exists(enum nowhere_enum, NOWHERE))
CASE(value_nowhere, bpf_core_enum_value(enum nowhere_enum, NOWHERE))
#else
CASE(left_shift_array, __builtin_preserve_field_info(OF(struct nested)->text[2], BPF_FIELD_LSHIFT_U64))
CASE(right_shift_array, __builtin_preserve_field_info(OF(struct nested)->text[2], BPF_FIELD_RSHIFT_U64))
CASE(signed_array, __builtin_preserve_field_info(OF(struct nested)->text[2], BPF_FIELD_SIGNED))
CASE(differing_offset, OF(struct differs)->x)
CASE(differing_size, bpf_core_type_size(struct same_twice))
#endif
char LICENSE[] SEC("license") = "GPL";
// CHECK: 160 right, 0 wrong
// REFUSED: 5 right, 0 wrong
// OURS-COUNT-5: error:
