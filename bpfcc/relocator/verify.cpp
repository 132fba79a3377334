// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs the kernel's own verifier over each finished program, so that what a kernel would refuse is an error
// at the line of C that is to blame. Maps are known by their definitions only: a verdict that depends on a
// map's fd (profiles that bind maps by symbol) is left to the kernel, as is everything where the kernel
// relocates the code again.
#include "bpfcc/relocator/judge.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <charconv>
#include <set>

namespace bpfcc {
namespace {

// The verifier knows maps by their index, C programmers by their name.
std::string with_map_names(const Image &image, std::string_view message) {
  constexpr std::string_view kMap = "map ";
  std::string out;
  for (size_t at = 0; at < message.size();) {
    size_t found = message.find(kMap, at);
    size_t end = found == std::string_view::npos ? message.size() : found + kMap.size();
    out += message.substr(at, end - at);
    at = end;
    size_t index = 0;
    auto [rest, error] = std::from_chars(message.data() + at, message.data() + message.size(), index);
    if (error != std::errc() || index >= image.maps.size())
      continue;
    out += quoted(image.maps[index].name);
    at = static_cast<size_t>(rest - message.data());
  }
  return out;
}

const Reloc *reloc_at(const Image &image, const Function &function, uint32_t slot) {
  auto first = image.relocs.begin() + function.first_reloc, last = image.relocs.begin() + function.last_reloc;
  auto found =
      std::lower_bound(first, last, slot, [](const Reloc &reloc, uint32_t at) { return reloc.insn < at; });
  return found != last && found->insn == slot ? &*found : nullptr;
}

struct Place {
  const Function *function; // null: none
  uint32_t slot;            // from the section's start
};

// Where an instruction of the program, linked with its subprograms, came from.
Place place_of(const Image &image, const Program &program, uint32_t insn) {
  auto part = std::find_if(program.parts.rbegin(), program.parts.rend(),
                           [&](const Part &candidate) { return candidate.first <= insn; });
  if (part == program.parts.rend())
    return {nullptr, 0};
  const Function &function = image.functions[part->function];
  return {&function, function.first + std::min(insn - part->first, function.count - 1)};
}

using Places = std::set<std::pair<const Function *, uint32_t>>;

// Once for each place in the source: programs share functions.
void warn_of_unwritten_read(const Image &image, const Program &program, const kbpf::UnwrittenStackRead &read,
                            Places &warned) {
  const WarningLevel level = image.options.uninitialized_stack;
  if (!read.found || level == WarningLevel::off)
    return;
  const Place place = place_of(image, program, read.insn);
  if (!place.function || !warned.emplace(place.function, place.slot).second)
    return;
  std::string message =
      read.size == 0   ? "a path that gets here has not written bytes of the stack that are read later"
      : read.size == 1 ? "a byte of the stack is read that may not have been written"
                       : concat(read.size, " bytes of the stack are read; byte ", read.first_byte,
                                " of them, counted from 0, may not have been written");
  report_at(image, level == WarningLevel::error ? Severity::error : Severity::warning,
            place.function->section, place.slot, concat(message, " [-Wbpf-uninitialized-stack]"));
}

void report_rejection(const Image &image, const Program &program, const kbpf::Rejection &rejection) {
  const Place place = place_of(image, program, rejection.insn);
  if (!place.function)
    return;
  const Function &function = *place.function;
  const uint32_t slot = place.slot;
  const Reloc *reloc = reloc_at(image, function, slot);
  std::string message = with_map_names(image, rejection.message);
  if (reloc && reloc->resolved.kind == ResolvedKind::missing_call)
    message = concat("call of the weak function ", quoted(image.symbols[reloc->symbol].name),
                     ", which nothing defines");
  if (auto poisoned = image.poisoned.find({function.section, slot}); poisoned != image.poisoned.end())
    message = poisoned->second;
  error_at(image, function.section, slot, concat(message, " [", rejection_tag(rejection), "]"));
}

} // namespace

void verify(Image &image) {
  if (!image.options.verify || image.profile().placement == kbpf::ProgramPlacement::as_written)
    return;
  const std::vector<kbpf::MapRef> maps = map_refs(image);
  FunctionTypes types(image);
  Places warned;
  for (const Program &program : image.programs) {
    const kbpf::ProgTypeInfo *type = image.profile().prog_type(program_type(image, program));
    if (program.code.empty() || !program.kept.empty() || !type)
      continue;
    Verdict verdict = judge(raw_program(image, program, *type, maps, types), {});
    if (image.options.on_verdict)
      image.options.on_verdict(image.functions[program.function].name, verdict);
    if (verdict.accepted) {
      warn_of_unwritten_read(image, program, verdict.stats.unwritten_read, warned);
      continue;
    }
    if (verdict.rejection.id)
      report_rejection(image, program, verdict.rejection);
    else
      error_at_function(image, image.functions[program.function],
                        concat("program ", quoted(image.functions[program.function].name),
                               " cannot be verified: ", kbpf::to_text(verdict.error)));
  }
}

} // namespace bpfcc
