// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/verify/report.h"
#include "bpfcc/diag.h"
#include "bpfcc/relocator/text.h"

namespace bpfcc {
namespace {

std::string number_field(std::string_view name, uint64_t value) {
  return concat(", \"", name, "\": ", value);
}

constexpr std::string_view kKinds[] = {"plain", "branch",  "call",   "callback",
                                       "timer", "element", "return", "no_packet"};

std::string step_json(const kbpf::PathStep &step, const kbpf::SourceLines *lines) {
  std::string out = concat("{\"kind\": ", json_string(kKinds[static_cast<unsigned>(step.kind)]),
                           number_field("number", step.number), number_field("insn", step.insn),
                           number_field("next", step.next), number_field("depth", step.depth),
                           ", \"taken\": ", step.taken ? "true" : "false",
                           ", \"forced\": ", step.is_forced ? "true" : "false");
  kbpf::SourceLine line;
  if (lines && lines->find(step.insn, line))
    out += concat(", \"file\": ", json_string(line.file), number_field("line", line.line));
  return out + "}";
}

// The steps that decided something; of a long path the first and the last ones, as their numbers tell.
std::string path_json(const PathTrace &path, const kbpf::SourceLines *lines) {
  std::string out = concat(number_field("path_length", path.length()), ", \"path\": [");
  const std::vector<TracedStep> steps = path.steps();
  for (const TracedStep &traced : steps)
    out += concat(&traced == &steps.front() ? "" : ", ", step_json(traced.step, lines));
  return out + "]";
}

} // namespace

void Report::add(std::string_view object, std::string_view program, const Verdict &verdict,
                 std::string_view log, const PathTrace *path, const kbpf::SourceLines *lines,
                 bool is_by_own_types) {
  is_json_ ? add_json(object, program, verdict, log, path, lines, is_by_own_types)
           : add_text(object, program, verdict, log, is_by_own_types);
}

void Report::add_text(std::string_view object, std::string_view program, const Verdict &verdict,
                      std::string_view log, bool is_by_own_types) {
  out_ += log;
  out_ += concat(object, ": ", program, ": ");
  if (verdict.accepted)
    out_ += "accepted";
  else if (verdict.rejection.id)
    out_ += concat("refused: ", rejection_tag(verdict.rejection), ": instruction ", verdict.rejection.insn,
                   ": ", verdict.rejection.message);
  else
    out_ += concat("not judged: ", kbpf::to_text(verdict.error));
  const kbpf::VerifyStats &stats = verdict.stats;
  out_ += concat(" (", stats.processed_insns, " insns processed, ", stats.total_states, " states, peak ",
                 stats.peak_states, ", ", stats.peak_memory, " bytes, stack ", stats.stack_depth,
                 ", longest path ", stats.longest_path, " insns to ", stats.longest_path_end,
                 is_by_own_types ? ", without the kernel's types)\n" : ")\n");
}

void Report::add_json(std::string_view object, std::string_view program, const Verdict &verdict,
                      std::string_view log, const PathTrace *path, const kbpf::SourceLines *lines,
                      bool is_by_own_types) {
  out_ += out_.empty() ? "[\n" : ",\n";
  out_ += concat("  {\"object\": ", json_string(object), ", \"program\": ", json_string(program),
                 ", \"accepted\": ", verdict.accepted ? "true" : "false");
  if (verdict.rejection.id)
    out_ += concat(", \"id\": ", json_string(rejection_tag(verdict.rejection).substr(0, 4)),
                   ", \"name\": ", json_string(verdict.rejection.name),
                   number_field("insn", verdict.rejection.insn),
                   ", \"message\": ", json_string(verdict.rejection.message));
  else if (!verdict.accepted)
    out_ += concat(", \"message\": ", json_string(kbpf::to_text(verdict.error)));
  const kbpf::VerifyStats &stats = verdict.stats;
  out_ += number_field("processed_insns", stats.processed_insns);
  out_ += number_field("total_states", stats.total_states);
  out_ += number_field("peak_states", stats.peak_states);
  out_ += number_field("peak_memory", stats.peak_memory);
  out_ += number_field("stack_depth", stats.stack_depth);
  out_ += number_field("longest_path", stats.longest_path);
  out_ += number_field("longest_path_end", stats.longest_path_end);
  out_ += number_field("max_states_per_insn", stats.max_states_per_insn);
  out_ += number_field("mark_read", stats.mark_read);
  if (is_by_own_types)
    out_ += ", \"without_kernel_types\": true";
  if (!log.empty())
    out_ += concat(", \"log\": ", json_string(log));
  if (path && path->length())
    out_ += path_json(*path, lines);
  out_ += "}";
}

std::string Report::finish() {
  if (is_json_)
    out_ += out_.empty() ? "[]\n" : "\n]\n";
  return std::move(out_);
}

} // namespace bpfcc
