/* SPDX-License-Identifier: MIT OR Apache-2.0
 * CO-RE: the compiler records each access of a kernel structure, and the relocator or loader adapts it to the
 * kernel that runs the program. The numbers of the questions are those of the BTF specification
 * (bpf_core_relo_kind). */
#ifndef __BPF_CORE_READ_H__
#define __BPF_CORE_READ_H__

#include <bpf/bpf_helpers.h>

enum bpf_field_info_kind {
  BPF_FIELD_BYTE_OFFSET = 0,
  BPF_FIELD_BYTE_SIZE = 1,
  BPF_FIELD_EXISTS = 2,
  BPF_FIELD_SIGNED = 3,
  BPF_FIELD_LSHIFT_U64 = 4,
  BPF_FIELD_RSHIFT_U64 = 5,
};
enum bpf_type_id_kind { BPF_TYPE_ID_LOCAL = 0, BPF_TYPE_ID_TARGET = 1 };
enum bpf_type_info_kind { BPF_TYPE_EXISTS = 0, BPF_TYPE_SIZE = 1, BPF_TYPE_MATCHES = 2 };
enum bpf_enum_value_kind { BPF_ENUMVAL_EXISTS = 0, BPF_ENUMVAL_VALUE = 1 };

/* A field is given as an expression, ptr->a.b, or as a type and a member. */
#define ___bpf_field_ref1(field) (field)
#define ___bpf_field_ref2(type, field) (((typeof(type) *)0)->field)
#define ___bpf_field_ref(args...) ___bpf_apply(___bpf_field_ref, ___bpf_narg(args))(args)

#define bpf_core_field_exists(field...)                                                                      \
  __builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_EXISTS)
#define bpf_core_field_size(field...)                                                                        \
  __builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_BYTE_SIZE)
#define bpf_core_field_offset(field...)                                                                      \
  __builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_BYTE_OFFSET)

#define ___bpf_typeof(type) ((typeof(type) *)0)
#define bpf_core_type_id_local(type) __builtin_btf_type_id(*___bpf_typeof(type), BPF_TYPE_ID_LOCAL)
#define bpf_core_type_id_kernel(type) __builtin_btf_type_id(*___bpf_typeof(type), BPF_TYPE_ID_TARGET)
#define bpf_core_type_exists(type) __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_EXISTS)
#define bpf_core_type_matches(type) __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_MATCHES)
#define bpf_core_type_size(type) __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_SIZE)
#define bpf_core_enum_value_exists(enum_type, enum_value)                                                    \
  __builtin_preserve_enum_value(*(typeof(enum_type) *)enum_value, BPF_ENUMVAL_EXISTS)
#define bpf_core_enum_value(enum_type, enum_value)                                                           \
  __builtin_preserve_enum_value(*(typeof(enum_type) *)enum_value, BPF_ENUMVAL_VALUE)

