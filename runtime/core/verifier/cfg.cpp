// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/cfg.h"
#include "core/isa/encoding.h"
#include <algorithm>

namespace kbpf {
namespace {

constexpr uint16_t bit(unsigned reg) { return static_cast<uint16_t>(1u << reg); }
constexpr uint16_t kAllRegs = 0x7ff;
constexpr uint16_t kArgRegs = 0x3e;      // r1 to r5
constexpr uint16_t kCallClobbers = 0x3f; // r0 to r5
constexpr unsigned kPacketLoadContext = 6;

bool is_subprogram_call(const Insn &insn) { return insn.is_call() && insn.src() == KBPF_PSEUDO_CALL; }
bool is_unconditional_jump(const Insn &insn) { return insn.is_jump_class() && insn.code() == KBPF_JMP_JA; }
bool is_jump(const Insn &insn) { return insn.is_jump_class() && !insn.is_call() && !insn.is_exit(); }

RegisterUse atomic_use(const Insn &insn) {
  if (insn.is_load_acquire())
    return {bit(insn.src()), bit(insn.dst())};
  RegisterUse use{static_cast<uint16_t>(bit(insn.dst()) | bit(insn.src())), 0};
  if (insn.imm == KBPF_ATOMIC_CMPXCHG) {
    use.reads |= bit(0);
    use.writes = bit(0);
  } else if (insn.imm & KBPF_ATOMIC_FETCH) {
    use.writes = bit(insn.src());
  }
  return use;
}

RegisterUse call_use(const Insn &insn, const Profile &profile) {
  const HelperProto *helper = insn.src() == 0 ? profile.helper(static_cast<uint32_t>(insn.imm)) : nullptr;
  if (!helper)
    return {kArgRegs, kCallClobbers};
  uint16_t reads = 0;
  for (unsigned i = 0; i < 5; i++)
    if (helper->args[i] != KBPF_ARG_NONE)
      reads |= bit(i + 1);
  return {reads, kCallClobbers};
}

} // namespace

namespace {

// Of an opcode: which of the two registers named in an instruction it reads and writes, as masks for their
// bits. rare: it takes more than the opcode to say. goes_on: control passes to the next instruction, and to
// no other.
struct OpcodeUse {
  uint16_t reads_dst, reads_src, writes_dst;
  uint8_t flow;
  static constexpr uint8_t kSimple = 0, kRare = 1, kTurns = 2;
  static constexpr uint8_t kWide = kTurns | 4; // half an ld_imm64, which is as the opcode says
  constexpr bool rare() const { return flow & kRare; }
  constexpr bool is_condition() const { return flow == kTurns; } // a conditional jump, but for may_goto
  constexpr bool goes_on() const { return !(flow & kTurns); }
};
struct OpcodeUses {
  OpcodeUse of[256];
  constexpr OpcodeUses() : of() {
    constexpr uint16_t kAll = 0xffff;
    for (unsigned opcode = 0; opcode < 256; opcode++) {
      const uint8_t cls = opcode & 7, code = opcode & 0xf0, mode = opcode & 0xe0;
      const uint16_t from_register = opcode & KBPF_SRC_X ? kAll : 0;
      OpcodeUse &use = of[opcode];
      if (cls == KBPF_CLASS_ALU || cls == KBPF_CLASS_ALU64) {
        const bool one_operand = code == KBPF_ALU_END || code == KBPF_ALU_NEG;
        use = {code != KBPF_ALU_MOV ? kAll : uint16_t{0}, one_operand ? uint16_t{0} : from_register, kAll,
               OpcodeUse::kSimple};
      } else if (cls == KBPF_CLASS_LDX) {
        use = {0, kAll, kAll, OpcodeUse::kSimple};
      } else if (cls == KBPF_CLASS_ST) {
        use = {kAll, 0, 0, OpcodeUse::kSimple};
      } else if (cls == KBPF_CLASS_STX && mode != KBPF_MODE_ATOMIC) {
        use = {kAll, kAll, 0, OpcodeUse::kSimple};
      } else if (cls == KBPF_CLASS_STX) {
        use = {0, 0, 0, OpcodeUse::kRare};
      } else if ((cls == KBPF_CLASS_JMP || cls == KBPF_CLASS_JMP32) && code != KBPF_JMP_JA &&
                 code != KBPF_JMP_CALL && code != KBPF_JMP_EXIT && code != KBPF_JMP_JCOND) {
        use = {kAll, from_register, 0, OpcodeUse::kTurns};
      } else if (opcode == KBPF_OP_LD_IMM64 || opcode == 0) {
        use = {0, 0, opcode != 0 ? kAll : uint16_t{0}, OpcodeUse::kWide};
      } else {
        use = {0, 0, 0, OpcodeUse::kRare | OpcodeUse::kTurns};
      }
    }
  }
};
constexpr OpcodeUses kUses;

bool goes_on(const Insn &insn) { return kUses.of[insn.opcode].goes_on(); }

RegisterUse rare_use(const Insn &insn, const Profile &profile);

} // namespace

namespace {

[[gnu::always_inline]] inline RegisterUse use_of(const Insn &insn, const Profile &profile) {
  const OpcodeUse &use = kUses.of[insn.opcode];
  if (use.rare())
    return rare_use(insn, profile);
  const uint32_t dst = 1u << insn.dst(), src = 1u << insn.src();
  return {static_cast<uint16_t>((dst & use.reads_dst) | (src & use.reads_src)),
          static_cast<uint16_t>(dst & use.writes_dst)};
}

} // namespace

RegisterUse register_use(const Insn &insn, const Profile &profile) { return use_of(insn, profile); }

namespace {

RegisterUse rare_use(const Insn &insn, const Profile &profile) {
  switch (insn.cls()) {
  case KBPF_CLASS_LD:
    if (insn.is_packet_load()) {
      const uint16_t offset = insn.mode() == KBPF_MODE_IND ? bit(insn.src()) : 0;
      return {static_cast<uint16_t>(bit(kPacketLoadContext) | offset), kCallClobbers};
    }
    return {0, bit(insn.dst())};
  case KBPF_CLASS_STX:
    return atomic_use(insn);
  default:
    if (insn.is_call())
      return call_use(insn, profile);
    return {static_cast<uint16_t>(insn.is_exit() ? bit(0) : 0), 0};
  }
}

const HelperProto *helper_of(const Insn &insn, const Profile &profile) {
  return is_helper_call(insn) ? profile.helper(static_cast<uint32_t>(insn.imm)) : nullptr;
}

bool takes(const Insn &insn, const Profile &profile, kbpf_arg_type arg) {
  const HelperProto *helper = helper_of(insn, profile);
  return helper && std::find(std::begin(helper->args), std::end(helper->args), arg) != std::end(helper->args);
}

} // namespace

bool opens_paths(const Insn &insn, const Profile &profile) {
  const HelperProto *helper = helper_of(insn, profile);
  bool takes_any = false;
  for (unsigned i = 0; helper && i < 5; i++)
    takes_any |= helper->args[i] == KBPF_ARG_FUNC || helper->args[i] == KBPF_ARG_ITERATOR;
  return takes_any;
}
bool keeps_function(const Insn &insn, const Profile &profile) {
  return takes(insn, profile, KBPF_ARG_FUNC) &&
         (takes(insn, profile, KBPF_ARG_TIMER) || takes(insn, profile, KBPF_ARG_WORK));
}
bool takes_callback(const Insn &call, const Profile &profile) {
  return takes(call, profile, KBPF_ARG_FUNC) && !takes(call, profile, KBPF_ARG_TIMER) &&
         !takes(call, profile, KBPF_ARG_WORK);
}
bool asks_for_next(const Insn &insn, const Profile &profile) {
  return takes(insn, profile, KBPF_ARG_ITERATOR);
}

namespace {

// Of the helpers that were asked for last: what a call reads, and whether it may open paths.
class HelperUses {
public:
  struct Use {
    uint32_t number;
    uint16_t reads;
    bool opens_paths;
  };
  explicit HelperUses(const Profile &profile) : profile_(profile) {
    for (uint32_t i = 0; i < kKept; i++)
      kept_[i].number = i + 1; // whose place is another one
  }
  const Use &of(const Insn &call) {
    const uint32_t number = static_cast<uint32_t>(call.imm);
    Use &use = kept_[number % kKept];
    if (use.number != number)
      use = {number, call_use(call, profile_).reads, opens_paths(call, profile_)};
    return use;
  }

private:
  static constexpr uint32_t kKept = 8;
  const Profile &profile_;
  Use kept_[kKept];
};

// after: what is live behind the instruction, where control falls through. at_end: what ends read.
uint16_t live_before(const RawProgram &program, std::span<const uint16_t> live, size_t i, uint16_t after,
                     uint16_t at_end) {
  const Insn &insn = program.insns[i];
  if (insn.is_exit())
    return at_end;
  if (insn.is_jump_class()) {
    if (is_unconditional_jump(insn))
      after = 0;
    if (is_jump(insn))
      after |= live[static_cast<size_t>(jump_target(i, insn))];
  }
  const RegisterUse use = use_of(insn, *program.profile);
  return static_cast<uint16_t>((after & ~use.writes) | use.reads);
}

// From behind `end`, where `after` is live, back to first.
void walk_back(const RawProgram &program, std::span<uint16_t> live, size_t first, size_t end, uint16_t after,
               uint16_t at_end, HelperUses &helpers) {
  uint32_t before = after;
  const Insn *insn = program.insns.data() + end;
  for (size_t i = end; i-- > first;) {
    insn--;
    const OpcodeUse &use = kUses.of[insn->opcode];
    if (use.flow == OpcodeUse::kSimple || use.flow == OpcodeUse::kWide) [[likely]] {
      const uint32_t dst = 1u << insn->dst(), src = 1u << insn->src();
      before = (before & ~(dst & use.writes_dst)) | (dst & use.reads_dst) | (src & use.reads_src);
    } else if (use.is_condition()) {
      const uint32_t dst = 1u << insn->dst(), src = 1u << insn->src();
      before |=
          live[static_cast<size_t>(static_cast<int64_t>(i) + 1 + insn->off)] | dst | (src & use.reads_src);
    } else if (is_helper_call(*insn)) {
      before = (before & ~uint32_t{kCallClobbers}) | helpers.of(*insn).reads;
    } else {
      before = live_before(program, live, i, static_cast<uint16_t>(before), at_end);
    }
    live[i] = static_cast<uint16_t>(before);
  }
}

// A branch, with what is behind it, before which something is kept live.
bool cuts_part_behind(const Insn &jump, const Insn &next) {
  return next.is_alu() && next.code() == KBPF_ALU_AND && !next.src_is_reg() &&
         (next.imm == 0xff || next.imm == 0xffff) && is_jump(jump) && !is_unconditional_jump(jump) &&
         jump.dst() < KBPF_REG_FP;
}

// Compilers compare a part of a number and then cut the same part off again: w2 = w5; w2 &= 0xffff; if w2 > 9
// goto ...; w5 &= 0xffff. Nobody reads w2 any more, but what was learnt of it is true for w5 then (link.h).
void keep_compared_parts(std::span<const Insn> insns, std::span<uint16_t> live, size_t first, size_t end) {
  for (size_t i = first; i + 1 < end; i++)
    if (cuts_part_behind(insns[i], insns[i + 1]))
      live[i + 1] |= static_cast<uint16_t>(1u << insns[i].dst());
}

// From the last jump back of a function again, as long as there is one that leads to more than was known of
// it. Reducible code needs a pass for each level of loop nesting; code that needs more than kPasses is
// strange, and gets the safe answer that everything is live.
void settle_loops(const Cfg &cfg, const RawProgram &program, const Subprogram &function,
                  std::span<const uint32_t> jumps, uint16_t at_end, HelperUses &helpers) {
  constexpr int kPasses = 16;
  const size_t end = size_t{function.first} + function.count;
  for (int pass = 1;; pass++) {
    const auto last = std::find_if(jumps.rbegin(), jumps.rend(), [&](uint32_t jump) {
      return cfg.live[static_cast<size_t>(jump_target(jump, program.insns[jump]))] & ~cfg.live[jump];
    });
    if (last == jumps.rend())
      return;
    const size_t behind = size_t{*last} + 1;
    if (pass == kPasses) {
      std::fill_n(cfg.live.begin() + function.first, function.count, kAllRegs);
      return;
    }
    walk_back(program, cfg.live, function.first, behind, behind < end ? cfg.live[behind] : uint16_t{0},
              at_end, helpers);
  }
}

// Of functions, live holding nothing for them yet.
void find_live(const Cfg &cfg, const RawProgram &program, size_t first, size_t end, uint16_t at_end) {
  HelperUses helpers(*program.profile);
  walk_back(program, cfg.live, first, end, 0, at_end, helpers);
  for (auto jumps = cfg.back_jumps; !jumps.empty();) { // of one function after the other, the last one first
    const Subprogram &function = cfg.subprograms[cfg.subprogram_at(jumps.back())];
    const size_t own =
        static_cast<size_t>(jumps.end() - std::lower_bound(jumps.begin(), jumps.end(), function.first));
    if (function.first >= first && function.first < end)
      settle_loops(cfg, program, function, jumps.last(own), at_end, helpers);
    jumps = jumps.first(jumps.size() - own);
  }
  if (cfg.cuts_parts)
    keep_compared_parts(program.insns, cfg.live, first, end);
}

class CfgBuilder {
public:
  CfgBuilder(const RawProgram &program, Arena &arena, Rejection &rejection)
      : program_(program), insns_(program.insns), arena_(arena), rejection_(rejection),
        helpers_(*program.profile) {}

