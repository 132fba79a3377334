/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The kbpf object: records of its own sections. All fields little-endian; reserved bytes are zero; names are offsets
 * into .kbpf.strtab (NUL-terminated; offset 0 is the empty string); sections are ELF section indices. */
#ifndef KBPF_ABI_OBJECT_H
#define KBPF_ABI_OBJECT_H
#include "types.h"

#define KBPF_SEC_ABI ".kbpf.abi"
#define KBPF_SEC_MAPS ".kbpf.maps"
#define KBPF_SEC_PROGS ".kbpf.progs"
#define KBPF_SEC_SLOTS ".kbpf.slots"
#define KBPF_SEC_STRTAB ".kbpf.strtab"

#define KBPF_OBJECT_MAGIC 0x4650424bu /* "KBPF" */
#define KBPF_OBJECT_FORMAT 1
#define KBPF_EM_BPF 247

#define KBPF_PROFILE_KBPF 1
#define KBPF_PROFILE_ZCORE 2
#define KBPF_PROFILE_LINUX 3

#define KBPF_OBJECT_GPL_COMPATIBLE 1u /* kbpf_abi_record.flags: from the license section */

struct kbpf_abi_record { /* 32 bytes */
  kbpf_u32 magic;
  kbpf_u16 format;
  kbpf_u16 profile;
  kbpf_u32 abi_version; /* the highest "since" among the table entries that the object uses */
  kbpf_u32 flags;
  kbpf_u64 tables_digest; /* of the tables it was compiled against; for messages, not checked */
  kbpf_u64 reserved;
};

#define KBPF_MAP_REC_RODATA 1u   /* read-only for programs; frozen after its bytes are in */
#define KBPF_MAP_REC_DATA 2u     /* a data section: one element, its value the section's bytes */
#define KBPF_MAP_REC_INNER 4u    /* only a template for the inner maps of another record */

struct kbpf_map_record { /* 64 bytes */
  kbpf_u32 name;
  kbpf_u32 type;
  kbpf_u32 key_size;
  kbpf_u32 value_size;
  kbpf_u32 max_entries;
  kbpf_u32 map_flags;    /* BPF_F_* of map creation */
  kbpf_u32 inner_map;    /* index + 1 of the record of the inner maps; 0: none */
  kbpf_u32 pinning;      /* 0 none, 1 by name (LIBBPF_PIN_BY_NAME) */
  kbpf_u32 init_section; /* holds the value of element 0; 0: all zero */
  kbpf_u32 flags;        /* KBPF_MAP_REC_* */
  kbpf_u32 btf_key_type;
  kbpf_u32 btf_value_type;
  kbpf_u64 map_extra;
  kbpf_u32 numa_node;
  kbpf_u32 reserved;
};

#define KBPF_PROG_REC_SLEEPABLE 1u
#define KBPF_PROG_REC_NO_AUTOLOAD 2u /* SEC("?...") */

struct kbpf_prog_record { /* 64 bytes */
  kbpf_u32 name;          /* of the entry function */
  kbpf_u32 section_name;  /* as SEC() gave it, without a leading '?' */
  kbpf_u32 section;
  kbpf_u32 first_insn;    /* in 8-byte slots from the section's start; entry point */
  kbpf_u32 insn_count;    /* subprograms included, they follow the entry function */
  kbpf_u32 prog_type;
  kbpf_u32 attach_kind;   /* KBPF_ATTACH_KIND number; KBPF_NO_ATTACH where the section names none */
  kbpf_u32 attach_target; /* name; 0: none given */
  kbpf_u32 expected_attach_type; /* as in Linux's BPF_PROG_LOAD */
  kbpf_u32 flags;         /* KBPF_PROG_REC_* */
  kbpf_u32 func_btf_id;   /* BTF id of the entry function; 0: no BTF */
  kbpf_u32 reserved[5];
};
#define KBPF_NO_ATTACH 0xffffffffu

#define KBPF_SLOT_MAP 1u
#define KBPF_SLOT_PROG 2u

/* An element that a map of maps or programs has from the start. Whoever loads the object sets it, once the map and
 * its target exist. */
struct kbpf_slot_record { /* 16 bytes */
  kbpf_u32 map;    /* index of the record of the map */
  kbpf_u32 key;
  kbpf_u32 kind;   /* KBPF_SLOT_* */
  kbpf_u32 target; /* index of a record of .kbpf.maps or .kbpf.progs */
};
#endif
