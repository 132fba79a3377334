// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/kernel_objects.h"
#include "core/btf/check.h"
#include <algorithm>
#include <cstdlib>
#include <string>

namespace bpfcc {
namespace {

constexpr size_t kTypesBudget = size_t(1) << 30;

bool is_traced(const kbpf::RawProgram &raw) {
  constexpr uint32_t kTracing = 26, kLsm = 29;
  return raw.type && (raw.type->number == kTracing || raw.type->number == kLsm);
}

bool is_object(kbpf_ret_type ret) {
  return ret == KBPF_RET_OBJECT || ret == KBPF_RET_OBJECT_OR_NULL || ret == KBPF_RET_ALLOCATED_OR_NULL;
}

bool takes_object(const kbpf::HelperProto &helper) {
  return std::ranges::find(helper.args, KBPF_ARG_OBJECT) != std::end(helper.args) ||
         std::ranges::any_of(helper.structures, [](std::string_view name) { return !name.empty(); });
}
bool keeps_object(const kbpf::MapRef &map) { return !map.record.empty(); }
// Nothing is read there.
uint64_t some_address(uint32_t id) { return uint64_t{0xffffffff80000000} + id * uint64_t{8}; }

// Whether its verdict depends on types of the kernel's.
bool needs_types(const kbpf::RawProgram &raw) {
  return is_traced(raw) || std::ranges::any_of(raw.maps, keeps_object) ||
         std::ranges::any_of(raw.insns, [&](const kbpf::Insn &insn) {
           if (insn.is_ld_imm64() && insn.src() == KBPF_PSEUDO_BTF_ID)
             return true;
           const kbpf::HelperProto *helper = insn.is_call() && insn.src() == 0
                                                 ? raw.profile->helper(static_cast<uint32_t>(insn.imm))
                                                 : nullptr;
           return helper && (is_object(helper->ret) || takes_object(*helper));
         });
}

} // namespace

KernelObjects::KernelObjects(std::string_view bytes, Source source)
    : bytes_(bytes), source_(source), arena_({[](void *, size_t size) { return malloc(size); },
                                              [](void *, void *block, size_t) { free(block); }, nullptr},
                                             kTypesBudget) {}

void KernelObjects::parse() {
  if (is_parsed_)
    return;
  is_parsed_ = true;
  const kbpf::Result<kbpf::Btf> parsed = kbpf::Btf::parse(std::as_bytes(std::span(bytes_)), arena_, nullptr);
  if (parsed.ok() && kbpf::check_references(*parsed, arena_, nullptr).ok())
    types_ = *parsed;
}

void KernelObjects::describe_maps(const Image &image, const FunctionTypes &types,
                                  std::span<kbpf::MapRef> maps) {
  if (!MapRecords::are_in(image))
    return;
  if (!bytes_.empty())
    parse();
  records_.describe(image, types, {types_ ? &*types_ : nullptr, source_ == Source::object}, maps);
}

void KernelObjects::describe(std::string_view section, std::string_view target, kbpf::RawProgram &raw) {
  const bool is_guess = source_ == Source::object;
  raw.follows_numbers = is_guess && is_traced(raw);
  if (bytes_.empty() || !needs_types(raw))
    return;
  parse();
  if (!types_)
    return;
  raw.kernel_btf = &*types_;
  raw.kernel_is_guess = is_guess;
  raw.variable_address = some_address;
  if (is_guess || !is_traced(raw) || target.empty())
    return;
  // As libbpf names them.
  const bool is_tracepoint = section == "tp_btf";
  const std::string_view prefix = is_tracepoint                 ? "btf_trace_"
                                  : section.starts_with("lsm")  ? "bpf_lsm_"
                                  : section.starts_with("iter") ? "bpf_iter_"
                                                                : "";
  raw.attach_btf_id = types_->find(std::string(prefix) + std::string(target),
                                   is_tracepoint ? kbpf::BtfKind::type_definition : kbpf::BtfKind::function);
}

} // namespace bpfcc
