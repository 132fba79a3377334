// SPDX-License-Identifier: MIT OR Apache-2.0
// Walks a program path by path. At each instruction the checker decides whether it is safe in the state
// reached, the transformer gives the state after it; where paths join, a state that an earlier one contains
// ends its path. Loops are walked round by round, so that a program whose walk ends is one that ends.
#include "core/isa/encoding.h"
#include "core/verifier/call_graph.h"
#include "core/verifier/checker.h"
#include "core/verifier/cover.h"
#include "core/verifier/fixup.h"
#include "core/verifier/log.h"
#include "core/verifier/precision.h"
#include "core/verifier/transformer.h"
#include <cstring>

namespace kbpf {

class Verifier {
public:
  Verifier(const RawProgram &program, const VerifyOptions &options, Arena &scratch, Arena &result_arena,
           Rejection &rejection, VerifyStats &stats)
      : program_(program), options_(options), scratch_(scratch), result_arena_(result_arena),
        rejection_(rejection), stats_(stats), analysis_{program, {}, rejection, {}, {}}, pool_(scratch),
        snapshots_(scratch), checker_(analysis_), transformer_(analysis_, pool_),
        log_(options, program.insns),
        most_insns_(std::min(options.max_processed_insns, program.profile->max_processed_insns)) {}

  Result<VerifiedProgram> run() {
    Result<VerifiedProgram> result = verify();
    stats_.total_states = snapshots_.made() + 1;
    stats_.peak_states = snapshots_.peak() + 1;
    stats_.peak_memory = scratch_.peak();
    stats_.context_bytes = analysis_.context_bytes;
    stats_.unwritten_read = analysis_.unwritten_read;
    if (!result.ok() && rejection_.id != 0)
      name_global_function();
    if (result.ok())
      log_.success(stats_);
    else if (rejection_.id != 0)
      log_.refusal(rejection_, current_);
    return result;
  }

private:
  // That nothing is known of the arguments explains most refusals of what works at each of its calls.
  void name_global_function() {
    const uint32_t first = current_ && current_->frame_count ? current_->frames[0]->first_insn : 0;
    if (analysis_.global_functions.types.empty() || first == 0)
      return;
    const uint32_t function = analysis_.cfg.subprogram_at(first);
    const size_t used = strlen(rejection_.message);
    TextBuffer rest(rejection_.message + used, sizeof(rejection_.message) - used);
    if (analysis_.is_global(function))
      print(rest, " (global function {} is checked on its own, with any arguments)",
            function_name(program_, function));
  }

  // Copying and comparing, on average over all instructions that may be walked.
  static constexpr uint32_t kMostValuesPerInsn = 100;

  Result<VerifiedProgram> verify() {
    KBPF_TRY(check_whole());
    analysis_.cfg = KBPF_TRY(build_cfg(program_, scratch_, rejection_));
    KBPF_TRY(prepare());
    KBPF_TRY(walk());
    KBPF_TRY(walk_global_functions());
    KBPF_TRY(checker_.check_alignment());
    stats_.stack_depth = KBPF_TRY(check_call_graph(analysis_, scratch_));
    FixedProgram fixed = KBPF_TRY(fix_up(analysis_, scratch_, result_arena_));
    std::copy_n(fixed.positions.begin(), options_.positions.size(), options_.positions.begin());
    VerifiedProgram verified;
    verified.insns_ = fixed.insns;
    verified.facts_ = fixed.facts;
    verified.subprograms_ = fixed.subprograms;
    verified.profile_ = program_.profile;
    verified.stack_depth_ = stats_.stack_depth;
    return verified;
  }

  // What needs no walk.
  Result<void> check_whole() {
    if (!program_.profile->full_prototypes || !program_.type->context)
      return reject(rejection_, RejectionId::no_prototypes, 0, "programs of type {} can't be judged here",
                    program_.type->name);
    if (program_.insns.empty())
      return reject(rejection_, RejectionId::empty_program, 0, "the program has no instruction");
    if (program_.insns.size() > program_.profile->max_insns)
      return reject(rejection_, RejectionId::program_too_long, 0, "{} instructions are more than {}",
                    program_.insns.size(), program_.profile->max_insns);
    if (program_.maps.size() > UINT16_MAX)
      return reject(rejection_, RejectionId::unknown_map, 0, "{} maps are more than {}", program_.maps.size(),
                    UINT16_MAX);
    if (std::optional<EncodingFault> fault = check_encoding(program_.insns))
      return reject(rejection_, RejectionId::malformed_encoding, fault->insn, "{}", fault->reason);
    return {};
  }