  Result<Cfg> build() {
    KBPF_TRY(find_subprograms());
    KBPF_TRY(find_loop_starts());
    KBPF_TRY(check_flow());
    if (!all_led_to_)
      KBPF_TRY(check_reachable());
    KBPF_TRY(compute_liveness());
    return cfg_;
  }

private:
  Result<void> find_subprograms() {
    std::span<bool> starts = arena_.make_array<bool>(insns_.size());
    std::span<uint8_t> joins = arena_.make_array<uint8_t>(insns_.size());
    if (!starts.data() || !joins.data())
      return Error::no_memory;
    starts[0] = true;
    uint32_t count = 1;
    for (size_t i = 0; i < insns_.size(); i++) {
      const Insn &insn = insns_[i];
      if (goes_on(insn))
        continue;
      if (kUses.of[insn.opcode].is_condition()) { // nothing follows from it but where it goes
        const size_t target = static_cast<size_t>(static_cast<int64_t>(i) + 1 + insn.off);
        joins[target] |= Cfg::kJoin | (target > i ? Cfg::kFromBefore : uint8_t{0});
        if (target <= i)
          KBPF_TRY(note(i, back_jumps_, cfg_.back_jumps));
        cfg_.cuts_parts |= i + 1 < insns_.size() && cuts_part_behind(insn, insns_[i + 1]);
        continue;
      }
      cfg_.has_may_goto |= insn.is_may_goto();
      bool call = is_subprogram_call(insn) || insn.is_function_address();
      const bool calls_helper = is_helper_call(insn);
      if (calls_helper)
        KBPF_TRY(note(i, helper_calls_, cfg_.helper_calls));
      if (calls_helper ? helpers_.of(insn).opens_paths && is_iteration(insn, *program_.profile)
                       : insn.is_may_goto())
        joins[i] |= Cfg::kJoin | Cfg::kIteration;
      // Paths that joined a few instructions earlier, too few for a checkpoint, meet again behind a call.
      if (insn.is_call() && i + 1 < insns_.size())
        joins[i + 1] |= insn.src() == KBPF_PSEUDO_CALL ? Cfg::kJoin : Cfg::kBehindCall;
      cfg_.function_calls += call;
      if (call || is_jump(insn)) {
        int64_t at = insn.is_function_address() ? function_target(i, insn) : jump_target(i, insn);
        // Jumps and calls were checked; every slot of opcode 0 is the second half of an ld_imm64.
        if (at < 0 || static_cast<uint64_t>(at) >= insns_.size() ||
            insns_[static_cast<size_t>(at)].opcode == 0)
          return reject(rejection_, RejectionId::unsupported_reference, i,
                        "the function at instruction {} lies outside of the program", at);
        size_t target = static_cast<size_t>(at);
        joins[target] |= Cfg::kJoin | (target > i ? Cfg::kFromBefore : uint8_t{0});
        if (!call && target <= i)
          KBPF_TRY(note(i, back_jumps_, cfg_.back_jumps));
        if (call && !starts[target]) {
          starts[target] = true;
          count++;
        }
      }
      if ((insn.is_exit() || is_unconditional_jump(insn)) && i + 1 < insns_.size())
        all_led_to_ &= (joins[i + 1] & Cfg::kFromBefore) != 0;
      if (insn.is_ld_imm64())
        i++;
    }
    constexpr uint32_t kMostFunctions = 256; // as in Linux
    if (count > kMostFunctions)
      return reject(rejection_, RejectionId::program_too_long, 0,
                    "the program has {} functions, and {} are the most", count, kMostFunctions);
    cfg_.is_join = joins;
    cfg_.subprograms = arena_.make_array<Subprogram>(count);
    if (!cfg_.subprograms.data())
      return Error::no_memory;
    if (count == 1) {
      cfg_.subprograms[0].count = static_cast<uint32_t>(insns_.size());
      return {};
    }
    std::span<uint32_t> subprogram_of = arena_.make_unset_array<uint32_t>(insns_.size());
    if (!subprogram_of.data())
      return Error::no_memory;
    const uint32_t size = static_cast<uint32_t>(insns_.size());
    uint32_t first = 0;
    for (uint32_t index = 0; index < count; index++) {
      uint32_t end = first;
      do
        subprogram_of[end++] = index;
      while (end < size && !starts[end]);
      cfg_.subprograms[index].first = first;
      cfg_.subprograms[index].count = end - first;
      first = end;
    }
    cfg_.subprogram_of = subprogram_of;
    return {};
  }

