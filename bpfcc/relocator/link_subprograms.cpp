// SPDX-License-Identifier: MIT OR Apache-2.0
// Gathers each program: its entry function first, behind it every function that it calls or takes the address
// of, directly or not, in the order in which they are met. Programs share no code, so a called function is
// copied for each.
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include <set>

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

// Looks for a way back from a function to itself: no kernel has stack for calls without end.
class RecursionSearch {
public:
  explicit RecursionSearch(const Image &image) : image_(image), state_(image.functions.size(), State::unseen) {}

  // Each cycle is reported once, where its last call is.
  void from(uint32_t entry) {
    if (state_[entry] == State::unseen)
      enter(entry);
    while (!path_.empty()) {
      Step &step = path_.back();
      const Function &function = image_.functions[step.function];
      if (step.reloc == function.last_reloc) {
        state_[step.function] = State::done;
        path_.pop_back();
        continue;
      }
      const Resolved &resolved = image_.relocs[step.reloc++].resolved;
      if (resolved.kind != ResolvedKind::subprog_call && resolved.kind != ResolvedKind::subprog_ref)
        continue;
      if (state_[resolved.index] == State::on_path)
        report(resolved.index);
      else if (state_[resolved.index] == State::unseen)
        enter(resolved.index);
    }
  }

private:
  enum class State : uint8_t { unseen, on_path, done };
  struct Step {
    uint32_t function;
    uint32_t reloc; // the next to be looked at
  };

  void enter(uint32_t function) {
    state_[function] = State::on_path;
    path_.push_back({function, image_.functions[function].first_reloc});
  }

  std::string name(uint32_t function) const { return quoted(image_.functions[function].name); }

  void report(uint32_t first) {
    const uint32_t last = path_.back().function;
    if (!reported_.emplace(last, first).second)
      return;
    const Reloc &closing = image_.relocs[path_.back().reloc - 1];
    error_at(image_, closing.section, closing.insn,
             concat("recursion: ", name(last), " calls ", first == last ? "itself" : name(first),
                    first == last ? "" : ", which leads back here",
                    "; programs have a fixed depth of calls: make a loop of it"));
    if (first == last)
      return;
    size_t at = 0;
    while (path_[at].function != first)
      at++;
    for (size_t shown = 0; at + 1 < path_.size() && shown < kMostNotes; at++, shown++) {
      const Reloc &call = image_.relocs[path_[at].reloc - 1];
      SourceLocation where;
      if (locate_code(image_, call.section, call.insn, where))
        image_.diag.note(where, concat(name(path_[at].function), " calls ", name(path_[at + 1].function), " here"));
    }
  }

  static constexpr size_t kMostNotes = 16;
  const Image &image_;
  std::vector<State> state_;
  std::vector<Step> path_;
  std::set<std::pair<uint32_t, uint32_t>> reported_; // last and first function
};

} // namespace

void link_subprograms(Image &image) {
  if (image.profile().placement == kbpf::ProgramPlacement::as_written)
    return;
  RecursionSearch recursion(image);
  for (const Program &program : image.programs)
    recursion.from(program.function);
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