  Result<void> prepare() {
    size_t count = program_.insns.size();
    analysis_.facts = scratch_.make_array<InsnFacts>(count);
    analysis_.zeroed_args = scratch_.make_array<uint8_t>(count);
    analysis_.looked_up = scratch_.make_array<LookedUpMap>(count);
    checkpoints_ = scratch_.make_array<Checkpoints>(count);
    if (!analysis_.facts.data() || !analysis_.zeroed_args.data() || !analysis_.looked_up.data() ||
        !checkpoints_.data())
      return Error::no_memory;
    current_ = pool_.make_state();
    if (!current_ || !pool_.push_frame(*current_, 0, 0))
      return Error::no_memory;
    analysis_.global_functions = KBPF_TRY(find_global_functions(program_, analysis_.cfg, scratch_));
    Value &r1 = current_->reg(1);
    r1.kind = Kind::context;
    r1.number = Scalar::constant(0);
    return {};
  }

  Result<void> walk() {
    while (current_) {
      bool ended = KBPF_TRY(step());
      if (ended)
        KBPF_TRY(end_path());
    }
    return {};
  }

  // Each global function that was called, on its own; those may call others.
  Result<void> walk_global_functions() {
    for (bool walked = true; walked;) {
      walked = false;
      for (uint32_t f = 0; f < analysis_.global_functions.types.size(); f++) {
        FunctionType &type = analysis_.global_functions.types[f];
        if (!type.is_called || type.is_walked)
          continue;
        walked = type.is_walked = true;
        current_ = pool_.make_state();
        if (!current_)
          return Error::no_memory;
        KBPF_TRY(transformer_.begin_global(*current_, f));
        jumps_since_checkpoint_ = insns_since_checkpoint_ = forks_since_checkpoint_ = 0;
        log_.note("-- from here a global function, on its own, at instruction {}\n", current_->insn);
        KBPF_TRY(walk());
      }
    }
    return {};
  }

  // One instruction of the current path. True: the path has come to its end.
  Result<bool> step() {
    State &state = *current_;
    if (analysis_.cfg.is_join[state.insn] && KBPF_TRY(is_known()))
      return true;
    if (stats_.processed_insns >= most_insns_)
      return reject(rejection_, RejectionId::too_complex, state.insn,
                    "{} instructions were walked without an end", stats_.processed_insns);
    // States with much on the stack cost more than an instruction's worth of time to copy and to compare.
    uint64_t work = snapshots_.values_packed() + compared_values_.work;
    if (work > uint64_t{kMostValuesPerInsn} * options_.max_processed_insns)
      return reject(rejection_, RejectionId::too_complex, state.insn,
                    "{} registers and stack slots were copied or compared without an end", work);
    stats_.processed_insns++;
    insns_since_checkpoint_++;
    log_.instruction(state);
    KBPF_TRY(checker_.check(state));

    const Insn &insn = analysis_.insn(state.insn);
    analysis_.facts[state.insn].reachable = true;
    if (insn.is_exit())
      return leave();
    if (insn.is_call() && insn.src() == KBPF_PSEUDO_CALL) {
      const uint32_t target = static_cast<uint32_t>(jump_target(state.insn, insn));
      if (const uint32_t function = analysis_.cfg.subprogram_at(target); analysis_.is_global(function)) {
        current_subprogram().calls_subprogram = true;
        KBPF_TRY(transformer_.call_global(state, function));
      } else {
        KBPF_TRY(enter(target));
      }
      return false;
    }
    if (insn.is_may_goto()) {
      KBPF_TRY(may_goto(insn));
      return false;
    }
    if (insn.is_jump_class() && !insn.is_call())
      return jump(insn);
    if (insn.is_call())
      KBPF_TRY(before_helper(insn));
    if (insn.is_packet_load())
      KBPF_TRY(end_without_packet());
    KBPF_TRY(transformer_.apply(state));
    if (insn.is_ld_imm64())
      analysis_.facts[++state.insn].reachable = true;
    state.insn++;
    return false;
  }