  Result<void> find_loop_starts() {
    const size_t count = cfg_.back_jumps.size();
    if (count == 0)
      return {};
    const std::span<uint32_t> starts = arena_.make_unset_array<uint32_t>(count);
    if (!starts.data())
      return Error::no_memory;
    uint32_t first = UINT32_MAX;
    for (size_t i = count; i-- > 0;) {
      const uint32_t jump = cfg_.back_jumps[i];
      first = std::min(first, static_cast<uint32_t>(jump_target(jump, insns_[jump])));
      starts[i] = first;
    }
    cfg_.loop_starts = starts;
    return {};
  }

  // In room for all instructions, of which `noted` has been used.
  Result<void> note(size_t i, std::span<uint32_t> &room, std::span<const uint32_t> &noted) {
    if (!room.data())
      room = arena_.make_unset_array<uint32_t>(insns_.size());
    if (!room.data())
      return Error::no_memory;
    room[noted.size()] = static_cast<uint32_t>(i);
    noted = room.first(noted.size() + 1);
    return {};
  }

  Result<void> check_flow() {
    const bool is_alone = cfg_.subprograms.size() == 1; // then no jump leaves it
    for (const Subprogram &subprogram : cfg_.subprograms) {
      uint32_t end = subprogram.first + subprogram.count;
      for (uint32_t i = subprogram.first; i < end && !is_alone; i++) {
        if (goes_on(insns_[i]) || !is_jump(insns_[i]))
          continue;
        int64_t target = jump_target(i, insns_[i]);
        if (target < subprogram.first || target >= end)
          return reject(rejection_, RejectionId::jump_between_functions, i,
                        "the jump goes to instruction {}, outside of its function at {} to {}", target,
                        subprogram.first, end - 1);
      }
      const Insn &last = insns_[end - 1];
      if (!last.is_exit() && !is_unconditional_jump(last))
        return reject(rejection_, RejectionId::falls_off_end, end - 1,
                      "the function at instruction {} ends without exit or jump", subprogram.first);
    }
    return {};
  }

