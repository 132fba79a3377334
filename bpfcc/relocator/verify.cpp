// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs the kernel's own verifier over each finished program, so that what a kernel would refuse is an error
// at the line of C that is to blame. Maps are known by their definitions only: a verdict that depends on a
// map's fd (profiles that bind maps by symbol) is left to the kernel, as is everything where the kernel
// relocates the code again.
#include "bpfcc/relocator/judge.h"
#include "bpfcc/relocator/path_notes.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include "core/verifier/reject.h"
#include <algorithm>
#include <set>

namespace bpfcc {
namespace {

const Reloc *reloc_at(const Image &image, const Function &function, uint32_t slot) {
  auto first = image.relocs.begin() + function.first_reloc, last = image.relocs.begin() + function.last_reloc;
  auto found =
      std::lower_bound(first, last, slot, [](const Reloc &reloc, uint32_t at) { return reloc.insn < at; });
  return found != last && found->insn == slot ? &*found : nullptr;
}

using Places = std::set<std::pair<const Function *, uint32_t>>;

// Once for each place in the source: programs share functions.
void warn_of_unwritten_read(const Image &image, const Program &program, const kbpf::UnwrittenStackRead &read,
                            Places &warned) {
  const WarningLevel level = image.options.uninitialized_stack;
  if (!read.found || level == WarningLevel::off)
    return;
  const ProgramSource::Place place = ProgramSource(image, program).place(read.insn);
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

// Notes along the path, in its order; what is left out of a long one stands where it would be.
void note_path(const Image &image, const Program &program, const kbpf::Rejection &rejection,
               const PathTrace &trace) {
  for (const PathNote &note : cause_notes(image, program, rejection, trace))
    image.diag.note(note.where, note.text);
  size_t left_out = 0;
  const std::vector<PathNote> notes = path_notes(image, program, trace, image.options.path_notes, left_out);
  if (left_out && !notes.empty())
    image.diag.path_note(notes.front().where, concat(left_out, " earlier steps of the path are not shown"));
  for (const PathNote &note : notes)
    image.diag.path_note(note.where, note.text);
}

// Recursion that has become a loop.
void note_self_call(const Image &image, const Function &function, uint32_t slot,
                    const kbpf::Rejection &rejection) {
  const auto id = static_cast<kbpf::RejectionId>(rejection.id);
  if (!image.options.self_calls || image.options.self_calls->empty() ||
      (id != kbpf::RejectionId::too_complex && id != kbpf::RejectionId::infinite_loop))
    return;
  for (std::string_view name : inlined_at(image, function.section, slot))
    if (auto call = image.options.self_calls->find(std::string(name)); call != image.options.self_calls->end())
      return image.diag.note(call->second,
                             concat(quoted(name), " calls itself here: programs have no recursion, and the "
                                                  "loop that the optimiser makes of it needs a bound"));
}

void report_rejection(const Image &image, const Program &program, const kbpf::Rejection &rejection,
                      const PathTrace &trace) {
  const ProgramSource::Place place = ProgramSource(image, program).place(rejection.insn);
  if (!place.function)
    return;
  const Function &function = *place.function;
  const uint32_t slot = place.slot;
  const Reloc *reloc = reloc_at(image, function, slot);
  std::string message = source_message(image, program, rejection, trace);
  if (reloc && reloc->resolved.kind == ResolvedKind::missing_call)
    message = concat("call of the weak function ", quoted(image.symbols[reloc->symbol].name),
                     ", which nothing defines");
  if (auto poisoned = image.poisoned.find({function.section, slot}); poisoned != image.poisoned.end())
    message = poisoned->second;
  const bool is_shown = image.diag.errors() < kMaxErrors;
  error_at(image, function.section, slot, concat(message, " [", rejection_tag(rejection), "]"));
  if (!is_shown)
    return;
  note_self_call(image, function, slot, rejection);
  note_path(image, program, rejection, trace);
}

} // namespace

void verify(Image &image) {
  if (!image.options.verify || image.profile().placement == kbpf::ProgramPlacement::as_written)
    return;
  const std::vector<kbpf::MapRef> maps = map_refs(image);
  FunctionTypes types(image);
  // Of a kernel that is not known the program's own headers tell: the kernel will check by its own types.
  const std::string_view known = image.options.kernel_types ? image.options.kernel_types->bytes()
                                                            : image.options.default_kernel;
  KernelObjects kernel(known.empty() ? image.btf.bytes() : known,
                       known.empty() ? KernelObjects::Source::object : KernelObjects::Source::kernel);
  Places warned;
  for (const Program &program : image.programs) {
    const kbpf::ProgTypeInfo *type = image.profile().prog_type(program_type(image, program));
    if (program.code.empty() || !program.kept.empty() || !type)
      continue;
    const kbpf::RawProgram raw = raw_program(image, program, *type, maps, types, kernel);
    PathTrace trace(raw);
    kbpf::VerifyOptions options;
    options.observer = &trace;
    Verdict verdict = judge(raw, options);
    if (image.options.on_verdict)
      image.options.on_verdict(image.functions[program.function].name, verdict);
    if (verdict.accepted) {
      warn_of_unwritten_read(image, program, verdict.stats.unwritten_read, warned);
      continue;
    }
    if (verdict.rejection.id)
      report_rejection(image, program, verdict.rejection, trace);
    else
      error_at_function(image, image.functions[program.function],
                        concat("program ", quoted(image.functions[program.function].name),
                               " cannot be verified: ", kbpf::to_text(verdict.error)));
  }
}

} // namespace bpfcc