  // The paths that a helper opens by calling a function of the program, now or later, or by giving an
  // element.
  Result<void> before_helper(const Insn &insn) {
    current_subprogram().calls_helper = true;
    if (calls_back(insn, *program_.profile))
      KBPF_TRY(call_back());
    if (keeps_function(insn, *program_.profile))
      KBPF_TRY(keep_function());
    if (asks_for_next(insn, *program_.profile))
      KBPF_TRY(next_element());
    return {};
  }

  Subprogram &current_subprogram() {
    return analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(current_->insn)];
  }

  Result<bool> leave() {
    if (current_->frame_count == 1)
      return true;
    uint32_t from = current_->insn;
    transformer_.leave(*current_);
    record(*current_, from);
    return false;
  }

  Result<void> enter(uint32_t target) {
    if (current_->frame_count == KBPF_MAX_CALL_FRAMES)
      return reject(rejection_, RejectionId::call_depth, current_->insn, "more than {} frames",
                    KBPF_MAX_CALL_FRAMES);
    current_subprogram().calls_subprogram = true;
    uint32_t from = current_->insn;
    KBPF_TRY(transformer_.enter(*current_, target, from + 1));
    record(*current_, from);
    return {};
  }

  // The kernel jumps when it has gone on often enough.
  Result<void> may_goto(const Insn &insn) {
    current_subprogram().uses_may_goto = true;
    const uint32_t from = current_->insn;
    current_->iterations++;
    State *taken = pool_.copy(*current_);
    if (!taken)
      return Error::no_memory;
    taken->insn = static_cast<uint32_t>(jump_target(from, insn));
    record(*taken, from);
    current_->insn++;
    return postpone(taken);
  }

  // The helper calls a function of the program, then perhaps again; or it returns, which is where this path
  // goes.
  Result<void> call_back() {
    if (current_->frame_count == KBPF_MAX_CALL_FRAMES)
      return reject(rejection_, RejectionId::call_depth, current_->insn, "more than {} frames",
                    KBPF_MAX_CALL_FRAMES);
    current_->iterations++;
    State *round = pool_.copy(*current_);
    if (!round)
      return Error::no_memory;
    current_->frame().rounds = 0;
    if (!KBPF_TRY(transformer_.enter_callback(*round))) {
      pool_.release(round);
      return {};
    }
    record(*round, current_->insn);
    return postpone(round);
  }

  // A timer's function runs later, with nothing of what is known here.
  Result<void> keep_function() {
    State *later = pool_.make_state();
    if (!later)
      return Error::no_memory;
    later->iterations = current_->iterations;
    KBPF_TRY(transformer_.enter_timer_function(*current_, *later));
    record(*later, current_->insn);
    return postpone(later);
  }

  // The iterator has another element; or it has come to its end, which is where this path goes.
  Result<void> next_element() {
    current_->iterations++;
    State *round = pool_.copy(*current_);
    if (!round)
      return Error::no_memory;
    if (!KBPF_TRY(transformer_.next_element(*round))) {
      pool_.release(round);
      return {};
    }
    return postpone(round);
  }

  // A packet load where there is no such byte ends the function with 0.
  Result<void> end_without_packet() {
    if (current_->frame_count == 1)
      return {};
    State *ended = pool_.copy(*current_);
    if (!ended)
      return Error::no_memory;
    ended->reg(0) = Value::constant(0);
    transformer_.leave(*ended);
    record(*ended, current_->insn);
    return postpone(ended);
  }

  Result<bool> jump(const Insn &insn) {
    State &state = *current_;
    uint32_t from = state.insn, target = static_cast<uint32_t>(jump_target(from, insn));
    jumps_since_checkpoint_++;
    if (insn.code() == KBPF_JMP_JA) {
      state.insn = target;
      record(state, from);
      return false;
    }
    const Branch branch = transformer_.predict(state);
    if (!branch.may_jump || !branch.may_pass) { // that it goes one way relies on what is compared
      rely_on_linked(state, state.reg(insn.dst()));
      if (insn.src_is_reg())
        rely_on_linked(state, state.reg(insn.src()));
      state.insn = branch.may_jump ? target : from + 1;
      record(state, from);
      return false;
    }
    KBPF_TRY(keep_branch(state, true));
    return !KBPF_TRY(go(false));
  }