  // Every instruction lies on some path, whatever the values: code that none leads to is a slip. For programs
  // that are not all_led_to_.
  Result<void> check_reachable() {
    std::span<bool> reached = arena_.make_array<bool>(insns_.size());
    std::span<uint32_t> pending = arena_.make_unset_array<uint32_t>(insns_.size());
    if (!reached.data() || !pending.data())
      return Error::no_memory;
    size_t count = 0, found = 0;
    const auto reach = [&](size_t i) {
      if (i < insns_.size() && !reached[i]) {
        reached[i] = true;
        found++;
        pending[count++] = static_cast<uint32_t>(i);
      }
    };
    reach(0);
    while (count) {
      size_t i = pending[--count];
      const size_t first = i;
      while (goes_on(insns_[i]) && !reached[i + 1]) // no function ends with such
        reached[++i] = true;
      found += i - first;
      const Insn &insn = insns_[i];
      if (insn.is_function_address())
        reach(static_cast<size_t>(function_target(i, insn)));
      else if (is_subprogram_call(insn) || is_jump(insn))
        reach(static_cast<size_t>(jump_target(i, insn)));
      if (!insn.is_exit() && !is_unconditional_jump(insn))
        reach(i + 1);
    }
    if (found == insns_.size())
      return {};
    for (size_t i = 0; i < insns_.size(); i++)
      if (!reached[i])
        return reject(rejection_, RejectionId::unreachable_code, static_cast<uint32_t>(i),
                      "no path leads to instruction {}", i);
    return {};
  }

