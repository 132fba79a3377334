// SPDX-License-Identifier: MIT OR Apache-2.0
// Soundness by experiment. Random programs are verified; what is accepted runs in an interpreter that holds
// every access against the object it is meant for, in several worlds of random contents. At each instruction
// registers and stack are compared with what the verifier claimed there. Then the interpreter of the runtime
// runs the verified code, and so does machine code of the JIT: all do the same.
//   soundness [--first N] [--programs N] [--runs N] [--engines] [--hide-addresses] [--show] [--go-on]
//   [--list]
// --engines: without the verifier's claims, three times as fast. --hide-addresses: for loaders without
// CAP_PERFMON; a run that tells an address of the kernel is an error. --list: only tells the programs, a line
// each: number, type, instructions in hexadecimal (test/oracle/soundness_batch.py).
#include "claims.h"
#include "core/interp/callback.h"
#include "core/isa/disassemble.h"
#include "core/isa/encoding.h"
#include "core/verifier/cfg.h"
#include "generate.h"
#include "machine_code.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace kbpf::soundness {
namespace {

// Memory for arenas that costs nothing to give back.
class Pool {
public:
  explicit Pool(size_t bytes) : bytes_(bytes), memory_(new std::byte[bytes]) {}
  BlockSource source() {
    used_ = 0;
    return {[](void *self, size_t size) -> void * { return static_cast<Pool *>(self)->take(size); },
            [](void *, void *, size_t) {}, this};
  }

private:
  void *take(size_t size) {
    size = (size + 63) / 64 * 64;
    if (used_ + size > bytes_)
      return nullptr;
    used_ += size;
    return memory_.get() + used_ - size;
  }
  size_t bytes_, used_ = 0;
  std::unique_ptr<std::byte[]> memory_;
};

class StandardOutput final : public TextSink {
public:
  void append(std::string_view text) override { fwrite(text.data(), 1, text.size(), stdout); }
};

// Whether a walk has read the stack at a place that varies: what it finds there is a number to it, and may
// be an address where the place is known.
class VaryingLoads final : public StateObserver {
public:
  explicit VaryingLoads(std::span<const Insn> insns) : insns_(insns) {}
  void walked(const State &state) override {
    const Insn &insn = insns_[state.insn];
    if (insn.cls() != KBPF_CLASS_LDX)
      return;
    const Value &base = state.reg(insn.src());
    found_ |= base.kind == Kind::stack && !base.number.is_constant();
  }
  bool found() const { return found_; }

private:
  std::span<const Insn> insns_;
  bool found_ = false;
};

struct Counts {
  uint64_t programs = 0, accepted = 0, runs = 0, compared_runs = 0, steps = 0, same_runs = 0,
           tell_their_stack = 0;
};

class Experiment {
public:
  // Whether states are compared with what the verifier claims, or engines only.
  Experiment(bool compares_claims, bool hides_addresses)
      : compares_claims_(compares_claims), hides_addresses_(hides_addresses) {
    if (hides_addresses)
      generator_.hide_addresses();
  }
  // False: something was found, and said.
  bool judge(uint64_t seed, unsigned runs, bool show);
  void list(uint64_t seed);
  const Counts &counts() const { return counts_; }
  const Claims &claims() const { return claims_; }
  std::span<const uint64_t> refusals() const { return refusals_; }

private:
  void find_starts();
  bool complain(uint64_t seed, const std::string &what);
  bool compare_engines(uint64_t seed);
  bool depends_on_stack(const InterpreterCode &code, uint64_t result);
  bool says_nothing_of_safety(const RawProgram &raw, VerifyOptions options, const Rejection &refusal);
  bool ends_by_itself() const; // no loop in it that only the kernel ends