  // Takes one side of the conditional jump at current_, both being possible by what it compares. False:
  // numbers that are linked to those contradict it.
  Result<bool> go(bool taken) {
    State &state = *current_;
    const uint32_t from = state.insn;
    const Insn &insn = analysis_.insn(from);
    if (!transformer_.assume_jump(state, taken)) {
      rely_on_linked(state, state.reg(insn.dst()));
      if (insn.src_is_reg())
        rely_on_linked(state, state.reg(insn.src()));
      return false;
    }
    state.insn = taken ? static_cast<uint32_t>(jump_target(from, insn)) : from + 1;
    record(state, from);
    return true;
  }

  // Keeps a state for later, and gives it back to the pool.
  Result<void> postpone(State *state) {
    state->parent = current_->parent;
    Result<void> kept = keep_branch(*state, false);
    pool_.release(state);
    return kept;
  }

  Result<void> keep_branch(State &state, bool takes_jump) {
    constexpr uint32_t kMostPending = 8192;
    if (++pending_count_ > kMostPending)
      return reject(rejection_, RejectionId::too_complex, current_->insn, "{} branches wait to be walked",
                    pending_count_);
    forks_since_checkpoint_++;
    Snapshot *branch = snapshots_.pack(state, SnapshotPool::Use::branch);
    if (!branch)
      return Error::no_memory;
    branch->takes_jump = takes_jump;
    if (branch->parent)
      branch->parent->open_paths++;
    branch->next = pending_;
    pending_ = branch;
    return {};
  }

  // Notes how a path goes on, for the log.
  void record(State &state, uint32_t from) {
    if (!log_.wants_path() || state.insn == from + 1)
      return;
    constexpr uint32_t kMostSteps = 100000; // the log is a help; it may not take the walk's memory
    state.path =
        ++path_steps_ <= kMostSteps ? scratch_.make<PathStep>(state.path, from, state.insn) : nullptr;
    if (!state.path)
      log_.path_is_lost();
  }

  // Goes on with the branch that has waited for the shortest time; current_ is null where none is left.
  Result<void> end_path() {
    for (bool goes_on = false; !goes_on;) {
      close_checkpoints();
      Snapshot *branch = pending_;
      if (!branch) {
        pool_.release(current_);
        current_ = nullptr;
        return {};
      }
      pending_ = branch->next;
      pending_count_--;
      if (!snapshots_.unpack(*branch, *current_, pool_))
        return Error::no_memory;
      const bool takes_jump = branch->takes_jump;
      snapshots_.release(branch);
      goes_on = !takes_jump || KBPF_TRY(go(true));
    }
    log_.note("-- from here another path, at instruction {}\n", current_->insn);
    return {};
  }

  // Checkpoints from which every path has ended are known to be safe.
  void close_checkpoints() {
    for (Snapshot *checkpoint = current_->parent; checkpoint && --checkpoint->open_paths == 0;
         checkpoint = checkpoint->parent) {
      Checkpoints &there = checkpoints_[checkpoint->insn];
      there.open = checkpoint->next; // the deepest of the path is the newest of its place
      checkpoint->next = there.closed;
      there.closed = checkpoint;
    }
  }