  Result<void> compute_liveness() {
    cfg_.live = arena_.make_array<uint16_t>(insns_.size());
    if (!cfg_.live.data())
      return Error::no_memory;
    find_live(cfg_, program_, 0, insns_.size(), bit(0));
    return {};
  }

  const RawProgram &program_;
  std::span<const Insn> insns_;
  Arena &arena_;
  Rejection &rejection_;
  Cfg cfg_;
  HelperUses helpers_;
  std::span<uint32_t> back_jumps_, helper_calls_; // room for them
  // Behind each end of a path there is a place that a jump or call before it leads to: so all of the program
  // can be reached, from its start on.
  bool all_led_to_ = true;
};

} // namespace

Result<Cfg> build_cfg(const RawProgram &program, Arena &arena, Rejection &rejection) {
  return CfgBuilder(program, arena, rejection).build();
}

void forget_unused_results(Cfg &cfg, const RawProgram &program, std::span<bool> wanted) {
  for (size_t i = 0; i < program.insns.size(); i++) {
    const Insn &insn = program.insns[i];
    if (goes_on(insn))
      continue;
    if (insn.is_function_address())
      wanted[cfg.subprogram_at(static_cast<uint32_t>(function_target(i, insn)))] = true;
    if (insn.is_call() && insn.src() == KBPF_PSEUDO_CALL && cfg.live[i + 1] & 1)
      wanted[cfg.subprogram_at(static_cast<uint32_t>(jump_target(i, insn)))] = true;
    if (insn.is_ld_imm64())
      i++;
  }
  for (size_t f = 0; f < wanted.size(); f++) {
    if (wanted[f])
      continue;
    const Subprogram &function = cfg.subprograms[f];
    std::fill_n(cfg.live.begin() + function.first, function.count, uint16_t{0});
    find_live(cfg, program, function.first, size_t{function.first} + function.count, 0);
  }
}

} // namespace kbpf