/* Reading through the helper, with the source address recorded. */
#define bpf_core_read(dst, sz, src)                                                                          \
  bpf_probe_read_kernel((void *)(dst), sz, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_user(dst, sz, src)                                                                     \
  bpf_probe_read_user(dst, sz, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_str(dst, sz, src)                                                                      \
  bpf_probe_read_kernel_str(dst, sz, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_user_str(dst, sz, src)                                                                 \
  bpf_probe_read_user_str(dst, sz, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_cast(ptr, type) ((typeof(type) *)bpf_rdonly_cast((ptr), bpf_core_type_id_kernel(type)))

/* Bit fields: the value's place is known only where the program runs. */
#define __CORE_RELO(src, field, info) __builtin_preserve_field_info((src)->field, BPF_FIELD_##info)
#define ___bpf_bitfield_extract(s, field, val)                                                               \
  ({                                                                                                         \
    (val) <<= __CORE_RELO(s, field, LSHIFT_U64);                                                             \
    __CORE_RELO(s, field, SIGNED) ? (__u64)((__s64)(val) >> __CORE_RELO(s, field, RSHIFT_U64))               \
                                  : (val) >> __CORE_RELO(s, field, RSHIFT_U64);                              \
  })
#define BPF_CORE_READ_BITFIELD_PROBED(s, field)                                                              \
  ({                                                                                                         \
    unsigned long long ___val = 0;                                                                           \
    bpf_probe_read_kernel(&___val, __CORE_RELO(s, field, BYTE_SIZE),                                         \
                          (const void *)(s) + __CORE_RELO(s, field, BYTE_OFFSET));                           \
    ___bpf_bitfield_extract(s, field, ___val);                                                               \
  })
#define BPF_CORE_READ_BITFIELD(s, field)                                                                     \
  ({                                                                                                         \
    const void *___p = (const void *)(s) + __CORE_RELO(s, field, BYTE_OFFSET);                               \
    unsigned long long ___val = 0;                                                                           \
    barrier_var(___p);                                                                                       \
    switch (__CORE_RELO(s, field, BYTE_SIZE)) {                                                              \
    case 1:                                                                                                  \
      ___val = *(const __u8 *)___p;                                                                          \
      break;                                                                                                 \
    case 2:                                                                                                  \
      ___val = *(const __u16 *)___p;                                                                         \
      break;                                                                                                 \
    case 4:                                                                                                  \
      ___val = *(const __u32 *)___p;                                                                         \
      break;                                                                                                 \
    case 8:                                                                                                  \
      ___val = *(const __u64 *)___p;                                                                         \
      break;                                                                                                 \
    }                                                                                                        \
    ___bpf_bitfield_extract(s, field, ___val);                                                               \
  })

/* BPF_CORE_READ(ptr, a, b.c, d) is ptr->a->b.c->d: every arrow but the last is read into a pointer, the last
 * into the result. ___core_arrowN spells the first N members, whose type that pointer has. */
#define ___core_arrow1(src, a) (src)->a
#define ___core_arrow2(src, a, b) (src)->a->b
#define ___core_arrow3(src, a, b, c) (src)->a->b->c
#define ___core_arrow4(src, a, b, c, d) (src)->a->b->c->d
#define ___core_arrow5(src, a, b, c, d, e) (src)->a->b->c->d->e
#define ___core_arrow6(src, a, b, c, d, e, f) (src)->a->b->c->d->e->f
#define ___core_arrow7(src, a, b, c, d, e, f, g) (src)->a->b->c->d->e->f->g
#define ___core_arrow8(src, a, b, c, d, e, f, g, h) (src)->a->b->c->d->e->f->g->h
#define ___core_arrow9(src, a, b, c, d, e, f, g, h, i) (src)->a->b->c->d->e->f->g->h->i
#define ___core_arrow(src, a, rest...) ___bpf_apply(___core_arrow, ___bpf_narg(a, ##rest))(src, a, ##rest)
/* Under these names programs know them. */
#define ___arrow(src, a, rest...) ___core_arrow(src, a, ##rest)
#define ___type(src, a, rest...) __typeof_unqual__(___core_arrow(src, a, ##rest))

#define ___core_chain1(last, step, dst, size, src, a) last(dst, size, &(src)->a)
#define ___core_chain2(last, step, dst, size, src, a, b)                                                     \
  ({                                                                                                         \
    __typeof_unqual__(___core_arrow1(src, a)) __p1;                                                          \
    step(&__p1, sizeof(__p1), &(src)->a);                                                                    \
    last(dst, size, &__p1->b);                                                                               \
  })
#define ___core_chain3(last, step, dst, size, src, a, b, c)                                                  \
  ({                                                                                                         \
    __typeof_unqual__(___core_arrow2(src, a, b)) __p2;                                                       \
    ___core_chain2(step, step, &__p2, sizeof(__p2), src, a, b);                                              \
    last(dst, size, &__p2->c);                                                                               \
  })
#define ___core_chain4(last, step, dst, size, src, a, b, c, d)                                               \
  ({                                                                                                         \
    __typeof_unqual__(___core_arrow3(src, a, b, c)) __p3;                                                    \
    ___core_chain3(step, step, &__p3, sizeof(__p3), src, a, b, c);                                           \
    last(dst, size, &__p3->d);                                                                               \
  })
#define ___core_chain5(last, step, dst, size, src, a, b, c, d, e)                                            \
  ({                                                                                                         \
    __typeof_unqual__(___core_arrow4(src, a, b, c, d)) __p4;                                                 \
    ___core_chain4(step, step, &__p4, sizeof(__p4), src, a, b, c, d);                                        \
    last(dst, size, &__p4->e);                                                                               \
  })
#define ___core_chain6(last, step, dst, size, src, a, b, c, d, e, f)                                         \
  ({                                                                                                         \
    __typeof_unqual__(___core_arrow5(src, a, b, c, d, e)) __p5;                                              \
    ___core_chain5(step, step, &__p5, sizeof(__p5), src, a, b, c, d, e);                                     \
    last(dst, size, &__p5->f);                                                                               \
  })
#define ___core_chain7(last, step, dst, size, src, a, b, c, d, e, f, g)                                      \
  ({                                                                                                         \
    __typeof_unqual__(___core_arrow6(src, a, b, c, d, e, f)) __p6;                                           \
    ___core_chain6(step, step, &__p6, sizeof(__p6), src, a, b, c, d, e, f);                                  \
    last(dst, size, &__p6->g);                                                                               \
  })
#define ___core_chain8(last, step, dst, size, src, a, b, c, d, e, f, g, h)                                   \
  ({                                                                                                         \
    __typeof_unqual__(___core_arrow7(src, a, b, c, d, e, f, g)) __p7;                                        \
    ___core_chain7(step, step, &__p7, sizeof(__p7), src, a, b, c, d, e, f, g);                               \
    last(dst, size, &__p7->h);                                                                               \
  })
#define ___core_chain9(last, step, dst, size, src, a, b, c, d, e, f, g, h, i)                                \
  ({                                                                                                         \
    __typeof_unqual__(___core_arrow8(src, a, b, c, d, e, f, g, h)) __p8;                                     \
    ___core_chain8(step, step, &__p8, sizeof(__p8), src, a, b, c, d, e, f, g, h);                            \
    last(dst, size, &__p8->i);                                                                               \
  })
#define ___core_chain(last, step, dst, size, src, a, rest...)                                                \
  ___bpf_apply(___core_chain, ___bpf_narg(a, ##rest))(last, step, dst, size, src, a, ##rest)

#define ___core_value(read, src, a, rest...)                                                                 \
  ({                                                                                                         \
    __typeof_unqual__(___core_arrow(src, a, ##rest)) __r;                                                    \
    ___core_chain(read, read, &__r, sizeof(__r), src, a, ##rest);                                            \
    __r;                                                                                                     \
  })

/* Without CO-RE: the same chains over the plain helpers. */
#define ___bpf_probe_read_kernel(dst, size, src) bpf_probe_read_kernel(dst, size, src)
#define ___bpf_probe_read_user(dst, size, src) bpf_probe_read_user(dst, size, src)
#define ___bpf_probe_read_kernel_str(dst, size, src) bpf_probe_read_kernel_str(dst, size, src)
#define ___bpf_probe_read_user_str(dst, size, src) bpf_probe_read_user_str(dst, size, src)

#define BPF_CORE_READ(src, a, ...) ___core_value(bpf_core_read, src, a, ##__VA_ARGS__)
#define BPF_CORE_READ_USER(src, a, ...) ___core_value(bpf_core_read_user, src, a, ##__VA_ARGS__)
#define BPF_PROBE_READ(src, a, ...) ___core_value(___bpf_probe_read_kernel, src, a, ##__VA_ARGS__)
#define BPF_PROBE_READ_USER(src, a, ...) ___core_value(___bpf_probe_read_user, src, a, ##__VA_ARGS__)

#define BPF_CORE_READ_INTO(dst, src, a, ...)                                                                 \
  ___core_chain(bpf_core_read, bpf_core_read, dst, sizeof(*(dst)), src, a, ##__VA_ARGS__)
#define BPF_CORE_READ_USER_INTO(dst, src, a, ...)                                                            \
  ___core_chain(bpf_core_read_user, bpf_core_read_user, dst, sizeof(*(dst)), src, a, ##__VA_ARGS__)
#define BPF_PROBE_READ_INTO(dst, src, a, ...)                                                                \
  ___core_chain(___bpf_probe_read_kernel, ___bpf_probe_read_kernel, dst, sizeof(*(dst)), src, a,             \
                ##__VA_ARGS__)
#define BPF_PROBE_READ_USER_INTO(dst, src, a, ...)                                                           \
  ___core_chain(___bpf_probe_read_user, ___bpf_probe_read_user, dst, sizeof(*(dst)), src, a, ##__VA_ARGS__)
#define BPF_CORE_READ_STR_INTO(dst, src, a, ...)                                                             \
  ___core_chain(bpf_core_read_str, bpf_core_read, dst, sizeof(*(dst)), src, a, ##__VA_ARGS__)
#define BPF_CORE_READ_USER_STR_INTO(dst, src, a, ...)                                                        \
  ___core_chain(bpf_core_read_user_str, bpf_core_read_user, dst, sizeof(*(dst)), src, a, ##__VA_ARGS__)
#define BPF_PROBE_READ_STR_INTO(dst, src, a, ...)                                                            \
  ___core_chain(___bpf_probe_read_kernel_str, ___bpf_probe_read_kernel, dst, sizeof(*(dst)), src, a,         \
                ##__VA_ARGS__)
#define BPF_PROBE_READ_USER_STR_INTO(dst, src, a, ...)                                                       \
  ___core_chain(___bpf_probe_read_user_str, ___bpf_probe_read_user, dst, sizeof(*(dst)), src, a,             \
                ##__VA_ARGS__)

#endif