  const bool compares_claims_, hides_addresses_;
  Generator generator_;
  World &world_ = World::the();
  Machine machine_{World::the()};
  Claims claims_;
  Counts counts_;
  Pool scratch_pool_{size_t{64} << 20}, result_pool_{size_t{4} << 20}, interpreter_pool_{size_t{4} << 20};
  const std::vector<Insn> *insns_ = nullptr;
  Machine::Code code_{};
  uint64_t refusals_[64] = {}; // by id
};

bool Experiment::complain(uint64_t seed, const std::string &what) {
  StandardOutput out;
  printf("program %llu: %s\n", static_cast<unsigned long long>(seed), what.c_str());
  for (size_t i = 0; i < insns_->size(); i++) {
    if ((*insns_)[i].opcode == 0)
      continue;
    printf("%4zu: ", i);
    disassemble(out, *insns_, i);
    printf("\n");
  }
  return false;
}

void Experiment::find_starts() {
  code_.starts.assign(1, 0);
  for (size_t i = 0; i < insns_->size(); i++) {
    const Insn &insn = (*insns_)[i];
    if (insn.is_call() && insn.src() == KBPF_PSEUDO_CALL)
      code_.starts.push_back(static_cast<uint32_t>(jump_target(i, insn)));
    if (insn.is_ld_imm64()) {
      if (insn.src() == KBPF_PSEUDO_FUNC)
        code_.starts.push_back(static_cast<uint32_t>(function_target(i, insn)));
      i++;
    }
  }
  std::sort(code_.starts.begin(), code_.starts.end());
  code_.starts.erase(std::unique(code_.starts.begin(), code_.starts.end()), code_.starts.end());
}

// Of what is refused only where states are compared in everything. An address is refused in pieces, and in
// arithmetic; what a load from a place that varies gives is a number. More is known of the place here, so
// that the load may have found an address.
bool Experiment::says_nothing_of_safety(const RawProgram &raw, VerifyOptions options,
                                        const Rejection &refusal) {
  const std::string_view name = refusal.id ? refusal.name : "too-complex";
  if (name == "too-complex" || name == "infinite-loop")
    return true;
  // An address is not to be overwritten in part. Where nobody reads what is left, states differ in nothing.
  if (name == "address-leak" &&
      std::string_view(refusal.message).find("is overwritten") != std::string_view::npos)
    return true;
  if (name != "partial-address" && name != "pointer-arithmetic")
    return false;
  VaryingLoads loads(*insns_);
  options.walked = &loads;
  options.compares_everything = false;
  Arena scratch(scratch_pool_.source(), size_t{64} << 20);
  Arena discarded(interpreter_pool_.source(), size_t{4} << 20);
  Rejection rejection;
  VerifyStats stats;
  return verify(raw, options, scratch, discarded, rejection, stats).ok() && loads.found();
}

bool Experiment::ends_by_itself() const {
  return std::none_of(insns_->begin(), insns_->end(),
                      [](const Insn &insn) { return insn.opcode != 0 && is_iteration(insn, kKbpfProfile); });
}

// Whether the program tells where its stack is, as when it computes with the address of a frame: in other
// places the same engine gives another result, or leaves other memory behind. Then machine code may as well,
// which has its frames where it wants.
bool Experiment::depends_on_stack(const InterpreterCode &code, uint64_t result) {
  constexpr size_t kBytes = KBPF_MAX_CALL_FRAMES * 512;
  alignas(4096) static std::byte stacks[1 << 20];
  for (size_t place : {size_t{0}, size_t{0x1050}, size_t{0x7f330}, size_t{0xeaaa0}, size_t{0xfeff8}}) {
    world_.restore();
    world_.call_back = run_callback;
    const uint64_t other = interpret(code, world_.context(), std::span(stacks).subspan(place, kBytes));
    if (other != result || !world_.difference().empty())
      return true;
  }
  return false;
}

// The runtime's engines run what fix-up made of the program.
bool Experiment::compare_engines(uint64_t seed) {
  const uint64_t result = machine_.result();
  world_.restore();
  world_.call_back = run_callback;
  Arena arena(interpreter_pool_.source(), size_t{4} << 20);
  const Environment environment{World::helper};
  Result<const InterpreterCode *> code = translate(*code_.verified, environment, arena);
  if (!code.ok())
    return complain(seed, "it could not be translated");
  counts_.same_runs++;
  const uint64_t other =
      interpret(**code, world_.context(), world_.stack().first(KBPF_MAX_CALL_FRAMES * 512));
  if (other != result)
    return complain(seed, "the engines return " + std::to_string(result) + " and " + std::to_string(other));
  if (const std::string difference = world_.difference(); !difference.empty())
    return complain(seed, "the engines leave different memory behind: " + difference);

  if (machine_.depends_on_frames())
    return true;
  world_.restore();
  std::string error;
  const uint64_t compiled = run_machine_code(*code_.verified, static_cast<unsigned>(seed % 4), error);
  if (!error.empty())
    return complain(seed, "machine code: " + error);
  const std::string difference = world_.difference();
  if (compiled == result && difference.empty())
    return true;
  if (!hides_addresses_ && depends_on_stack(**code, result)) {
    counts_.tell_their_stack++;
    return true;
  }
  return complain(seed, compiled != result ? "machine code returns " + std::to_string(compiled) + ", not " +
                                                 std::to_string(result)
                                           : "machine code leaves different memory behind: " + difference);
}

void Experiment::list(uint64_t seed) {
  const std::vector<Insn> &insns = generator_.make(seed);
  printf("%llu %u ", static_cast<unsigned long long>(seed), generator_.type());
  for (const std::byte byte : std::as_bytes(std::span(insns)))
    printf("%02x", static_cast<unsigned>(byte));
  printf("\n");
}

bool Experiment::judge(uint64_t seed, unsigned runs, bool show) {
  counts_.programs++;
  insns_ = &generator_.make(seed);
  RawProgram raw{*insns_, world_.maps(), &kKbpfProfile, kKbpfProfile.prog_type(generator_.type()),
                 true,    false};
  raw.hides_addresses = hides_addresses_;
  raw.told = told_bit(kGetSmpProcessorId);
  Rejection rejection;
  VerifyStats stats, claim_stats;
  constexpr uint32_t kMostWalked = 6000;
  VerifyOptions options;
  options.max_processed_insns = kMostWalked;
  StandardOutput out;
  if (show) {
    options.log = &out;
    options.log_level = 2;
  }
  Arena result_arena(result_pool_.source(), size_t{4} << 20);
  Result<VerifiedProgram> verified = [&] {
    Arena scratch(scratch_pool_.source(), size_t{64} << 20);
    return verify(raw, options, scratch, result_arena, rejection, stats);
  }();
  if (!verified.ok()) {
    refusals_[rejection.id % 64]++;
    return true;
  }
  counts_.accepted++;
  code_.raw = &raw;
  code_.verified = &*verified;
  find_starts();
  if (code_.starts.size() != verified->subprograms().size())
    return complain(seed, "functions are not as many as those of the verified program");

  // Once more, with every state told, and none left out because it does not matter.
  options.log = nullptr;
  options.log_level = 0;
  options.walked = &claims_;
  options.compares_everything = true;
  options.max_processed_insns = 5 * kMostWalked;
  claims_.begin(insns_->size());
  bool has_claims = false;
  if (compares_claims_) {
    Arena scratch(scratch_pool_.source(), size_t{64} << 20);
    Pool &pool = interpreter_pool_;
    Arena discarded(pool.source(), size_t{4} << 20);
    Rejection claim_rejection;
    const Result<VerifiedProgram> again =
        verify(raw, options, scratch, discarded, claim_rejection, claim_stats);
    has_claims = again.ok() && claims_.is_complete();
    if (!again.ok() && !says_nothing_of_safety(raw, options, claim_rejection))
      return complain(seed, std::string("where every state is compared in everything, it is refused at ") +
                                std::to_string(claim_rejection.insn) + ": " + claim_rejection.message);
  }
  const bool ends = ends_by_itself();
  for (unsigned run = 0; run < runs; run++) {
    world_.fill(*raw.type, seed * 16 + run);
    constexpr uint32_t kMostSteps = 20000;
    machine_.run(code_, has_claims ? &claims_ : nullptr, kMostSteps);
    world_.keep();
    if (!machine_.is_unfinished() && machine_.fault().empty())
      machine_.run_timers();
    counts_.runs++;
    counts_.compared_runs += has_claims;
    counts_.steps += machine_.steps();
    const std::string where = ", run " + std::to_string(run);
    if (!machine_.fault().empty())
      return complain(seed, machine_.fault() + where);
    if (has_claims && !claims_.fault().empty())
      return complain(seed, claims_.fault() + where);
    if (machine_.is_unfinished()) {
      if (ends && !world_.is_exhausted())
        return complain(seed, "it does not end" + where);
      // The kernel ends its loops soon here, too.
      constexpr uint32_t kEndless = 1u << 21;
      world_.fill(*raw.type, seed * 16 + run);
      machine_.run(code_, nullptr, kEndless);
      if (machine_.is_unfinished() && !world_.is_exhausted())
        return complain(seed, "it does not end, although the kernel ends its loops" + where);
      continue;
    }
    if (ends && machine_.steps() > stats.longest_path)
      return complain(seed, std::to_string(machine_.steps()) +
                                " instructions are run, and the longest path has " +
                                std::to_string(stats.longest_path) + where);
    if (ends && machine_.timer_steps() > stats.longest_path)
      return complain(seed, std::to_string(machine_.timer_steps()) +
                                " instructions of a timer's function are run, and the longest path has " +
                                std::to_string(stats.longest_path) + where);
    if (!machine_.was_cut() && !compare_engines(seed))
      return false;
  }
  return true;
}

} // namespace
} // namespace kbpf::soundness

