// SPDX-License-Identifier: MIT OR Apache-2.0
// What a program of type tracing is for: a function or an event of the kernel, by its type in the kernel's
// BTF. Found when the program is loaded, since the verifier judges it by that type.
#pragma once
#include "core/btf/btf.h"
#include "kernel/kbpf.h"
#include "kernel/port.h"

namespace kbpf {

struct TracingTarget {
  static constexpr uint32_t kMaxArguments = 12, kMaxResults = 2; // words of 8 bytes

  uint32_t attach_type = 0; // KBPF_TRACE_FENTRY, ...; 0: the program is of another type
  uint32_t btf_id = 0;      // of the function, or of the typedef btf_trace_EVENT
  uint8_t arguments = 0;  // words that the arguments take: a struct of up to 16 bytes one or two, others one
  uint8_t results = 0;    // words of what the function returns
  kbpf_symbol function{}; // KBPF_TRACE_FENTRY, KBPF_TRACE_FEXIT, KBPF_MODIFY_RETURN
  kbpf_event *event = nullptr; // KBPF_TRACE_RAW_TP
};

// Errors, as in Linux: invalid (no such type, one of another kind, a function whose arguments cannot be told,
// one whose result may not be changed), not_found (no such function or event in this kernel). log, which may
// be null, gets the reason.
Result<TracingTarget> find_tracing_target(const Btf &types, uint32_t attach_type, uint32_t btf_id,
                                          TextSink *log);

// The type of the function name, or where attach_type is KBPF_TRACE_RAW_TP of the event name. 0: there is
// none.
uint32_t find_tracing_type(const Btf &types, uint32_t attach_type, std::string_view name);

// The attach type of an attach kind (abi/prog_types.def). 0: programs of that kind are of another type.
uint32_t attach_type_of(uint32_t attach_kind);

} // namespace kbpf
