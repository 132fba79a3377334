// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/profile/vocabulary.h"
#include "abi/insn.h"
#include <algorithm>
#include <array>

namespace bpfcc {
namespace {

// NAME_IN_CAPITALS in lower case, made at compile time.
template <size_t N> struct Lower {
  consteval Lower(const char (&name)[N]) {
    for (size_t i = 0; i < N; i++)
      text[i] = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
  }
  char text[N];
};
template <Lower kName> constexpr std::string_view kLower{kName.text, sizeof kName.text - 1};

#define ROW(name) {KBPF_ARG_##name, kLower<#name>},
constexpr Word<kbpf_arg_type> kArguments[] = {
    // clang-format off
    ROW(NONE) ROW(ANY_SCALAR) ROW(OPTIONAL) ROW(CTX) ROW(CTX_OR_NULL) ROW(MAP) ROW(MAP_FD) ROW(MAP_KEY)
    ROW(MAP_VALUE) ROW(MAP_VALUE_OR_NULL) ROW(MAP_VALUE_OUT) ROW(MEM_READ) ROW(MEM_READ_OR_NULL)
    ROW(MEM_WRITE) ROW(MEM_WRITE_OR_NULL) ROW(MEM_READ_WRITE) ROW(SIZE) ROW(SIZE_OR_ZERO) ROW(ALLOC_SIZE)
    ROW(U32_IN_OUT) ROW(U64_OUT) ROW(BYTES_20) ROW(BYTES_40) ROW(CONST_STR) ROW(FUNC) ROW(STACK_OR_NULL)
    ROW(SPIN_LOCK) ROW(TIMER) ROW(RECORD) ROW(DYNPTR) ROW(DYNPTR_LOCAL_OUT) ROW(DYNPTR_RINGBUF_OUT)
    ROW(DYNPTR_RINGBUF_RELEASE) ROW(ITERATOR_OUT) ROW(ITERATOR) ROW(ITERATOR_RELEASE) ROW(OBJECT)
    ROW(OBJECT_OR_NULL) ROW(DYNPTR_OR_NULL) ROW(DYNPTR_SKB_OUT) ROW(DYNPTR_XDP_OUT) ROW(DYNPTR_CLONE_OUT)
    ROW(BUFFER_OR_NULL) ROW(CONSTANT_SIZE) ROW(CONSTANT) ROW(BYTES_4_IN_OUT)
    ROW(KPTR) ROW(KPTR_VALUE) ROW(LOCAL_TYPE) ROW(ALLOCATED) ROW(COUNTED) ROW(LIST_HEAD) ROW(LIST_NODE)
    ROW(TREE_ROOT) ROW(TREE_NODE) ROW(WORK)
    // clang-format on
};
#undef ROW
#define ROW(name) {KBPF_RET_##name, kLower<#name>},
constexpr Word<kbpf_ret_type> kResults[] = {
    // clang-format off
    ROW(INTEGER) ROW(SIZED_INTEGER) ROW(VOID) ROW(MAP_VALUE) ROW(MAP_VALUE_OR_NULL) ROW(RECORD_OR_NULL)
    ROW(DYNPTR_DATA_OR_NULL) ROW(ITERATOR_ELEMENT_OR_NULL) ROW(OBJECT) ROW(OBJECT_OR_NULL)
    ROW(SLICE_OR_NULL) ROW(WRITABLE_SLICE_OR_NULL) ROW(U64) ROW(KPTR_OR_NULL)
    ROW(ALLOCATED_OR_NULL) ROW(COUNTED_OR_NULL) ROW(NODE_OR_NULL)
    // clang-format on
};
#undef ROW
#define ROW(name) {KBPF_MAP_USE_##name, kLower<#name>},
constexpr Word<uint32_t> kMapUses[] = {
    // clang-format off
    ROW(LOOKUP) ROW(MODIFY) ROW(PUSH) ROW(POP) ROW(PEEK) ROW(LOOKUP_PERCPU) ROW(FOR_EACH) ROW(TAIL_CALL)
    ROW(PERF_EVENTS) ROW(RINGBUF) ROW(USER_RINGBUF) ROW(STACK_IDS) ROW(CGROUPS) ROW(LOCAL_STORAGE)
    ROW(REDIRECT) ROW(SOCKETS) ROW(SK_STORAGE) ROW(INODE_STORAGE) ROW(TASK_STORAGE) ROW(CGRP_STORAGE)
    ROW(TIMER)
    // clang-format on
};
#undef ROW
#define ROW(name) {KBPF_HELPER_##name, kLower<#name>},
constexpr Word<uint32_t> kFlags[] = {
    // clang-format off
    ROW(GPL_ONLY) ROW(STUB) ROW(PANICS) ROW(TAKES_PACKET) ROW(CHANGES_PACKET) ROW(SLEEPS) ROW(ACQUIRES)
    ROW(RELEASES) ROW(TRUSTED_ARGS) ROW(RCU_ARGS) ROW(PERFMON) ROW(RCU_PROTECTED) ROW(UNFOLLOWED)
    // clang-format on
};
#undef ROW

using Kind = kbpf::FieldAccess::Kind;
constexpr Word<kbpf::FieldAccess> kAccesses[] = {
    {{Kind::number, true, false, false}, "read"},
    {{Kind::number, true, true, false}, "read_write"},
    {{Kind::number, true, true, true}, "read_write_pieces"},
    {{Kind::number, true, false, false, true}, "read_from_start"},
    {{Kind::number, false, false, false}, "read_whole"},
    {{Kind::number, false, true, false}, "read_write_whole"},
    {{Kind::packet, false, false, false}, "packet"},
    {{Kind::packet_end, false, false, false}, "packet_end"},
    {{Kind::packet_meta, false, false, false}, "packet_meta"},
};
constexpr Word<kbpf::SectionInfo::Extra> kExtras[] = {
    {kbpf::SectionInfo::Extra::none, "none"},
    {kbpf::SectionInfo::Extra::optional, "optional"},
    {kbpf::SectionInfo::Extra::required, "required"},
};
constexpr Feature kFeatures[] = {
    {"global_data", &kbpf::Profile::global_data},
    {"subprograms", &kbpf::Profile::subprograms},
    {"atomics", &kbpf::Profile::atomics},
    {"tail_calls", &kbpf::Profile::tail_calls},
    {"packet_loads", &kbpf::Profile::packet_loads},
    {"may_goto", &kbpf::Profile::may_goto},
    {"ordered_accesses", &kbpf::Profile::ordered_accesses},
};
constexpr Limit kLimits[] = {
    {"insns", &kbpf::Profile::max_insns, 1, KBPF_MAX_INSNS},
    {"processed_insns", &kbpf::Profile::max_processed_insns, 1, KBPF_MAX_PROCESSED_INSNS},
    {"stack", &kbpf::Profile::stack_size, 8, KBPF_STACK_SIZE},
};

} // namespace

std::span<const Word<kbpf_arg_type>> argument_words() { return kArguments; }
std::span<const Word<kbpf_ret_type>> result_words() { return kResults; }
std::span<const Word<uint32_t>> map_use_words() { return kMapUses; }
std::span<const Word<uint32_t>> helper_flag_words() { return kFlags; }
std::span<const Word<kbpf::FieldAccess>> access_words() { return kAccesses; }
std::span<const Word<kbpf::SectionInfo::Extra>> extra_words() { return kExtras; }
std::span<const Feature> feature_words() { return kFeatures; }
std::span<const Limit> limit_words() { return kLimits; }

} // namespace bpfcc