int main(int argc, char **argv) {
  using namespace kbpf::soundness;
  uint64_t first = 0, programs = 100000;
  unsigned runs = 3;
  bool show = false, goes_on = false, engines_only = false, hides_addresses = false, lists = false;
  for (int i = 1; i < argc; i++) {
    const std::string option = argv[i];
    const auto number = [&] { return i + 1 < argc ? strtoull(argv[++i], nullptr, 10) : 0; };
    if (option == "--first")
      first = number();
    else if (option == "--programs")
      programs = number();
    else if (option == "--runs")
      runs = static_cast<unsigned>(number());
    else if (option == "--show")
      show = true;
    else if (option == "--go-on")
      goes_on = true;
    else if (option == "--engines")
      engines_only = true;
    else if (option == "--hide-addresses")
      hides_addresses = true;
    else if (option == "--list")
      lists = true;
    else
      return fprintf(
                 stderr,
                 "soundness [--first N] [--programs N] [--runs N] [--engines] [--hide-addresses] [--show] "
                 "[--go-on] [--list]\n"),
             2;
  }
  static Experiment experiment(!engines_only, hides_addresses);
  for (uint64_t seed = first; lists && seed < first + programs; seed++)
    experiment.list(seed);
  if (lists)
    return 0;
  uint64_t found = 0;
  for (uint64_t seed = first; seed < first + programs; seed++) {
    if (!experiment.judge(seed, runs, show)) {
      found++;
      fflush(stdout);
    }
    if (found && !goes_on)
      break;
    if ((seed + 1 - first) % 1000000 == 0) {
      printf("%llu programs, %llu accepted, %llu runs\n",
             static_cast<unsigned long long>(experiment.counts().programs),
             static_cast<unsigned long long>(experiment.counts().accepted),
             static_cast<unsigned long long>(experiment.counts().runs));
      fflush(stdout);
    }
  }
  const Counts &counts = experiment.counts();
  const auto print = [](const char *what, uint64_t value) {
    printf("%s %llu\n", what, static_cast<unsigned long long>(value));
  };
  print("programs", counts.programs);
  print("accepted", counts.accepted);
  print("runs", counts.runs);
  print("runs with claims", counts.compared_runs);
  print("instructions run", counts.steps);
  print("values compared with claims", experiment.claims().compared());
  print("runs in both engines", counts.same_runs);
  print("runs of them that tell where their stack is, and differ", counts.tell_their_stack);
  print("found", found);
  if (show)
    for (size_t id = 0; id < experiment.refusals().size(); id++)
      if (experiment.refusals()[id])
        printf("V%03zu %llu\n", id, static_cast<unsigned long long>(experiment.refusals()[id]));
  return found != 0;
}
