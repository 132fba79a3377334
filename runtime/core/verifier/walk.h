// SPDX-License-Identifier: MIT OR Apache-2.0
// The walk of a program, path by path. At each instruction the checker decides whether it is safe in the
// state reached, the transformer gives the state after it; where paths join, a state that an earlier one
// contains ends its path. Loops are walked round by round, so that a program whose walk ends is one that
// ends.
#pragma once
#include "core/isa/encoding.h"
#include "core/verifier/branches.h"
#include "core/verifier/call_graph.h"
#include "core/verifier/checker.h"
#include "core/verifier/cover.h"
#include "core/verifier/fixup.h"
#include "core/verifier/held.h"
#include "core/verifier/log.h"
#include "core/verifier/precision.h"
#include "core/verifier/short_way.h"
#include "core/verifier/stack_object.h"
#include <cstring>
#include <utility>

namespace kbpf {

class Verifier {
public:
  Verifier(const RawProgram &program, const VerifyOptions &options, Arena &scratch, Arena &result_arena,
           Rejection &rejection, VerifyStats &stats)
      : program_(program), options_(options), scratch_(scratch), result_arena_(result_arena),
        rejection_(rejection), stats_(stats), analysis_{.program = program, .rejection = rejection},
        pool_(scratch, program.hides_addresses), snapshots_(scratch), branches_(scratch, pool_, snapshots_),
        checker_(analysis_), transformer_(analysis_, pool_), short_way_(analysis_, checker_, transformer_),
        log_(options, program),
        most_insns_(std::min(options.max_processed_insns, program.profile->max_processed_insns)),
        is_watched_(options.walked || log_.wants_everything() || program.hides_addresses),
        most_work_(uint64_t{kMostValuesPerInsn} * options.max_processed_insns) {
    compared_values_.may_read_unwritten = !program.hides_addresses;
  }

  Result<VerifiedProgram> run();

private:
  // That nothing is known of the arguments explains most refusals of what works at each of its calls.
  void name_global_function();

  // Copying and comparing, on average over all instructions that may be walked.
  static constexpr uint32_t kMostValuesPerInsn = 100;
  Result<VerifiedProgram> verify();

  // What needs no walk.
  Result<void> check_whole();
  Result<void> prepare();

  // The entry, where the context is known and nothing else; or a global function's start.
  Result<void> begin(uint32_t function);
  Result<void> walk();

  // Each global function that was called, on its own; those may call others.
  Result<void> walk_global_functions();

  // As far as that goes. True: to where paths join.
  bool take_short_way();

  // One instruction of the current path. True: the path has come to its end.
  Result<bool> step();

  // States with much on the stack cost more than an instruction's worth of time to copy and to compare.
  Result<void> limit_work() {
    const uint64_t work = snapshots_.values_packed() + compared_values_.work;
    if (work > most_work_) [[unlikely]]
      return reject(rejection_, RejectionId::too_complex, current_->insn,
                    "{} registers and stack slots were copied or compared without an end", work);
    return {};
  }

  // What is done where a conditional jump may go both ways.
  enum class Jumps : uint8_t {
    skip, // one of them waits, as little more than a skip where that will do (skips.h)
    fork, // one of them waits
    pass, // nothing waits: a path is walked once more that has not jumped
  };

  // Does what the instruction does, which is safe. What is put off goes to branches_: at most one other way.
  // Inlined into step(), which runs for every instruction.
  Result<bool> carry_out(Jumps how);
  // The same, for those who seldom ask.
  Result<bool> go_on(Jumps how);

  // The paths that a helper opens by calling a function of the program, now or later, or by giving an
  // element.
  Result<void> before_helper(const Insn &insn);

  Subprogram &current_subprogram() {
    return analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(current_->insn)];
  }

  Result<bool> leave();
  Result<void> enter(uint32_t target);

  // Each call of a function has may_gotos of its own.
  Result<void> begin_function(State &state);

  // In the innermost frame, where it has none of the kind.
  Result<void> begin_loop(State &state, Loop::Kind kind);

  // The kernel jumps when it has gone on often enough, and then always; which is where this path goes.
  Result<void> may_goto(const Insn &insn);

  // The helper calls a function of the program, then perhaps again; or it returns, which is where this path
  // goes.
  Result<void> call_back();

  // A timer's function runs later, with nothing of what is known here.
  Result<void> keep_function();

  // The iterator has another element; or it has come to its end, which is where this path goes.
  Result<void> next_element();

  // A packet load where there is no such byte ends the function with 0.
  Result<void> end_without_packet();
  Result<bool> jump(const Insn &insn, Jumps how);

  // A map's value, straight from a lookup, is tested for null, and what that skips uses it. False: not so.
  [[gnu::noinline]] Result<bool> skip_null(const Insn &insn);
  Result<void> put_off_skip(Branches::How how, uint32_t registers);

  // The conditional jump at current_ waits. learns: what is compared has been narrowed.
  Result<void> put_off_jump(const Branch &branch, bool learns, Jumps jumps);

  // Whether the path can be walked once more from its last checkpoint, and there is room in what that counts.
  bool may_skip() const {
    constexpr uint32_t kMostSources = 62;
    return goes_straight_ && current_->parent && !options_.compares_everything &&
           current_->parent->number_count + skips_since_checkpoint_ < kMostSources;
  }

  // Takes one side of the conditional jump at current_, both being possible by what it compares. False:
  // numbers that are linked to those contradict it.
  Result<bool> go(bool taken, bool was_predicted = false);