  // At a place where paths join: compares the current state with those that came here before, and remembers
  // it. True: one of them covers it, and all that follows was walked.
  Result<bool> is_known() {
    simplify(*current_, analysis_.cfg);
    Checkpoints &here = checkpoints_[current_->insn];
    const bool iterates = is_iteration(analysis_.insn(current_->insn), *program_.profile);
    // A checkpoint costs memory and comparisons. In straight code it is seldom needed; in a running loop it
    // is of use only where paths have parted, which then meet here again round by round.
    const bool forked = forks_since_checkpoint_ != 0;
    bool worthwhile = iterates || (!here.open && !here.closed) || jumps_since_checkpoint_ >= 2 ||
                      insns_since_checkpoint_ >= 8;
    const uint32_t most_rounds = iterates ? 16 : 4; // that are compared
    uint32_t rounds = 0; // earlier rounds of a loop: none can vouch for what it has not finished
    for (Snapshot *old = here.open; old && rounds < most_rounds; old = old->next, rounds++) {
      if (iterates && rounds == 0)
        widen(*current_, *old);
      const bool covered = covers(*old, *current_, Coverage::everything, compared_values_);
      if (covered && iterates) { // the kernel ends such a loop; this round does what the earlier one does
        log_.note("   another round of what instruction {} begins\n", current_->insn);
        end_at(*old);
        depend_on_open(*current_, old->serial);
        return true;
      }
      if (covered && old->iterations == current_->iterations &&
          covers(*old, *current_, Coverage::same, compared_values_))
        return reject(rejection_, RejectionId::infinite_loop, current_->insn,
                      "instruction {} is reached again in the same state", current_->insn);
    }
    if (rounds != 0 && !iterates && !forked && jumps_since_checkpoint_ < 20 && insns_since_checkpoint_ < 100)
      worthwhile = false;
    // In nested loops a state is first met by those of other rounds, which it cannot cover: with 3, as in
    // Linux, it is gone when its like comes.
    constexpr uint32_t kMostMisses = 8;
    for (Snapshot **link = &here.closed; *link;) {
      Snapshot &old = **link;
      if (covers(old, *current_, Coverage::relied_on, compared_values_)) {
        old.hits++;
        end_at(old);
        log_.note("   known to be safe from instruction {} on\n", current_->insn);
        return true;
      }
      if (worthwhile && ++old.misses > kMostMisses * (old.hits + 1)) { // costs more than it saves
        *link = old.next;
        snapshots_.release(&old);
      } else {
        link = &old.next;
      }
    }
    if (worthwhile)
      KBPF_TRY(make_checkpoint());
    return false;
  }

  // `old`, just compared, covers the current state.
  void end_at(const Snapshot &old) {
    rely_like(*current_, old);
    if (!compared_values_.reads_unwritten)
      return;
    analysis_.note_unwritten_read({true, current_->insn, 0, 0});
    for (uint32_t f = 0; f < current_->frame_count; f++)
      analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(current_->frames[f]->first_insn)].zero_stack =
          true;
  }

  Result<void> make_checkpoint() {
    Snapshot *checkpoint = snapshots_.pack(*current_, SnapshotPool::Use::checkpoint);
    if (!checkpoint)
      return Error::no_memory;
    checkpoint->open_paths = 1;
    checkpoint->next = checkpoints_[current_->insn].open;
    checkpoints_[current_->insn].open = checkpoint;
    current_->parent = checkpoint;
    jumps_since_checkpoint_ = insns_since_checkpoint_ = forks_since_checkpoint_ = 0;
    return {};
  }

  const RawProgram &program_;
  const VerifyOptions &options_;
  Arena &scratch_;
  Arena &result_arena_;
  Rejection &rejection_;
  VerifyStats &stats_;
  Analysis analysis_;
  StatePool pool_;
  SnapshotPool snapshots_;
  Checker checker_;
  Transformer transformer_;
  Log log_;

  const uint32_t most_insns_; // that are walked

  State *current_ = nullptr;
  Snapshot *pending_ = nullptr; // last in, first out
  uint32_t pending_count_ = 0;
  uint32_t path_steps_ = 0;
  CoverResult compared_values_;
  struct Checkpoints { // of one instruction, each a list, the newest first
    Snapshot *open;    // ancestors of the current state
    Snapshot *closed;  // all paths from there have ended
  };
  std::span<Checkpoints> checkpoints_;
  uint32_t jumps_since_checkpoint_ = 0, insns_since_checkpoint_ = 0, forks_since_checkpoint_ = 0;
};

Result<VerifiedProgram> verify(const RawProgram &program, const VerifyOptions &options, Arena &scratch,
                               Arena &result_arena, Rejection &rejection, VerifyStats &stats) {
  rejection = {};
  stats = {};
  Arena::Mark mark = scratch.mark();
  Result<VerifiedProgram> result = Verifier(program, options, scratch, result_arena, rejection, stats).run();
  scratch.release(mark);
  return result;
}

} // namespace kbpf
