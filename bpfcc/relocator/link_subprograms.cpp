// SPDX-License-Identifier: MIT OR Apache-2.0
// Gathers each program: its entry function first, behind it every function that it calls or takes the address
// of, directly or not, in the order in which they are met. Programs share no code, so a called function is
// copied for each.
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"

namespace bpfcc {
namespace {

// part_of[f] is the round in which function f was last added.
void gather(const Image &image, Program &program, std::vector<uint32_t> &part_of, uint32_t round) {
  auto add = [&](uint32_t function) {
    if (part_of[function] == round)
      return;
    part_of[function] = round;
    uint32_t first = program.parts.empty()
                         ? 0
                         : program.parts.back().first + image.functions[program.parts.back().function].count;
    program.parts.push_back({function, first});
  };
  add(program.function);
  for (size_t next = 0; next < program.parts.size(); next++) {
    const Function &function = image.functions[program.parts[next].function];
    for (uint32_t i = function.first_reloc; i < function.last_reloc; i++) {
      const Resolved &resolved = image.relocs[i].resolved;
      if (resolved.kind == ResolvedKind::subprog_call || resolved.kind == ResolvedKind::subprog_ref)
        add(resolved.index);
    }
  }
}

} // namespace

void link_subprograms(Image &image) {
  if (image.profile().placement == kbpf::ProgramPlacement::as_written)
    return;
  std::vector<uint32_t> part_of(image.functions.size(), 0);
  uint32_t round = 0;
  uint64_t total = 0;
  for (Program &program : image.programs) {
    gather(image, program, part_of, ++round);
    const Function &entry = image.functions[program.function];
    uint64_t count =
        program.parts.back().first + uint64_t(image.functions[program.parts.back().function].count);
    total +=
        count * sizeof(kbpf::Insn); // of refused programs too: it bounds the work that an object can ask for
    if (count > image.profile().max_insns) {
      error_at_function(image, entry,
                        concat("program ", quoted(entry.name), " has ", count,
                               " instructions with the functions that "
                               "it calls; the limit is ",
                               image.profile().max_insns));
      continue;
    }
    if (total > KBPF_MAX_OBJECT_SIZE)
      return error_in_object(image, concat("the programs and the functions that each calls have "
                                           "more than ",
                                           KBPF_MAX_OBJECT_SIZE, " bytes"));
    program.code.reserve(count);
    for (const Part &part : program.parts) {
      const Function &function = image.functions[part.function];
      for (uint32_t i = 0; i < function.count; i++)
        program.code.push_back(image.insn(function.section, function.first + i));
    }
  }
}

} // namespace bpfcc
