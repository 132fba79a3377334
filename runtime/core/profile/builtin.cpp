// SPDX-License-Identifier: MIT OR Apache-2.0
// The three built-in profiles, generated from the tables of runtime/abi. Adding a row there is all that it
// takes to extend one; order (ascending numbers, fields by offset) is asserted at compile time.
#include "abi/insn.h"
#include "core/profile/digest.h"
#include "core/profile/kernel_function.h"
#include "core/profile/profile.h"
#include <algorithm>
#include <array>

namespace kbpf {
namespace {

// The words that the tables use for program types: their numbers, and as a set of bits.
namespace prog_type_number {
#define KBPF_PROG_TYPE(number, name, NAME, context, since, text) constexpr uint32_t NAME = number;
#define KBPF_SECTION(prefix, type, kind, extra, since)
#define KBPF_ATTACH_KIND(number, name, text, type, since)
#include "abi/prog_types.def"
#undef KBPF_PROG_TYPE
#undef KBPF_SECTION
#undef KBPF_ATTACH_KIND
} // namespace prog_type_number

// What a helper does with its map.
struct MapUse {
  std::string_view helper;
  uint32_t use;
};
constexpr MapUse kMapUses[] = {
#define KBPF_MAP_USE(helper, use) {#helper, KBPF_MAP_USE_##use},
#include "abi/map_uses.def"
#undef KBPF_MAP_USE
};
constexpr uint32_t map_use_of(std::string_view helper) {
  for (const MapUse &entry : kMapUses)
    if (entry.helper == helper)
      return entry.use;
  return 0;
}

// The words that the tables use for who may call a helper, and for what else is said of one.
namespace prog_type_bit {
constexpr uint64_t ANY = ~uint64_t{0};
#define KBPF_LINUX_PROG_TYPE(number, name, context)                                                          \
  [[maybe_unused]] constexpr uint64_t name = uint64_t{1} << number;
#include "abi/linux.def"
#define KBPF_LINUX_GROUP(name, types) constexpr uint64_t name = types;
#include "abi/linux.def"
constexpr uint32_t GPL_ONLY = KBPF_HELPER_GPL_ONLY, STUB = KBPF_HELPER_STUB, ENGINE = KBPF_HELPER_ENGINE,
                   PANICS = KBPF_HELPER_PANICS, TAKES_PACKET = KBPF_HELPER_TAKES_PACKET,
                   CHANGES_PACKET = KBPF_HELPER_CHANGES_PACKET, SLEEPS = KBPF_HELPER_SLEEPS,
                   ACQUIRES = KBPF_HELPER_ACQUIRES, RELEASES = KBPF_HELPER_RELEASES,
                   TRUSTED_ARGS = KBPF_HELPER_TRUSTED_ARGS, PERFMON = KBPF_HELPER_PERFMON;

using namespace kernel_function_flag;
consteval HelperProto kernel_function(uint32_t number, std::string_view name, uint64_t types, uint32_t flags,
                                      std::string_view prototype) {
  return KernelFunctionReader(number, name, types, flags, prototype).read();
}

#define KBPF_HELPER(number, name, ret, a1, a2, a3, a4, a5, types, flags, since, prototype, text)             \
  {number,                                                                                                   \
   #name,                                                                                                    \
   "bpf_" #name,                                                                                             \
   KBPF_RET_##ret,                                                                                           \
   {KBPF_ARG_##a1, KBPF_ARG_##a2, KBPF_ARG_##a3, KBPF_ARG_##a4, KBPF_ARG_##a5},                              \
   types,                                                                                                    \
   flags,                                                                                                    \
   map_use_of(#name),                                                                                        \
   since,                                                                                                    \
   prototype,                                                                                                \
   text},
#define KBPF_LINUX_HELPER(number, name, ret, a1, a2, a3, a4, a5, types, flags)                               \
  {number,                                                                                                   \
   #name,                                                                                                    \
   "bpf_" #name,                                                                                             \
   KBPF_RET_##ret,                                                                                           \
   {KBPF_ARG_##a1, KBPF_ARG_##a2, KBPF_ARG_##a3, KBPF_ARG_##a4, KBPF_ARG_##a5},                              \
   types,                                                                                                    \
   flags,                                                                                                    \
   map_use_of(#name),                                                                                        \
   1,                                                                                                        \
   "",                                                                                                       \
   ""},
#define KBPF_UNFOLLOWED_FUNCTION(number, name, what)                                                         \
  {number, #name, "bpf_" #name, KBPF_RET_VOID, {}, ANY, KBPF_HELPER_UNFOLLOWED, 0, 1, "", what},
#define KBPF_KERNEL_FUNCTION(number, name, types, flags, prototype)                                          \
  kernel_function(number, "bpf_" #name, types, flags, prototype),
constexpr HelperProto kLinuxHelpers[] = {
#include "abi/linux.def"
// Behind them, by their numbers.
#include "abi/kfuncs.def"
#include "abi/linux_kfuncs.def"
};

constexpr HelperProto kOwnHelpers[] = {
#include "abi/helpers.def"
#include "abi/kfuncs.def"
};
constexpr HelperProto kZcoreHelpers[] = {
#include "abi/helpers_zcore.def"
};
#undef KBPF_HELPER

// What Linux has too takes what Linux's does, and may be called by whom Linux lets.
constexpr auto as_in_linux(const HelperProto (&own)[std::size(kOwnHelpers)]) {
  std::array<HelperProto, std::size(kOwnHelpers)> helpers{};
  for (size_t i = 0; i < helpers.size(); i++) {
    helpers[i] = own[i];
    const auto *theirs = std::ranges::find(kLinuxHelpers, own[i].number, &HelperProto::number);
    if (theirs == std::end(kLinuxHelpers))
      continue;
    helpers[i].ret = theirs->ret;
    std::copy(std::begin(theirs->args), std::end(theirs->args), helpers[i].args);
    helpers[i].prog_types = theirs->prog_types;
    helpers[i].flags = theirs->flags;
  }
  return helpers;
}
constexpr auto kKbpfHelpers = as_in_linux(kOwnHelpers);
} // namespace prog_type_bit
using prog_type_bit::kKbpfHelpers;
using prog_type_bit::kZcoreHelpers;

namespace map_use {
constexpr uint32_t LOOKUP = KBPF_MAP_USE_LOOKUP, MODIFY = KBPF_MAP_USE_MODIFY, PUSH = KBPF_MAP_USE_PUSH,
                   POP = KBPF_MAP_USE_POP, PEEK = KBPF_MAP_USE_PEEK,
                   LOOKUP_PERCPU = KBPF_MAP_USE_LOOKUP_PERCPU, FOR_EACH = KBPF_MAP_USE_FOR_EACH,
                   TAIL_CALL = KBPF_MAP_USE_TAIL_CALL, PERF_EVENTS = KBPF_MAP_USE_PERF_EVENTS,
                   RINGBUF = KBPF_MAP_USE_RINGBUF, USER_RINGBUF = KBPF_MAP_USE_USER_RINGBUF,
                   STACK_IDS = KBPF_MAP_USE_STACK_IDS, CGROUPS = KBPF_MAP_USE_CGROUPS,
                   LOCAL_STORAGE = KBPF_MAP_USE_LOCAL_STORAGE, REDIRECT = KBPF_MAP_USE_REDIRECT,
                   SOCKETS = KBPF_MAP_USE_SOCKETS, SK_STORAGE = KBPF_MAP_USE_SK_STORAGE,
                   INODE_STORAGE = KBPF_MAP_USE_INODE_STORAGE, TASK_STORAGE = KBPF_MAP_USE_TASK_STORAGE,
                   CGRP_STORAGE = KBPF_MAP_USE_CGRP_STORAGE, TIMER = KBPF_MAP_USE_TIMER;
#define KBPF_LINUX_MAP_TYPE(number, name, uses) {number, #name, uses, 1, ""},
constexpr MapTypeInfo kLinuxMapTypes[] = {
#include "abi/linux.def"
};
constexpr MapTypeInfo kKernelMapTypes[] = {
#define KBPF_MAP_TYPE(number, name, NAME, uses, since, text) {number, #name, uses, since, text},
#include "abi/map_types.def"
#undef KBPF_MAP_TYPE
};
} // namespace map_use
using map_use::kKernelMapTypes; // of both profiles that this kernel runs

// Context layouts.
constexpr FieldAccess READ = {.readable_in_pieces = true};
constexpr FieldAccess READ_WRITE = {.readable_in_pieces = true, .writable = true};
constexpr FieldAccess READ_WRITE_PIECES = {
    .readable_in_pieces = true, .writable = true, .writable_in_pieces = true};
constexpr FieldAccess READ_FROM_START = {.readable_in_pieces = true, .pieces_begin_it = true};
constexpr FieldAccess READ_WHOLE = {};
constexpr FieldAccess READ_WRITE_WHOLE = {.writable = true};
constexpr FieldAccess PACKET = {.kind = FieldAccess::Kind::packet};
constexpr FieldAccess PACKET_END = {.kind = FieldAccess::Kind::packet_end};
constexpr FieldAccess PACKET_META = {.kind = FieldAccess::Kind::packet_meta};
#define KBPF_CONTEXT(name, bytes) constexpr ContextField k_##name##_fields[] = {
#define KBPF_FIELD(context, name, offset, bytes, access) {#name, offset, bytes, access},
#define KBPF_CONTEXT_END(name)                                                                               \
  }                                                                                                          \
  ;
#include "abi/contexts.def"
#undef KBPF_CONTEXT
#undef KBPF_FIELD
#undef KBPF_CONTEXT_END
#define KBPF_CONTEXT(name, bytes)                                                                            \
  constexpr ContextInfo k_##name##_context = {#name, bytes, k_##name##_fields};
#define KBPF_FIELD(context, name, offset, bytes, access)
#define KBPF_CONTEXT_END(name)
#include "abi/contexts.def"
#undef KBPF_CONTEXT
#undef KBPF_FIELD
#undef KBPF_CONTEXT_END

#define KBPF_SECTION(prefix, type, kind, extra, since)
#define KBPF_ATTACH_KIND(number, name, text, type, since)
#define KBPF_PROG_TYPE(number, name, NAME, context, since, text)                                             \
  {number, #name, &k_##context##_context, since, text},
constexpr ProgTypeInfo kKbpfProgTypes[] = {
#include "abi/prog_types.def"
};
#undef KBPF_PROG_TYPE
constexpr ProgTypeInfo zcore_type(ProgTypeInfo type) {
  type.context = &k_zcore_probe_context;
  return type;
}
// Probes are all that those kernels have.
constexpr ProgTypeInfo kZcoreProgTypes[] = {
    zcore_type(*std::ranges::find(kKbpfProgTypes, prog_type_number::KPROBE, &ProgTypeInfo::number))};
#undef KBPF_SECTION
#undef KBPF_ATTACH_KIND

namespace attach_kind_number {
#define KBPF_PROG_TYPE(number, name, NAME, context, since, text)
#define KBPF_SECTION(prefix, type, kind, extra, since)
#define KBPF_ATTACH_KIND(number, name, text, type, since) constexpr uint32_t name = number;
#include "abi/prog_types.def"
#undef KBPF_ATTACH_KIND
#undef KBPF_SECTION
#undef KBPF_PROG_TYPE
constexpr uint32_t none = KBPF_NO_ATTACH;
} // namespace attach_kind_number

constexpr SectionInfo::Extra NONE = SectionInfo::Extra::none;
constexpr SectionInfo::Extra OPTIONAL = SectionInfo::Extra::optional;
[[maybe_unused]] constexpr SectionInfo::Extra REQUIRED = SectionInfo::Extra::required;

#define KBPF_PROG_TYPE(number, name, NAME, context, since, text)
#define KBPF_SECTION(prefix, type, kind, extra, since)
#define KBPF_ATTACH_KIND(number, name, text, type, since) {number, text, prog_type_number::type, since},
constexpr AttachKindInfo kAttachKinds[] = {
#include "abi/prog_types.def"
};
#undef KBPF_SECTION
#undef KBPF_ATTACH_KIND
#define KBPF_ATTACH_KIND(number, name, text, type, since)
#define KBPF_SECTION(prefix, type, kind, extra, since)                                                       \
  {prefix, prog_type_number::type, attach_kind_number::kind, extra, since},
constexpr SectionInfo kSections[] = {
#include "abi/prog_types.def"
};
#undef KBPF_PROG_TYPE
#undef KBPF_SECTION
#undef KBPF_ATTACH_KIND

// The first rows of a table, those of probes.
template <typename T, size_t N> constexpr std::span<const T> of_probes(const T (&rows)[N]) {
  size_t count = 0;
  while (count < N && rows[count].prog_type == prog_type_number::KPROBE)
    count++;
  return {rows, count};
}

// The linux profile.
namespace linux_profile {
constexpr const ContextInfo *k_none_context = nullptr;
constexpr const ContextInfo *context_of(const ContextInfo &context) { return &context; }
constexpr const ContextInfo *context_of(const ContextInfo *none) { return none; }
#define KBPF_LINUX_PROG_TYPE(number, name, context) {number, #name, context_of(k_##context##_context), 1, ""},
constexpr ProgTypeInfo kProgTypes[] = {
#include "abi/linux.def"
};
#define KBPF_LINUX_PROG_TYPE(number, name, context) constexpr uint32_t name = number;
#include "abi/linux.def"
#define KBPF_LINUX_SECTION(prefix, type, extra) {prefix, type, KBPF_NO_ATTACH, extra, 1},
constexpr SectionInfo kSections[] = {
#include "abi/linux.def"
};
constexpr SocketKind SOCKET = SocketKind::full, SOCKET_COMMON = SocketKind::common;
constexpr bool NEVER = false, MAYBE = true;
#define KBPF_LINUX_SOCKET_FIELD(type, offset, kind, null) {type, offset, kind, null},
constexpr SocketField kSocketFields[] = {
#include "abi/linux.def"
};
} // namespace linux_profile

constexpr ConfigValue kConfig[] = {
#define KBPF_CONFIG(name, value, text) {#name, value},
#include "abi/config.def"
#undef KBPF_CONFIG
};

constexpr bool ascending(std::span<const HelperProto> helpers) {
  for (size_t i = 1; i < helpers.size(); i++)
    if (helpers[i - 1].number >= helpers[i].number)
      return false;
  return true;
}
constexpr bool ascending(std::span<const ContextField> fields) {
  for (size_t i = 1; i < fields.size(); i++)
    if (fields[i - 1].offset + fields[i - 1].size > fields[i].offset)
      return false;
  return true;
}
static_assert(ascending(kKbpfHelpers) && ascending(kZcoreHelpers) && ascending(prog_type_bit::kLinuxHelpers));
#define KBPF_CONTEXT(name, bytes) static_assert(ascending(k_##name##_fields));
#define KBPF_FIELD(context, name, offset, bytes, access)
#define KBPF_CONTEXT_END(name)
#include "abi/contexts.def"
#undef KBPF_CONTEXT
#undef KBPF_FIELD
#undef KBPF_CONTEXT_END

constexpr Profile with_digest(Profile profile) {
  profile.tables_digest = digest(profile);
  return profile;
}

} // namespace

const SocketField *linux_socket_field(uint32_t prog_type, uint64_t offset) {
  for (const SocketField &field : linux_profile::kSocketFields)
    if (field.prog_type == prog_type && field.offset == offset)
      return &field;
  return nullptr;
}

const ContextInfo &socket_layout(SocketKind kind) {
  return kind == SocketKind::full     ? k_socket_context
         : kind == SocketKind::common ? k_socket_common_context
                                      : k_tcp_socket_context;
}

constexpr Profile kKbpfProfile = with_digest({
    .number = KBPF_PROFILE_KBPF,
    .name = "kbpf",
    .map_encoding = MapEncoding::pseudo_map_idx,
    .placement = ProgramPlacement::own_section,
    .global_data = true,
    .subprograms = true,
    .atomics = true,
    .tail_calls = true,
    .packet_loads = true,
    .may_goto = true,
    .ordered_accesses = true,
    .full_prototypes = true,
    .helpers = kKbpfHelpers,
    .map_types = kKernelMapTypes,
    .prog_types = kKbpfProgTypes,
    .attach_kinds = kAttachKinds,
    .sections = kSections,
    .config = kConfig,
    .map_header = nullptr,
    .max_insns = KBPF_MAX_INSNS,
    .max_processed_insns = KBPF_MAX_PROCESSED_INSNS,
    .stack_size = KBPF_STACK_SIZE,
    .tables_digest = 0,
});

constexpr Profile kZcoreProfile = with_digest({
    .number = KBPF_PROFILE_ZCORE,
    .name = "zcore",
    .map_encoding = MapEncoding::undefined_symbol,
    .placement = ProgramPlacement::text_only,
    .global_data = false,
    .subprograms = false,
    .atomics = false,
    .tail_calls = false,
    .packet_loads = false,
    .may_goto = false,
    .ordered_accesses = false,
    .full_prototypes = true,
    .helpers = kZcoreHelpers,
    .map_types = kKernelMapTypes,
    .prog_types = kZcoreProgTypes,
    .attach_kinds = of_probes(kAttachKinds),
    .sections = of_probes(kSections),
    .config = {},
    .map_header = nullptr,
    .max_insns = KBPF_MAX_INSNS,
    .max_processed_insns = KBPF_MAX_PROCESSED_INSNS,
    .stack_size = KBPF_STACK_SIZE,
    .tables_digest = 0,
});

constexpr Profile kLinuxProfile = with_digest({
    .number = KBPF_PROFILE_LINUX,
    .name = "linux",
    .map_encoding = MapEncoding::libbpf,
    .placement = ProgramPlacement::as_written,
    .global_data = true,
    .subprograms = true,
    .atomics = true,
    .tail_calls = true,
    .packet_loads = true,
    .may_goto = true,
    .ordered_accesses = true,
    .full_prototypes = true,
    .helpers = prog_type_bit::kLinuxHelpers,
    .map_types = map_use::kLinuxMapTypes,
    .prog_types = linux_profile::kProgTypes,
    .attach_kinds = {},
    .sections = linux_profile::kSections,
    .config = {},
    .map_header = &k_map_header_context,
    .max_insns = KBPF_MAX_INSNS,
    .max_processed_insns = KBPF_MAX_PROCESSED_INSNS,
    .stack_size = KBPF_STACK_SIZE,
    .tables_digest = 0,
});

} // namespace kbpf