  // Keeps a state for later; it is no longer the caller's.
  Result<void> postpone(State *state);

  static constexpr uint32_t kMostPending = 8192; // branches
  Result<void> before_branch() {
    if (branches_.count() == kMostPending) [[unlikely]]
      return too_many_branches();
    return limit_work();
  }
  [[gnu::noinline]] Error too_many_branches();

  [[gnu::always_inline]] void note_branch(const State &from) {
    if (wants_path())
      decisions_.push(scratch_, false);
    if (from.parent)
      from.parent->open_paths++;
  }

  // Goes on with the branch that has waited for the shortest time; current_ is null where none is left.
  Result<void> end_path();

  // The newest branch, whose other side has ended. False: this one has, too.
  Result<bool> go_on_at_skip(const Skip &skip);

  // The side that passes the jump at current_, where the sides meet. Error: no_memory.
  Result<State *> walk_other_side(const Skip &skip);
  bool end_at_skip();

  // Makes current_ what it was at a skip.
  Result<void> return_to(const Skip &skip);

  void note_longest_demand() { stats_.mark_read = std::max(stats_.mark_read, current_->longest_demand); }
  void note_path_end(uint32_t length, uint32_t end);

  // Checkpoints from which every path has ended are known to be safe.
  void close_checkpoints();

  // For each walk that a checkpoint saves. In nested loops a state is first met by those of other rounds,
  // which it cannot cover, and is to be there still when its like comes.
  static constexpr int32_t kMostMisses = 8, kMostMissesInLoops = 32;

  struct Checkpoints {   // of one instruction, each a list, the newest first
    Snapshot *open;      // ancestors of the current state
    Snapshot *closed;    // all paths from there have ended
    uint32_t count : 31; // in both lists
    uint32_t is_in_loop : 1;
    int32_t vain; // that might have been made, less kMostMisses for each walk that one has saved
    int32_t most_misses() const { return is_in_loop ? kMostMissesInLoops : kMostMisses; }
    // Where many have saved little, only one in four is made. In a loop that is being walked all are.
    bool leaves_out() { return ++vain > kMostMisses && !open && vain % 4 != 0; }
  };

  // At a place where paths join; kind: Cfg::is_join's. True: the path has come to its end.
  Result<bool> join(uint8_t kind);

  // Both sides of a skip, with no checkpoint where they meet.
  bool goes_on_as_one() const {
    return forks_since_checkpoint_ == 0 && skips_since_checkpoint_ < 16 && insns_since_checkpoint_ < 64;
  }

  // Compares the current state with those that came here before, and remembers it. True: one of them covers
  // it, and all that follows was walked. needs_none: no checkpoint is worthwhile.
  Result<bool> is_known(uint8_t kind, bool needs_none);

  // Compares the current state with earlier rounds of the loop that it is in, of which the last is `old`;
  // none can vouch for what it has not finished, but where the kernel ends the loop. True: one does. rounds:
  // how many were compared.
  Result<bool> is_like_round(const Snapshot *old, bool iterates, uint32_t &rounds);

  // Where paths from `old` ended in a loop that the current path is still in, that counts on as much being
  // left of it there.
  bool ends_like(const Snapshot &old) const;

  // How many times as far from each other checkpoints are where much memory is in use, so that a walk up to
  // the limit of instructions takes what a kernel has, however large the states are.
  uint32_t checkpoint_spacing() const;

  // `old`, compared last, covers the current state.
  void end_at(const Snapshot &old);
  Result<void> make_checkpoint(Checkpoints &here, const KnownSlots &slots);

  bool wants_path() const { return options_.observer || log_.wants_path(); }

  // Tells the path to the refusal at current_, where it can be told.
  void explain();

  // Walks the path of decisions_ once more. At the checkpoints that it passed the state is what it was there:
  // what is forgotten between two rounds of a loop depends on what the walk had seen elsewhere. Errors:
  // no_memory, or what the walk did not meet (a fault of the verifier).
  Result<void> retrace(Snapshot *passed, uint32_t length);

  template <typename Telling> void tell(Telling telling);

  const RawProgram &program_;
  const VerifyOptions &options_;
  Arena &scratch_;
  Arena &result_arena_;
  Rejection &rejection_;
  VerifyStats &stats_;
  Analysis analysis_;
  StatePool pool_;
  SnapshotPool snapshots_;
  Branches branches_;
  Checker checker_;
  Transformer transformer_;
  ShortWay short_way_;
  Log log_;

  const uint32_t most_insns_; // that are walked
  const bool is_watched_;     // each of them is told to somebody
  const uint64_t most_work_;  // see limit_work()

  State *current_ = nullptr;
  uint32_t walked_function_ = 0; // its index; 0: the entry
  uint32_t length_before_ = 0;   // of the path, before the instruction that is being walked
  Decisions decisions_;
  uint32_t decisions_made_ = 0; // retrace: those of the path
  const Snapshot *ended_at_ =
      nullptr; // the checkpoint that the current path ended at, all paths from there having ended
  CoverResult compared_values_;
  std::span<Checkpoints> checkpoints_;
  uint32_t jumps_since_checkpoint_ = 0, insns_since_checkpoint_ = 0, forks_since_checkpoint_ = 0,
           skips_since_checkpoint_ = 0;
  bool goes_straight_ = false; // where the path might have jumped since its last checkpoint, it has not
  bool was_joined_ = false;    // other paths may have met it since
};

} // namespace kbpf
