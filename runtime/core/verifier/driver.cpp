// SPDX-License-Identifier: MIT OR Apache-2.0
// Walks a program path by path. At each instruction the checker decides whether it is safe in the state
// reached, the transformer gives the state after it; where paths join, a state that an earlier one contains
// ends its path. Loops are walked round by round, so that a program whose walk ends is one that ends.
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

  Result<VerifiedProgram> run() {
    const uint64_t start = options_.time_ns ? options_.time_ns() : 0;
    Result<VerifiedProgram> result = verify();
    if (current_) {
      note_path_end(current_->path_length, current_->insn);
      note_longest_demand();
    }
    stats_.total_states = snapshots_.made() + 1;
    stats_.peak_states = snapshots_.peak() + 1;
    stats_.peak_memory = scratch_.peak();
    stats_.context_bytes = analysis_.context_bytes;
    stats_.unwritten_read = analysis_.unwritten_read;
    if (!result.ok() && rejection_.id != 0) {
      name_global_function();
      explain();
      log_.refusal(rejection_);
    }
    log_.statistics(stats_, most_insns_, analysis_.cfg.subprograms, start);
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
#if !defined(NDEBUG) || defined(KBPF_CHECK_FIXUP)
    KBPF_TRY(check_fixed(fixed, scratch_, rejection_));
#endif
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
    if (program_.hides_addresses && sees_addresses(program_.type->number))
      return reject(rejection_, RejectionId::address_leak, 0,
                    "programs of type {} see addresses of the kernel: their loader needs CAP_PERFMON",
                    program_.type->name);
    if (program_.sleepable && !may_sleep(program_.type->number, program_.expected_attach_type))
      return reject(rejection_, RejectionId::not_sleepable, 0,
                    "programs of type {}, attached so, can't sleep", program_.type->name);
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
    analysis_.branches = scratch_.make_array<uint8_t>(count);
    analysis_.calls = scratch_.make_array<SeenCall>(count);
    checkpoints_ = scratch_.make_array<Checkpoints>(count);
    if (!analysis_.facts.data() || !analysis_.zeroed_args.data() || !analysis_.branches.data() ||
        !analysis_.calls.data() || !checkpoints_.data())
      return Error::no_memory;
    analysis_.global_functions = KBPF_TRY(find_global_functions(program_, analysis_.cfg, scratch_));
    if (const size_t functions = analysis_.cfg.subprograms.size(); functions > 1) {
      const std::span<bool> wanted = scratch_.make_array<bool>(functions);
      if (!wanted.data())
        return Error::no_memory;
      wanted[0] = true;
      for (uint32_t f = 1; f < functions; f++)
        wanted[f] = analysis_.is_global(f);
      forget_unused_results(analysis_.cfg, program_, wanted);
    }
    analysis_.traced = TracedFunction::of(program_);
    constexpr size_t kMostRecords = 8; // that are remembered
    if (program_.profile->number == KBPF_PROFILE_LINUX && program_.btf) {
      analysis_.records = scratch_.make_array<ObjectRecord>(kMostRecords);
      if (!analysis_.records.data())
        return Error::no_memory;
    }
    analysis_.makes_packet_dynptrs = makes_packet_dynptrs(program_, analysis_.cfg);
    return begin(0);
  }

  // The entry, where the context is known and nothing else; or a global function's start.
  Result<void> begin(uint32_t function) {
    walked_function_ = function;
    current_ = pool_.make_state();
    if (!current_)
      return Error::no_memory;
    if (function != 0) {
      KBPF_TRY(transformer_.begin_global(*current_, function));
      return begin_function(*current_);
    }
    if (!pool_.push_frame(*current_, 0, 0))
      return Error::no_memory;
    KBPF_TRY(begin_function(*current_));
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
        KBPF_TRY(begin(f));
        decisions_.truncate(0);
        jumps_since_checkpoint_ = insns_since_checkpoint_ = forks_since_checkpoint_ = 0;
        was_joined_ = false;
        log_.note("-- from here a global function, on its own, at instruction {}\n", current_->insn);
        KBPF_TRY(walk());
      }
    }
    return {};
  }

  // As far as that goes. True: to where paths join.
  bool take_short_way() {
    const ShortWay::Walk walk = short_way_.walk(*current_, most_insns_ - stats_.processed_insns);
    current_->path_length += walk.insns;
    stats_.processed_insns += walk.insns;
    insns_since_checkpoint_ += walk.insns;
    jumps_since_checkpoint_ += walk.jumps;
    return walk.joined;
  }

  // One instruction of the current path. True: the path has come to its end.
  Result<bool> step() {
    State &state = *current_;
    length_before_ = state.path_length;
    bool tests_result = false;
    if (const uint8_t kind = analysis_.cfg.is_join[state.insn]) {
      if (KBPF_TRY(join(kind)))
        return true;
      tests_result = kind == Cfg::kBehindCall && analysis_.insn(state.insn).is_jump();
    }
    if (!is_watched_ && !tests_result && take_short_way())
      return false;
    length_before_ = state.path_length;
    if (stats_.processed_insns >= most_insns_)
      return reject(rejection_, RejectionId::too_complex, state.insn,
                    "{} instructions were walked without an end", stats_.processed_insns);
    stats_.processed_insns++;
    state.path_length++;
    insns_since_checkpoint_++;
    if (is_watched_) [[unlikely]] {
      log_.walked(state);
      if (options_.walked)
        options_.walked->walked(state);
      if (program_.hides_addresses)
        KBPF_TRY(checker_.check_leaks(state));
    }
    const Insn &insn = analysis_.insn(state.insn);
    if (Checker::is_plain(insn, state.frame().regs)) {
      if (insn.is_jump()) {
        analysis_.facts[state.insn].reachable = true;
        return jump(insn, Jumps::skip);
      }
    } else if (StackPlace place; is_watched_ && checker_.is_plain_stack_access(insn, state, place)) {
      analysis_.facts[state.insn].reachable = true;
      KBPF_TRY(transformer_.access_stack(state, insn, place));
      state.insn++;
      return false;
    } else {
      KBPF_TRY(checker_.check_all(state));
    }
    return go_on();
  }

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
  // Inlined into step(), which runs for every instruction; retrace() shares it.
  [[gnu::always_inline]] Result<bool> go_on(Jumps how = Jumps::fork) {
    State &state = *current_;
    const Insn &insn = analysis_.insn(state.insn);
    analysis_.facts[state.insn].reachable = true;
    if (insn.is_alu()) {
      transformer_.alu(state, insn);
      state.insn++;
      return false;
    }
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
      return jump(insn, how);
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
    if (!opens_paths(insn, *program_.profile))
      return {};
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
    transformer_.leave(*current_);
    return false;
  }

  Result<void> enter(uint32_t target) {
    for (uint32_t f = 0; f < current_->frame_count; f++)
      if (current_->frames[f]->first_insn == target)
        return reject(rejection_, RejectionId::recursion, current_->insn,
                      f + 1 == current_->frame_count
                          ? "the function at instruction {} calls itself"
                          : "the function at instruction {} leads to a call of itself",
                      target);
    if (current_->frame_count == KBPF_MAX_CALL_FRAMES)
      return reject(rejection_, RejectionId::call_depth, current_->insn, "calls are nested more than {} deep",
                    KBPF_MAX_CALL_FRAMES);
    current_subprogram().calls_subprogram = true;
    KBPF_TRY(transformer_.enter(*current_, target, current_->insn + 1));
    return begin_function(*current_);
  }

  // Each call of a function has may_gotos of its own.
  Result<void> begin_function(State &state) {
    return analysis_.cfg.has_may_goto ? begin_loop(state, Loop::Kind::may_goto) : Result<void>();
  }

  // In the innermost frame, where it has none of the kind.
  Result<void> begin_loop(State &state, Loop::Kind kind) {
    Held *held = pool_.hold(state);
    if (!held)
      return Error::no_memory;
    const uint8_t frame = static_cast<uint8_t>(state.frame_count - 1);
    if (!held->find_loop(kind, frame))
      held->begin_loop({kind, frame, analysis_.new_id(), 0});
    return {};
  }

  // The kernel jumps when it has gone on often enough, and then always; which is where this path goes.
  Result<void> may_goto(const Insn &insn) {
    current_subprogram().uses_may_goto = true;
    State *round = pool_.copy(*current_);
    if (!round)
      return Error::no_memory;
    round->held->find_loop(Loop::Kind::may_goto, current_->frame_count - 1)->rounds++;
    round->insn++;
    current_->insn = static_cast<uint32_t>(jump_target(current_->insn, insn));
    return postpone(round);
  }

  // The helper calls a function of the program, then perhaps again; or it returns, which is where this path
  // goes.
  Result<void> call_back() {
    if (current_->frame_count == KBPF_MAX_CALL_FRAMES)
      return reject(rejection_, RejectionId::call_depth, current_->insn, "calls are nested more than {} deep",
                    KBPF_MAX_CALL_FRAMES);
    KBPF_TRY(begin_loop(*current_, Loop::Kind::callback));
    const uint32_t id = current_->held->find_loop(Loop::Kind::callback, current_->frame_count - 1)->id;
    State *round = pool_.copy(*current_);
    if (!round)
      return Error::no_memory;
    current_->frame().rounds = 0;
    current_->held->end_loop(id);
    round->held->find_loop(id)->rounds++;
    if (!KBPF_TRY(transformer_.enter_callback(*round))) {
      pool_.release(round);
      return {};
    }
    KBPF_TRY(begin_function(*round));
    analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(round->insn)].is_called_back = true;
    return postpone(round);
  }

  // A timer's function runs later, with nothing of what is known here.
  Result<void> keep_function() {
    State *later = pool_.make_state();
    if (!later)
      return Error::no_memory;
    later->path_length = current_->path_length;
    KBPF_TRY(transformer_.enter_timer_function(*current_, *later));
    const bool is_work = analysis_.insn(current_->insn).imm == static_cast<int32_t>(kWorkSetCallback);
    KBPF_TRY(begin_loop(*later, is_work ? Loop::Kind::work : Loop::Kind::timer));
    KBPF_TRY(begin_function(*later));
    analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(later->insn)].runs_later = true;
    return postpone(later);
  }

  // The iterator has another element; or it has come to its end, which is where this path goes.
  Result<void> next_element() {
    State *round = pool_.copy(*current_);
    if (!round)
      return Error::no_memory;
    const uint32_t id = object_at(*current_, current_->reg(1))->id;
    round->held->find_loop(id)->rounds++;
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
    return postpone(ended);
  }

  Result<bool> jump(const Insn &insn, Jumps how) {
    State &state = *current_;
    uint32_t from = state.insn, target = static_cast<uint32_t>(jump_target(from, insn));
    jumps_since_checkpoint_++;
    if (insn.code() == KBPF_JMP_JA) {
      state.insn = target;
      return false;
    }
    const bool learns = wants_path() || !transformer_.only_decides(state, target);
    if (learns && how == Jumps::skip && state.reg(insn.dst()).kind == Kind::map_value_or_null &&
        KBPF_TRY(skip_null(insn)))
      return false;
    const Branch branch = learns ? transformer_.predict(state) : Branch{true, true};
    analysis_.branches[from] |=
        (branch.may_jump ? Analysis::kJumps : 0) | (branch.may_pass ? Analysis::kPasses : 0);
    if (!branch.may_jump || !branch.may_pass) { // that it goes one way relies on what is compared
      rely_on(state, state.reg(insn.dst()));
      if (insn.src_is_reg())
        rely_on(state, state.reg(insn.src()));
      state.insn = branch.may_jump ? target : from + 1;
      return false;
    }
    if (how != Jumps::pass)
      KBPF_TRY(put_off_jump(branch, learns, how));
    if (learns)
      return !KBPF_TRY(go(false, true));
    state.insn = from + 1;
    return false;
  }

  // A map's value, straight from a lookup, is tested for null, and what that skips uses it. False: not so.
  [[gnu::noinline]] Result<bool> skip_null(const Insn &insn) {
    State &state = *current_;
    Value &value = state.reg(insn.dst());
    if (!analysis_.is_behind_call(state.insn) || !tests_map_value(insn, value) || !may_skip())
      return false;
    const std::optional<uint32_t> registers = skipped_registers(analysis_, state);
    if (!registers)
      return false;
    KBPF_TRY(put_off_skip({true, decisions_.length(), false}, *registers));
    analysis_.branches[state.insn] |= Analysis::kJumps | Analysis::kPasses;
    transformer_.set_not_null(value);
    state.insn++;
    return true;
  }

  [[gnu::always_inline]] Result<void> put_off_skip(Branches::How how, uint32_t registers) {
    const State &state = *current_;
    if (branches_.count() == kMostPending) [[unlikely]]
      return too_many_branches();
    const uint32_t source = state.parent->number_count + skips_since_checkpoint_++;
    if (!branches_.push(
            Skip{state.parent, source_bit(source), state.insn, state.path_length, registers, true}, how))
      return Error::no_memory;
    note_branch(state);
    return {};
  }

  // The conditional jump at current_ waits. learns: what is compared has been narrowed.
  [[gnu::always_inline]] Result<void> put_off_jump(const Branch &branch, bool learns, Jumps jumps) {
    const State &state = *current_;
    Branches::How how{true, decisions_.length(), !learns};
    if (jumps == Jumps::skip && may_skip())
      if (const std::optional<uint32_t> registers = skipped_registers(analysis_, state)) {
        how.is_narrowed = false;
        return put_off_skip(how, *registers);
      }
    KBPF_TRY(before_branch());
    if (!branches_.push(state, how))
      return Error::no_memory;
    if (branch.compares_numbers)
      if (State *kept = branches_.narrow_newest())
        transformer_.set_taken(*kept);
    forks_since_checkpoint_++;
    note_branch(state);
    return {};
  }

  // Whether the path can be walked once more from its last checkpoint, and there is room in what that counts.
  bool may_skip() const {
    constexpr uint32_t kMostSources = 62;
    return goes_straight_ && current_->parent && !options_.compares_everything &&
           current_->parent->number_count + skips_since_checkpoint_ < kMostSources;
  }

  // Takes one side of the conditional jump at current_, both being possible by what it compares. False:
  // numbers that are linked to those contradict it.
  Result<bool> go(bool taken, bool was_predicted = false) {
    State &state = *current_;
    const uint32_t from = state.insn;
    const Insn &insn = analysis_.insn(from);
    if (!transformer_.assume_jump(state, taken, was_predicted)) {
      rely_on_contradiction(state, state.reg(insn.dst()));
      if (insn.src_is_reg())
        rely_on_contradiction(state, state.reg(insn.src()));
      return false;
    }
    state.insn = taken ? static_cast<uint32_t>(jump_target(from, insn)) : from + 1;
    return true;
  }

  // Keeps a state for later; it is no longer the caller's.
  Result<void> postpone(State *state) {
    state->parent = current_->parent;
    KBPF_TRY(before_branch());
    if (!branches_.push(state, {false, decisions_.length()}))
      return Error::no_memory;
    forks_since_checkpoint_++;
    goes_straight_ = false;
    note_branch(*current_);
    return {};
  }

  static constexpr uint32_t kMostPending = 8192; // branches
  Result<void> before_branch() {
    if (branches_.count() == kMostPending) [[unlikely]]
      return too_many_branches();
    return limit_work();
  }
  [[gnu::noinline]] Error too_many_branches() {
    return reject(rejection_, RejectionId::too_complex, current_->insn, "{} branches wait to be walked",
                  kMostPending + 1);
  }

  [[gnu::always_inline]] void note_branch(const State &from) {
    if (wants_path())
      decisions_.push(scratch_, false);
    if (from.parent)
      from.parent->open_paths++;
  }

  // Goes on with the branch that has waited for the shortest time; current_ is null where none is left.
  Result<void> end_path() {
    for (bool goes_on = false; !goes_on;) {
      close_checkpoints();
      if (branches_.is_empty()) {
        note_longest_demand();
        pool_.release(current_);
        current_ = nullptr;
        return {};
      }
      if (const Skip *skip = branches_.newest_skip()) {
        goes_on = KBPF_TRY(go_on_at_skip(*skip));
        continue;
      }
      Branches::How how;
      if (!branches_.pop(current_, how))
        return Error::no_memory;
      goes_straight_ = false;
      decisions_.truncate(how.decisions);
      if (wants_path())
        decisions_.push(scratch_, true);
      goes_on = !how.takes_jump || KBPF_TRY(go(true, how.is_narrowed));
    }
    log_.note("-- from here another path, at instruction {}\n", current_->insn);
    return {};
  }

  // The newest branch, whose other side has ended. False: this one has, too.
  [[gnu::always_inline]] Result<bool> go_on_at_skip(const Skip &skip) {
    decisions_.truncate(branches_.newest().decisions);
    if (wants_path())
      decisions_.push(scratch_, true);
    if (is_stood_for(skip)) {
      current_->insn = static_cast<uint32_t>(jump_target(skip.insn, analysis_.insn(skip.insn)));
      current_->parent = skip.parent;
      current_->path_length = skip.path_length;
      return end_at_skip();
    }
    KBPF_TRY(return_to(skip));
    State *const passed = all_have_ended(skip) ? KBPF_TRY(walk_other_side(skip)) : nullptr;
    const bool goes_on = KBPF_TRY(go(true));
    if (passed) {
      const bool is_within = goes_on && is_within_skipped(skip, *current_, *passed);
      pool_.release(passed);
      if (is_within)
        return end_at_skip();
    }
    branches_.drop();
    goes_straight_ = false;
    return goes_on;
  }

  // The side that passes the jump at current_, where the sides meet. Error: no_memory.
  Result<State *> walk_other_side(const Skip &skip) {
    State *const jumping = pool_.copy(*current_);
    if (!jumping)
      return Error::no_memory;
    jumping->parent = current_->parent;
    const uint32_t meeting = static_cast<uint32_t>(jump_target(skip.insn, analysis_.insn(skip.insn)));
    while (current_->insn != meeting)
      if (KBPF_TRY(go_on(Jumps::pass)))
        return Error::invalid; // it was walked before: a fault of the verifier
    return std::exchange(current_, jumping);
  }

  bool end_at_skip() {
    log_.note("-- from here another path, at instruction {}\n", current_->insn);
    log_.note("   known to be safe from instruction {} on\n", current_->insn);
    branches_.drop();
    return false;
  }

  // Makes current_ what it was at a skip.
  Result<void> return_to(const Skip &skip) {
    if (!snapshots_.unpack_passed(*skip.parent, *current_, pool_))
      return Error::no_memory;
    compared_values_.work += skip.path_length - current_->path_length;
    while (++current_->path_length != skip.path_length) {
      if (KBPF_TRY(go_on(Jumps::pass)))
        return Error::invalid; // the path went on: a fault of the verifier
      if (!analysis_.cfg.is_join[current_->insn])
        continue;
      simplify(*current_, analysis_.cfg);
      branches_.for_each_newest_skip([&](const Skip &other) {
        const Insn &jump = analysis_.insn(other.insn);
        if (other.parent == skip.parent &&
            static_cast<uint32_t>(jump_target(other.insn, jump)) == current_->insn &&
            other.path_length < current_->path_length)
          mark_skipped(other, *current_);
      });
    }
    return {};
  }

  void note_longest_demand() { stats_.mark_read = std::max(stats_.mark_read, current_->longest_demand); }
  void note_path_end(uint32_t length, uint32_t end) {
    if (length <= stats_.longest_path)
      return;
    stats_.longest_path = length;
    stats_.longest_path_end = end;
  }

  // Checkpoints from which every path has ended are known to be safe.
  void close_checkpoints() {
    uint32_t length = current_->path_length, end = current_->insn;
    if (ended_at_) { // and would have gone on as the longest path from there did
      length += ended_at_->longest - ended_at_->path_length;
      end = ended_at_->longest_end;
      ended_at_ = nullptr;
    }
    note_path_end(length, end);
    for (Snapshot *checkpoint = current_->parent; checkpoint; checkpoint = checkpoint->parent) {
      if (length > checkpoint->longest) {
        checkpoint->longest = length;
        checkpoint->longest_end = end;
      }
      if (--checkpoint->open_paths != 0)
        return;
      length = checkpoint->longest;
      end = checkpoint->longest_end;
      Checkpoints &there = checkpoints_[checkpoint->insn];
      there.open = checkpoint->next; // the deepest of the path is the newest of its place
      checkpoint->next = there.closed;
      there.closed = checkpoint;
    }
  }

  // For each walk that a checkpoint saves. In nested loops a state is first met by those of other rounds,
  // which it cannot cover: with 3, as in Linux, it is gone when its like comes.
  static constexpr int32_t kMostMisses = 8;

  struct Checkpoints { // of one instruction, each a list, the newest first
    Snapshot *open;    // ancestors of the current state
    Snapshot *closed;  // all paths from there have ended
    uint32_t count;    // in both lists
    int32_t vain;      // that might have been made, less kMostMisses for each walk that one has saved
    // Where many have saved little, only one in four is made. In a loop that is being walked all are.
    bool leaves_out() { return ++vain > kMostMisses && !open && vain % 4 != 0; }
  };

  // At a place where paths join. True: the path has come to its end.
  // kind: Cfg::is_join's.
  Result<bool> join(uint8_t kind) {
    bool needs_none = false; // no checkpoint
    if (kind == Cfg::kBehindCall) {
      const Checkpoints &here = checkpoints_[current_->insn];
      if (forks_since_checkpoint_ == 0 && !here.open && !here.closed && current_->parent &&
          analysis_.cfg.is_join[current_->parent->insn] == Cfg::kBehindCall) {
        simplify(*current_, analysis_.cfg);
        return false;
      }
      // Paths come here by way of the last checkpoint only, and those that did saved nothing.
      needs_none = !was_joined_ && goes_straight_ && here.closed && here.closed->patience <= kMostMisses &&
                   insns_since_checkpoint_ < 64;
    } else if (Skip *const skip = branches_.open_skip()) [[unlikely]] {
      meet(*skip, *current_);
      needs_none = goes_on_as_one();
      const Checkpoints &here = checkpoints_[current_->insn];
      if (needs_none && !here.open && !here.closed) {
        simplify(*current_, analysis_.cfg);
        return false;
      }
    }
    return is_known(kind, needs_none);
  }

  // Both sides of a skip, with no checkpoint where they meet.
  bool goes_on_as_one() const {
    return forks_since_checkpoint_ == 0 && skips_since_checkpoint_ < 16 && insns_since_checkpoint_ < 64;
  }

  // Compares the current state with those that came here before, and remembers it. True: one of them covers
  // it, and all that follows was walked. needs_none: no checkpoint is worthwhile.
  [[gnu::always_inline]] Result<bool> is_known(uint8_t kind, bool needs_none) {
    Checkpoints &here = checkpoints_[current_->insn];
    const bool iterates = kind & Cfg::kIteration;
    KBPF_TRY(limit_work());
    if (iterates && calls_back(analysis_.insn(current_->insn), *program_.profile))
      KBPF_TRY(begin_loop(*current_, Loop::Kind::callback));
    simplify(*current_, analysis_.cfg);
    // A checkpoint costs memory and comparisons. In straight code it is seldom needed; in a running loop it
    // is of use only where paths have parted, which then meet here again round by round.
    const bool forked = forks_since_checkpoint_ != 0 || skips_since_checkpoint_ != 0;
    const uint32_t spacing = checkpoint_spacing();
    bool worthwhile = (spacing == 1 && (iterates || (!here.open && (!here.closed || !here.closed->next)))) ||
                      forks_since_checkpoint_ >= spacing || jumps_since_checkpoint_ >= 2 * spacing ||
                      insns_since_checkpoint_ >= 4 * spacing;
    uint32_t rounds = 0;
    if (here.open && KBPF_TRY(is_like_round(here.open, iterates, rounds)))
      return true;
    if (rounds != 0 && !iterates && !forked && jumps_since_checkpoint_ < 20 * spacing &&
        insns_since_checkpoint_ < 100 * spacing)
      worthwhile = false;
    worthwhile &= !needs_none;
    const Coverage how = options_.compares_everything ? Coverage::everything : Coverage::relied_on;
    const Comparand current(*current_, how);
    uint32_t looked_at = 0;
    for (Snapshot **link = &here.closed; *link; looked_at++) {
      Snapshot &old = **link;
      if (!differs_again(old, current) && covers(old, current, compared_values_) && ends_like(old)) {
        old.patience += kMostMisses;
        here.vain -= kMostMisses;
        end_at(old);
        ended_at_ = &old;
        log_.note("   known to be safe from instruction {} on\n", current_->insn);
        return true;
      }
      if (worthwhile && --old.patience < 0) { // costs more than it saves
        *link = old.next;
        snapshots_.release(&old);
        here.count--;
      } else {
        link = &old.next;
      }
    }
    compared_values_.work += looked_at;
    if (worthwhile && (iterates || !here.leaves_out()))
      KBPF_TRY(make_checkpoint(here, current.known_slots()));
    else if (kind != Cfg::kBehindCall)
      was_joined_ = true;
    return false;
  }

  // Compares the current state with earlier rounds of the loop that it is in, of which the last is `old`;
  // none can vouch for what it has not finished, but where the kernel ends the loop. True: one does. rounds:
  // how many were compared.
  [[gnu::always_inline]] Result<bool> is_like_round(const Snapshot *old, bool iterates, uint32_t &rounds) {
    const uint32_t most_rounds = iterates ? 128 : 4; // that are compared
    const Comparand current(*current_, Coverage::everything);
    for (; old && rounds < most_rounds; old = old->next, rounds++) {
      if (!iterates && differs_again(*old, current))
        continue;
      const uint32_t loops = went_on(old->held, current_->held);
      if (iterates && loops && rounds == 0)
        widen(*current_, *old);
      const bool covered = !differs_again(*old, current) && covers(*old, current, compared_values_);
      // The kernel ends it, and this round, or run, does what the earlier one does.
      if (covered && (iterates ? loops != 0 : loops == kAnotherRun)) {
        log_.note("   another round of what instruction {} begins\n", current_->insn);
        end_at(*old);
        depend_on_open(*current_, old->serial);
        if (loops != kAnotherRun)
          count_on_loops(*current_, old->serial, loops);
        return true;
      }
      if (covered && !loops && covers(*old, Comparand(*current_, Coverage::same), compared_values_))
        return reject(rejection_, RejectionId::infinite_loop, current_->insn,
                      "the loop comes back here in the same state, so it need not end");
    }
    return false;
  }

  // Where paths from `old` ended in a loop that the current path is still in, that counts on as much being
  // left of it there.
  bool ends_like(const Snapshot &old) const {
    if (!old.waits_for || !is_on_path(*current_, old.waits_for))
      return true;
    if (!keeps_pace(old.held, current_->held, old.loops_counted_on))
      return false;
    count_on_loops(*current_, old.waits_for, old.loops_counted_on);
    return true;
  }

  // How many times as far from each other checkpoints are where much memory is in use, so that a walk up to
  // the limit of instructions takes what a kernel has, however large the states are.
  uint32_t checkpoint_spacing() const {
    constexpr size_t kFewBytes = 16u << 20, kStep = 4u << 20, kMostSteps = 10;
    const size_t bytes = snapshots_.bytes();
    return bytes < kFewBytes ? 1 : 2u << std::min((bytes - kFewBytes) / kStep, kMostSteps);
  }

  // `old`, compared last, covers the current state.
  void end_at(const Snapshot &old) {
    rely_like(*current_, old, compared_values_.sources);
    if (!compared_values_.reads_unwritten)
      return;
    analysis_.note_unwritten_read({true, current_->insn, 0, 0});
    for (uint32_t f = 0; f < current_->frame_count; f++)
      analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(current_->frames[f]->first_insn)].zero_stack =
          true;
  }

  Result<void> make_checkpoint(Checkpoints &here, const KnownSlots &slots) {
    Snapshot *checkpoint = snapshots_.pack_checkpoint(*current_, slots);
    if (!checkpoint)
      return Error::no_memory;
    checkpoint->open_paths = 1;
    checkpoint->patience = kMostMisses;
    if (const Snapshot *other = here.closed ? here.closed : here.open)
      expect_to_differ(*checkpoint, *current_, *other);
    stats_.max_states_per_insn = std::max(stats_.max_states_per_insn, ++here.count);
    checkpoint->next = here.open;
    here.open = checkpoint;
    current_->parent = checkpoint;
    jumps_since_checkpoint_ = insns_since_checkpoint_ = forks_since_checkpoint_ = 0;
    skips_since_checkpoint_ = 0;
    goes_straight_ = true;
    was_joined_ = false;
    return {};
  }

  bool wants_path() const { return options_.observer || log_.wants_path(); }

  // Tells the path to the refusal at current_, where it can be told.
  void explain() {
    if (!current_ || !wants_path() || decisions_.is_lost())
      return;
    const Rejection refusal = rejection_;
    while (!branches_.is_empty())
      branches_.drop();
    decisions_made_ = decisions_.length();
    Snapshot *passed = nullptr; // checkpoints of the path, the first one first
    for (Snapshot *checkpoint = current_->parent, *parent; checkpoint; checkpoint = parent) {
      parent = checkpoint->parent;
      checkpoint->parent = passed;
      passed = checkpoint;
    }
    pool_.release(current_);
    current_ = nullptr;
    log_.path_was_told(retrace(passed, length_before_).ok());
    rejection_ = refusal;
  }

  // Walks the path of decisions_ once more. At the checkpoints that it passed the state is what it was there:
  // what is forgotten between two rounds of a loop depends on what the walk had seen elsewhere. Errors:
  // no_memory, or what the walk did not meet (a fault of the verifier).
  Result<void> retrace(Snapshot *passed, uint32_t length) {
    KBPF_TRY(begin(walked_function_));
    tell([&](PathObserver &to) { to.begin(length + 1); });
    for (uint32_t fork = 0;;) {
      if (analysis_.cfg.is_join[current_->insn])
        simplify(*current_, analysis_.cfg);
      if (passed && passed->path_length == current_->path_length) {
        if (!snapshots_.unpack(*passed, *current_, pool_))
          return Error::no_memory;
        passed = passed->parent;
        current_->parent = nullptr;
      }
      tell([&](PathObserver &to) { to.instruction(*current_); });
      if (current_->path_length == length)
        return {};
      PathStep step{};
      step.number = current_->path_length++;
      step.insn = current_->insn;
      step.depth = current_->frame_count;
      bool ended = KBPF_TRY(go_on());
      step.is_forced = branches_.is_empty();
      if (!step.is_forced) {
        if (fork == decisions_made_)
          return Error::invalid;
        step.taken = decisions_.at(fork++);
        if (step.taken) {
          Branches::How how;
          if (!branches_.pop(current_, how))
            return Error::no_memory;
          ended = how.takes_jump && !KBPF_TRY(go(true, how.is_narrowed));
        } else {
          branches_.drop();
        }
      }
      if (ended)
        return Error::invalid;
      step.next = current_->insn;
      step.kind = kind_of_step(program_, step.insn, step.depth, *current_);
      if (step.kind == PathStep::Kind::branch && (step.is_forced || program_.insns[step.insn].is_may_goto()))
        step.taken = step.next != step.insn + 1;
      tell([&](PathObserver &to) { to.step(step, *current_); });
    }
  }

  template <typename Telling> void tell(Telling telling) {
    if (options_.observer)
      telling(*options_.observer);
    if (log_.wants_path())
      telling(log_);
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
