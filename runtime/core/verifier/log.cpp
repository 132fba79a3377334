// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/log.h"
#include "core/isa/disassemble.h"
#include "core/verifier/object_types.h"
#include <cstring>

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

const char *trust_name(uint16_t bits) {
  return bits & trust::kUntrusted ? "untrusted "
         : bits & trust::kUser    ? "user "
         : bits & trust::kPerCpu  ? "per-CPU "
         : bits & trust::kRcu     ? "RCU "
         : bits & trust::kTrusted ? "trusted "
                                  : "";
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
  case Kind::btf_object:
  case Kind::btf_object_or_null:
    print(sink, "{}object(type {}){}", trust_name(value.trust), value.type_id,
          value.kind == Kind::btf_object ? "" : " or null");
    break;
  case Kind::allocated:
  case Kind::allocated_or_null:
    print(sink, "{}allocated(type {}){}", trust_name(value.trust), value.type_id,
          value.kind == Kind::allocated ? "" : " or null");
    break;
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

void Log::value_of(const State &state, unsigned reg) {
  print(*sink_, "r{}=", reg);
  print_value(*sink_, state.reg(reg));
}

// What a branch compares: the register, or its lower half.
void Log::operand(const State &state, const Insn &insn, unsigned reg) {
  const Value &value = state.reg(reg);
  if (insn.cls() != KBPF_CLASS_JMP32 || !value.is_scalar())
    return value_of(state, reg);
  print(*sink_, "w{}=", reg);
  print_value(*sink_, Value::scalar(zero_extend(value.number, 32)));
}

void Log::registers(const State &state) {
  const char *separator = "    ";
  for (unsigned reg = 0; reg < KBPF_REG_FP; reg++) {
    if (state.reg(reg).kind == Kind::uninitialised)
      continue;
    sink_->append(separator);
    separator = " ";
    value_of(state, reg);
  }
  sink_->append(*separator && separator[1] ? "    no register holds anything\n" : "\n");
}

// What is known of the innermost frame, by offsets from r10.
void Log::stack(const State &state) {
  const Frame &frame = state.frame();
  bool is_empty = true;
  for (uint32_t s = 0; s < frame.slot_count; s++) {
    const StackSlot &slot = frame.slots[s];
    uint64_t bytes;
    memcpy(&bytes, slot.bytes, sizeof bytes);
    if (bytes == 0)
      continue;
    print(*sink_, "{}fp-{}=", is_empty ? "    " : " ", 8 * (s + 1));
    is_empty = false;
    if (slot.bytes[0] >= ByteKind::spill) {
      print_value(*sink_, slot.spilled);
      continue;
    }
    constexpr char kLetters[] = {'-', 'm', '0', 's', 'o'};
    for (unsigned byte = 8; byte-- > 0;)
      sink_->append({&kLetters[static_cast<unsigned>(slot.bytes[byte])], 1});
  }
  if (!is_empty)
    sink_->append("\n");
}

// With the line of C before it, where that is another than before. No line end.
void Log::code_line(uint32_t insn) {
  SourceLine line;
  if (options_.lines && options_.lines->find(insn, line) && line != line_) {
    line_ = line;
    print(*sink_, "; {} @ {}:{}\n", line.text, line.file, line.line);
  }
  print(*sink_, "{}: ", insn);
  disassemble(*sink_, insns_, insn);
}

void Log::walked(const State &state) {
  if (!wants_everything())
    return;
  code_line(state.insn);
  sink_->append("\n");
  registers(state);
}

void Log::begin(uint32_t length) {
  path_length_ = length;
  print(*sink_, "the path to the refusal, of {} instructions:\n", length);
}

void Log::instruction(const State &state) {
  const uint32_t number = state.path_length;
  if (!is_shown(number)) {
    if (number == kShownFirst)
      print(*sink_, "... {} instructions ...\n", path_length_ - kShownFirst - kShownLast);
    return;
  }
  code_line(state.insn);
  if (number + 1 < path_length_)
    return;
  sink_->append("\n");
  registers(state);
  stack(state);
}

void Log::step(const PathStep &step, const State &state) {
  if (!is_shown(step.number))
    return;
  const Insn &insn = insns_[step.insn];
  using Kind = PathStep::Kind;
  switch (step.kind) {
  case Kind::plain:
    break;
  case Kind::branch:
    print(*sink_, "    ; {}taken{}", step.taken ? "" : "not ", step.is_forced ? ", as always here" : "");
    if (insn.is_may_goto())
      break;
    sink_->append(": ");
    operand(state, insn, insn.dst());
    if (insn.src_is_reg()) {
      sink_->append(" ");
      operand(state, insn, insn.src());
    }
    break;
  case Kind::call:
    print(*sink_, "    ; into the function at {}, frame {}", step.next, state.frame_count - 1);
    break;
  case Kind::callback:
    if (step.taken)
      print(*sink_, "    ; the helper calls the function at {}, frame {}", step.next, state.frame_count - 1);
    else
      sink_->append("    ; the helper is done");
    break;
  case Kind::timer:
    print(*sink_, "    ; later, the timer's function at {}", step.next);
    break;
  case Kind::element:
    sink_->append(step.taken ? "    ; another element" : "    ; no more element");
    break;
  case Kind::no_packet:
    print(*sink_, "    ; no such byte: back to {}", step.next);
    break;
  case Kind::leave:
    print(*sink_, "    ; back to {}, frame {}: ", step.next, state.frame_count - 1);
    value_of(state, 0);
  }
  sink_->append("\n");
}

void Log::path_was_told(bool to_its_end) {
  if (wants_path() && !to_its_end)
    sink_->append("\n... the rest of the path can't be told: no memory\n");
}

void Log::refusal(const Rejection &rejection) {
  if (!sink_)
    return;
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

void Log::statistics(const VerifyStats &stats, uint32_t limit, std::span<const Subprogram> subprograms,
                     uint64_t start) {
  if (!sink_ || (level_ == 0 && !options_.log_stats))
    return;
  if (options_.log_stats) {
    if (options_.time_ns)
      print(*sink_, "verification time {} usec\n", (options_.time_ns() - start) / 1000);
    sink_->append("stack depth ");
    for (const Subprogram &subprogram : subprograms)
      print(*sink_, "{}{}", &subprogram == subprograms.data() ? "" : "+", subprogram.stack_depth);
    sink_->append("\n");
  }
  print(*sink_,
        "processed {} insns (limit {}) max_states_per_insn {} total_states {} peak_states {} mark_read {}\n",
        stats.processed_insns, limit, stats.max_states_per_insn, stats.total_states, stats.peak_states,
        stats.mark_read);
}

} // namespace kbpf
