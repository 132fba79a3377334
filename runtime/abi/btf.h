/* SPDX-License-Identifier: MIT OR Apache-2.0
 * BTF, the BPF Type Format, as it lies in .BTF and goes through BPF_BTF_LOAD: a header, type records, strings. Layouts
 * and numbers are Linux's (include/uapi/linux/btf.h); Documentation/bpf/btf.rst describes them. */
#ifndef KBPF_ABI_BTF_H
#define KBPF_ABI_BTF_H
#include "types.h"

#define KBPF_BTF_MAGIC 0xeb9f
#define KBPF_BTF_VERSION 1
#define KBPF_BTF_MAX_SIZE (16u << 20)       /* bytes of one blob */
#define KBPF_BTF_MAX_TYPE 0xfffffu          /* the largest type id */
#define KBPF_BTF_MAX_NAME_OFFSET 0xffffffu  /* the largest offset of a string */

struct kbpf_btf_header {
  kbpf_u16 magic;
  kbpf_u8 version, flags;
  kbpf_u32 hdr_len;                              /* offsets below count from the header's end */
  kbpf_u32 type_off, type_len, str_off, str_len; /* bytes */
};

struct kbpf_btf_type {
  kbpf_u32 name_off;
  kbpf_u32 info;         /* bits 0-15 vlen, 24-28 kind, 31 kind_flag */
  kbpf_u32 size_or_type; /* size in bytes, or a type id, as the kind says */
};

/* What follows a record of the kinds that have more. */
struct kbpf_btf_array {
  kbpf_u32 type, index_type, nelems;
};
struct kbpf_btf_member { /* struct, union; with kind_flag, offset is bits 0-23 and bitfield size bits 24-31 */
  kbpf_u32 name_off, type, offset;
};
struct kbpf_btf_enum {
  kbpf_u32 name_off;
  kbpf_s32 val;
};
struct kbpf_btf_enum64 {
  kbpf_u32 name_off, val_lo32, val_hi32;
};
struct kbpf_btf_param {
  kbpf_u32 name_off, type;
};
struct kbpf_btf_var_secinfo {
  kbpf_u32 type, offset, size;
};

/* prog_load's func_info and line_info. */
struct kbpf_func_info {
  kbpf_u32 insn_off, type_id;
};
struct kbpf_line_info {
  kbpf_u32 insn_off, file_name_off, line_off, line_col; /* line in bits 10-31 of line_col, column below */
};

enum {
  KBPF_BTF_KIND_VOID = 0,
#define KBPF_BTF_KIND(number, name, NAME) KBPF_BTF_KIND_##NAME = number,
#include "btf_kinds.def"
#undef KBPF_BTF_KIND
};
#endif
