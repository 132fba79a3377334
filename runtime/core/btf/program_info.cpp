// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/btf/program_info.h"
#include <algorithm>

namespace kbpf {
namespace {

template <typename... Args> Error refuse(TextSink *log, std::string_view format, const Args &...args) {
  if (log)
    print(*log, format, args...);
  return Error::invalid;
}

// Marks where subprograms begin, and counts them. Targets outside of the program are the verifier's to
// refuse.
uint32_t mark_subprograms(std::span<const Insn> insns, std::span<bool> begins) {
  uint32_t count = 1;
  begins[0] = true;
  for (size_t i = 0; i < insns.size(); i++) {
    bool calls = insns[i].is_call() && insns[i].src() == KBPF_PSEUDO_CALL;
    bool names = insns[i].is_ld_imm64() && insns[i].src() == KBPF_PSEUDO_FUNC;
    int64_t target = static_cast<int64_t>(i) + insns[i].imm + 1;
    if ((calls || names) && target >= 0 && target < static_cast<int64_t>(insns.size()) && !begins[target]) {
      begins[target] = true;
      count++;
    }
    if (insns[i].is_ld_imm64())
      i++; // the second slot
  }
  return count;
}

Result<void> check_functions(const Btf &btf, std::span<const kbpf_func_info> functions,
                             std::span<const bool> begins, uint32_t subprograms, TextSink *log) {
  if (functions.size() != subprograms)
    return refuse(log, "number of funcs in func_info doesn't match number of subprogs\n");
  uint32_t previous = 0;
  for (size_t i = 0; i < functions.size(); i++) {
    const kbpf_func_info &function = functions[i];
    if (i == 0 && function.insn_off)
      return refuse(log, "nonzero insn_off {} for the first func info record\n", function.insn_off);
    if (i && function.insn_off <= previous)
      return refuse(log, "same or smaller insn offset ({}) than previous func info record ({})\n",
                    function.insn_off, previous);
    if (!btf.type(function.type_id).is(BtfKind::function))
      return refuse(log, "invalid type id {} in func info\n", function.type_id);
    if (function.insn_off >= begins.size() || !begins[function.insn_off])
      return refuse(log, "func_info BTF section doesn't match subprog layout in BPF program\n");
    previous = function.insn_off;
  }
  return {};
}

Result<void> check_lines(const Btf &btf, std::span<const kbpf_line_info> lines, std::span<const Insn> insns,
                         std::span<const bool> begins, uint32_t subprograms, TextSink *log) {
  uint32_t previous = 0, covered = 0;
  for (size_t i = 0; i < lines.size(); i++) {
    const kbpf_line_info &line = lines[i];
    if ((i && line.insn_off <= previous) || line.insn_off >= insns.size())
      return refuse(log, "Invalid line_info[{}].insn_off:{} (prev_offset:{} prog->len:{})\n", i,
                    line.insn_off, previous, insns.size());
    if (!insns[line.insn_off].opcode)
      return refuse(log, "Invalid insn code at line_info[{}].insn_off\n", i);
    if (!btf.has_string(line.line_off) || !btf.has_string(line.file_name_off))
      return refuse(log, "Invalid line_info[{}].line_off or .file_name_off\n", i);
    covered += begins[line.insn_off];
    previous = line.insn_off;
  }
  if (covered != subprograms)
    return refuse(log, "missing bpf_line_info for {} funcs\n", subprograms - covered);
  return {};
}

} // namespace

Result<void> check_program_info(const Btf &btf, const ProgramInfo &info, std::span<const Insn> insns,
                                Arena &scratch, TextSink *log) {
  if (info.functions.empty() && info.lines.empty())
    return {};
  Arena::Mark mark = scratch.mark();
  std::span<bool> begins = scratch.make_array<bool>(insns.size());
  if (!begins.data())
    return Error::no_memory;
  uint32_t subprograms = mark_subprograms(insns, begins);
  Result<void> result;
  if (!info.functions.empty())
    result = check_functions(btf, info.functions, begins, subprograms, log);
  if (result.ok() && !info.lines.empty())
    result = check_lines(btf, info.lines, insns, begins, subprograms, log);
  scratch.release(mark);
  return result;
}

const kbpf_line_info *line_at(const ProgramInfo &info, uint32_t insn) {
  auto behind = std::upper_bound(info.lines.begin(), info.lines.end(), insn,
                                 [](uint32_t at, const kbpf_line_info &line) { return at < line.insn_off; });
  return behind == info.lines.begin() ? nullptr : &behind[-1];
}

} // namespace kbpf
