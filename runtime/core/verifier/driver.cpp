// SPDX-License-Identifier: MIT OR Apache-2.0
// The walk itself: one instruction after the other, and both ways of a conditional jump.
#include "core/verifier/walk.h"

namespace kbpf {

Result<VerifiedProgram> Verifier::run() {
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

Result<VerifiedProgram> Verifier::verify() {
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

Result<void> Verifier::check_whole() {
  if (!program_.profile->full_prototypes || !program_.type->context)
    return reject(rejection_, RejectionId::no_prototypes, 0, "programs of type {} can't be judged here",
                  program_.type->name);
  if (program_.hides_addresses && sees_addresses(program_.type->number))
    return reject(rejection_, RejectionId::address_leak, 0,
                  "programs of type {} see addresses of the kernel: their loader needs CAP_PERFMON",
                  program_.type->name);
  if (program_.sleepable && !may_sleep(program_.type->number, program_.expected_attach_type))
    return reject(rejection_, RejectionId::not_sleepable, 0, "programs of type {}, attached so, can't sleep",
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

Result<void> Verifier::prepare() {
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

Result<void> Verifier::begin(uint32_t function) {
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

Result<void> Verifier::walk() {
  while (current_) {
    bool ended = KBPF_TRY(step());
    if (ended)
      KBPF_TRY(end_path());
  }
  return {};
}

Result<void> Verifier::walk_global_functions() {
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

bool Verifier::take_short_way() {
  const ShortWay::Walk walk = short_way_.walk(*current_, most_insns_ - stats_.processed_insns);
  current_->path_length += walk.insns;
  stats_.processed_insns += walk.insns;
  insns_since_checkpoint_ += walk.insns;
  jumps_since_checkpoint_ += walk.jumps;
  return walk.joined;
}

Result<bool> Verifier::step() {
  State &state = *current_;
  length_before_ = state.path_length;
  bool tests_result = false; // of a call, most likely for null, with which the short way can't begin
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
  return carry_out(Jumps::fork);
}

[[gnu::always_inline]] inline Result<bool> Verifier::carry_out(Jumps how) {
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

Result<bool> Verifier::go_on(Jumps how) { return carry_out(how); }

Result<bool> Verifier::leave() {
  if (current_->frame_count == 1)
    return true;
  transformer_.leave(*current_);
  return false;
}

Result<void> Verifier::enter(uint32_t target) {
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

Result<bool> Verifier::jump(const Insn &insn, Jumps how) {
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

Result<bool> Verifier::skip_null(const Insn &insn) {
  State &state = *current_;
  Value &value = state.reg(insn.dst());
  if (!analysis_.is_behind_call(state.insn) || !may_skip())
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

[[gnu::always_inline]] inline Result<void> Verifier::put_off_skip(Branches::How how, uint32_t registers) {
  const State &state = *current_;
  if (branches_.count() == kMostPending) [[unlikely]]
    return too_many_branches();
  const uint32_t source = state.parent->number_count + skips_since_checkpoint_++;
  if (!branches_.push(Skip{state.parent, source_bit(source), state.insn, state.path_length, registers, true},
                      how))
    return Error::no_memory;
  note_branch(state);
  return {};
}

[[gnu::always_inline]] inline Result<void> Verifier::put_off_jump(const Branch &branch, bool learns,
                                                                  Jumps jumps) {
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

Result<bool> Verifier::go(bool taken, bool was_predicted) {
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

Error Verifier::too_many_branches() {
  return reject(rejection_, RejectionId::too_complex, current_->insn, "{} branches wait to be walked",
                kMostPending + 1);
}

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
