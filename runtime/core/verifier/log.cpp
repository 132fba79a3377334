// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/log.h"
#include "core/isa/disassemble.h"

namespace kbpf {
namespace {

void print_range(TextSink &sink, const Scalar &number) {
  if (number.is_constant())
    return append_signed(sink, static_cast<int64_t>(number.value()));
  if (number.is_unknown())
    return sink.append("?");
  const Range64 &range = number.r64;
  if (range.smin >= 0 || range.umax > static_cast<uint64_t>(INT64_MAX))
    print(sink, "{}..{}", range.smin, range.smax);
  else
    print(sink, "{}..{}", range.umin, range.umax);
  if (number.bits.mask != ~uint64_t{0} && number.bits.mask & (number.bits.mask + 1))
    print(sink, " bits {x}/{x}", number.bits.value, number.bits.mask);
}

} // namespace

void print_value(TextSink &sink, const Value &value) {
  switch (value.kind) {
  case Kind::uninitialised:
    return sink.append("-");
  case Kind::scalar:
    return print_range(sink, value.number);
  case Kind::context:
    sink.append("ctx");
    break;
  case Kind::stack:
    print(sink, "fp{}", value.frame);
    break;
  case Kind::map_value:
    print(sink, "value(map {})", value.map);
    break;
  case Kind::map_value_or_null:
    print(sink, "value(map {}) or null", value.map);
    break;
  case Kind::map:
    return print(sink, "{}map {}", value.is_inner ? "inner map of " : "", value.map);
  case Kind::map_or_null:
    return print(sink, "inner map of map {} or null", value.map);
  case Kind::map_key:
    print(sink, "key(map {})", value.map);
    break;
  case Kind::function:
    return print(sink, "function {}", value.function);
  case Kind::object:
  case Kind::object_or_null:
  case Kind::dynptr_argument:
  case Kind::dynptr:
  case Kind::iterator:
    return sink.append(kind_name(value.kind));
  case Kind::memory:
    print(sink, "memory({} bytes)", value.size);
    break;
  case Kind::memory_or_null:
    print(sink, "memory({} bytes) or null", value.size);
    break;
  case Kind::packet:
  case Kind::packet_meta:
    print(sink, "{}+{}(range={}", value.kind == Kind::packet ? "packet" : "packet_meta", value.delta,
          value.range);
    if (value.id)
      print(sink, ",after {} to {} bytes,id={}", value.number.r64.umin, value.number.r64.umax, value.id);
    return sink.append(")");
  case Kind::packet_end:
    return sink.append("packet_end");
  case Kind::fd_slot:
    print(sink, "fd_slot(map {})", value.map);
    break;
  }
  if (value.number.is_constant(0))
    return;
  sink.append(" + ");
  print_range(sink, value.number);
}

void Log::registers(const State &state) {
  sink_->append("   ");
  for (unsigned reg = 0; reg < KBPF_REG_FP; reg++) {
    const Value &value = state.reg(reg);
    if (value.kind == Kind::uninitialised)
      continue;
    print(*sink_, " r{}=", reg);
    print_value(*sink_, value);
  }
  sink_->append("\n");
}

void Log::code_line(uint32_t insn) {
  print(*sink_, "{}: ", insn);
  disassemble(*sink_, insns_, insn);
  sink_->append("\n");
}

void Log::instruction(const State &state) {
  if (!wants_everything())
    return;
  code_line(state.insn);
  registers(state);
}

void Log::note(std::string_view format, uint32_t insn) {
  if (wants_everything())
    print(*sink_, format, insn);
}

// Straight code from first to last, both included.
void Log::code(uint32_t first, uint32_t last) {
  for (uint32_t i = first; i <= last && i < insns_.size(); i++) {
    code_line(i);
    if (insns_[i].is_ld_imm64())
      i++;
  }
}

// The path is kept backwards; the last steps matter most.
void Log::path(const State &state) {
  constexpr uint32_t kShown = 32;
  const PathStep *steps[kShown];
  uint32_t count = 0;
  const PathStep *step = state.path;
  for (; step && count < kShown; step = step->previous)
    steps[count++] = step;
  bool is_cut = step || path_is_lost_;
  if (is_cut)
    sink_->append("...\n");
  uint32_t at = !is_cut ? 0 : count ? steps[count - 1]->from : state.insn;
  while (count-- > 0) {
    code(at, steps[count]->from);
    at = steps[count]->to;
  }
  code(at, state.insn);
}

void Log::refusal(const Rejection &rejection, const State *state) {
  if (!sink_)
    return;
  if (wants_path() && !wants_everything() && state) {
    path(*state);
    registers(*state);
  }
  sink_->append("V");
  append_unsigned(*sink_, rejection.id, 10, 3);
  print(*sink_, " {}: instruction {}", rejection.name, rejection.insn);
  if (rejection.insn < insns_.size()) {
    sink_->append(" (");
    disassemble(*sink_, insns_, rejection.insn);
    sink_->append(")");
  }
  print(*sink_, ": {}\n", static_cast<const char *>(rejection.message));
}

void Log::success(const VerifyStats &stats) {
  if (level_ >= 1)
    print(*sink_, "processed {} insns, {} states, at most {} at a time, stack depth {}\n",
          stats.processed_insns, stats.total_states, stats.peak_states, stats.stack_depth);
}

} // namespace kbpf
