// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/path_notes.h"
#include "bpfcc/relocator/advice.h"
#include "bpfcc/relocator/condition.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace bpfcc {
namespace {

using Kind = kbpf::PathStep::Kind;

std::string number_text(__int128 value) {
  return value < 0 ? concat("-", static_cast<uint64_t>(-value))
                   : std::to_string(static_cast<uint64_t>(value));
}

// "0 to 16"; empty where nothing is known.
std::string range_text(const kbpf::Value &value, bool is_short, bool is_signed) {
  if (!value.is_scalar())
    return {};
  const kbpf::Range64 &whole = value.number.r64;
  const kbpf::Range32 &half = value.number.r32;
  __int128 low, high;
  bool is_known;
  if (is_short) {
    is_signed |= half.umax > INT32_MAX && (half.smin != INT32_MIN || half.smax != INT32_MAX);
    low = is_signed ? __int128(half.smin) : half.umin;
    high = is_signed ? __int128(half.smax) : half.umax;
    is_known = is_signed ? half.smin != INT32_MIN || half.smax != INT32_MAX
                         : half.umin != 0 || half.umax != UINT32_MAX;
  } else {
    is_signed |= whole.umax > INT64_MAX && (whole.smin != INT64_MIN || whole.smax != INT64_MAX);
    low = is_signed ? __int128(whole.smin) : whole.umin;
    high = is_signed ? __int128(whole.smax) : whole.umax;
    is_known = is_signed ? whole.smin != INT64_MIN || whole.smax != INT64_MAX
                         : whole.umin != 0 || whole.umax != UINT64_MAX;
  }
  if (!is_known)
    return {};
  if (low == high)
    return number_text(low);
  if (is_signed && low == (is_short ? __int128(INT32_MIN) : __int128(INT64_MIN)))
    return concat("at most ", number_text(high));
  if (high == (is_signed  ? is_short ? __int128(INT32_MAX) : __int128(INT64_MAX)
                : is_short ? __int128(UINT32_MAX)
                          : __int128(UINT64_MAX)))
    return concat("at least ", number_text(low));
  return concat(number_text(low), " to ", number_text(high));
}

bool is_identifier(std::string_view text) {
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
}

std::string helper_name(const Image &image, const Program &program, uint32_t insn) {
  const kbpf::HelperProto *proto = image.profile().helper(static_cast<uint32_t>(program.code[insn].imm));
  return proto ? concat("bpf_", proto->name) : std::string("the helper");
}

class Narrator {
public:
  Narrator(const Image &image, const Program &program)
      : image_(image), program_(program), source_(image, program) {}

  // What a step tells; false: nothing.
  bool tell(const TracedStep &traced, PathNote &note) const {
    if (!source_.locate(traced.step.insn, note.where))
      return false;
    switch (traced.step.kind) {
    case Kind::branch:
      return branch(traced, note);
    case Kind::call:
      note.text = concat("calls ", quoted(source_.function(traced.step.next)));
      return true;
    case Kind::callback:
      note.text = concat(helper_name(image_, program_, traced.step.insn), " calls ",
                         quoted(source_.function(traced.step.next)));
      return traced.step.taken;
    case Kind::timer:
      note.text = concat("later, the timer calls ", quoted(source_.function(traced.step.next)));
      return true;
    case Kind::element:
      note.text =
          traced.step.taken ? "assuming there is another element" : "assuming there is no further element";
      return true;
    case Kind::no_packet:
      note.text = "assuming the packet has no such byte, which ends the function";
      return true;
    case Kind::plain:
    case Kind::leave:
      break;
    }
    return false;
  }

  // A call that has come back.
  bool tell_return(const TracedStep &call, const TracedStep &leave, PathNote &note) const {
    std::string range = range_text(leave.dst, false, false);
    if (range.empty() || !source_.locate(call.step.insn, note.where))
      return false;
    note.text = concat(quoted(source_.function(call.step.next)), " returns ", range);
    return call.step.kind == Kind::call;
  }

private:
  bool branch(const TracedStep &traced, PathNote &note) const {
    const kbpf::PathStep &step = traced.step;
    const kbpf::Insn &insn = program_.code[step.insn];
    if (insn.is_may_goto()) {
      note.text =
          step.taken ? "assuming the kernel ends the loop here" : "assuming the kernel lets the loop go on";
      return true;
    }
    const DecidedJump jump{insn,
                           step.taken,
                           traced.dst,
                           traced.src,
                           source_.variable(step.insn, insn.dst()),
                           insn.src_is_reg() ? source_.variable(step.insn, insn.src()) : std::string_view()};
    const std::optional<Condition> condition = condition_at(note.where.text, note.where.column);
    const std::optional<bool> truth = condition ? truth_of(*condition, jump) : std::nullopt;
    if (truth) {
      note.text = step.is_forced
                      ? concat(quoted(condition->text), " is ", *truth ? "true" : "false")
                      : concat("assuming ", quoted(condition->text), " is ", *truth ? "true" : "false");
    } else {
      SourceLocation next;
      if (!source_.locate(step.next, next) || (next.file == note.where.file && next.line == note.where.line))
        return false;
      note.text = concat(step.is_forced ? "goes on at line " : "assuming this goes on at line ", next.line);
    }
    values(condition, truth.has_value(), jump, note.text);
    return true;
  }

  // What is known of the two sides then.
  static void values(const std::optional<Condition> &condition, bool is_sure, const DecidedJump &jump,
                     std::string &text) {
    const uint8_t code = jump.insn.code();
    const bool is_short = jump.insn.cls() == KBPF_CLASS_JMP32,
               is_signed = code == KBPF_JMP_JSGT || code == KBPF_JMP_JSGE || code == KBPF_JMP_JSLT ||
                           code == KBPF_JMP_JSLE;
    std::string_view name = jump.dst_name;
    if (name.empty() && is_sure && condition->relation && is_identifier(condition->left) &&
        !jump.insn.src_is_reg())
      name = condition->left;
    const auto add = [&](std::string_view variable, const kbpf::Value &value) {
      std::string range = range_text(value, is_short, is_signed);
      if (!variable.empty() && !range.empty())
        text += concat("; ", quoted(variable), " is ", range);
    };
    add(name, jump.dst);
    if (jump.insn.src_is_reg() && jump.src_name != name)
      add(jump.src_name, jump.src);
  }

  const Image &image_;
  const Program &program_;
  ProgramSource source_;
};

// The register that a message names first, "r2"; nothing: none.
std::optional<uint32_t> named_register(std::string_view message) {
  for (size_t at = 0; at + 1 < message.size(); at++)
    if (message[at] == 'r' && std::isdigit(static_cast<unsigned char>(message[at + 1])) &&
        (at == 0 || message[at - 1] == ' '))
      return static_cast<uint32_t>(message[at + 1] - '0');
  return std::nullopt;
}

std::optional<uint32_t> named_instruction(std::string_view message, size_t &begin, size_t &end) {
  constexpr std::string_view kAt = "at instruction ";
  begin = message.find(kAt);
  if (begin == std::string_view::npos)
    return std::nullopt;
  uint32_t insn = 0;
  const char *first = message.data() + begin + kAt.size();
  auto [rest, error] = std::from_chars(first, message.data() + message.size(), insn);
  end = static_cast<size_t>(rest - message.data());
  return error == std::errc() ? std::optional(insn) : std::nullopt;
}

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

// "'table' (64 bytes)"; empty: none.
std::string memory_text(const std::optional<NamedMemory> &memory) {
  return memory ? concat(quoted(memory->name), " (", memory->size, memory->size == 1 ? " byte)" : " bytes)")
                : std::string();
}

// Of an access by an instruction of C that is an element's; empty: it is none.
std::string index_text(const std::optional<NamedMemory> &memory, const kbpf::Value &pointer,
                       const kbpf::Insn &insn) {
  if (!memory || memory->element_size == 0 || insn.is_jump_class())
    return {};
  const int64_t element = static_cast<int64_t>(memory->element_size);
  const kbpf::Range64 &range = pointer.number.r64;
  const int64_t first = range.smin + insn.off - memory->begin, last = range.smax + insn.off - memory->begin;
  const std::string known = concat(quoted(memory->name), " has ", memory->size / memory->element_size,
                                   memory->size == memory->element_size ? " element" : " elements");
  constexpr int64_t kFar = int64_t(1) << 31;
  if (first < 0 || last > kFar)
    return concat(known, "; the index here has no bound");
  return concat(known, "; the index here is ", first / element,
                first / element == last / element ? "" : concat(" to ", last / element));
}

} // namespace

std::vector<PathNote> path_notes(const Image &image, const Program &program, const PathTrace &trace,
                                 size_t most, size_t &left_out) {
  const Narrator narrator(image, program);
  const std::vector<TracedStep> steps = trace.steps();
  struct Told {
    PathNote note;
    size_t at;                // of its last time in the path
    std::set<uint32_t> insns; // that are this place
  };
  // Notes by their place: a place that is passed again and again, or that was unrolled, is told once, as it
  // was the last time. Those of a function that has returned are dropped.
  std::map<std::pair<std::string, std::pair<unsigned, unsigned>>, Told> told;
  struct Call {
    size_t at;
    std::vector<decltype(told)::key_type> within; // and the call's own
  };
  std::vector<Call> calls;
  const auto put = [&](size_t at, PathNote note) {
    std::pair key(note.where.file, std::pair(note.where.line, note.where.column));
    auto [place, is_new] = told.try_emplace(key);
    place->second.insns.insert(steps[at].step.insn);
    place->second.at = at;
    place->second.note = std::move(note);
    if (!calls.empty() && is_new)
      calls.back().within.push_back(key);
    return key;
  };
  for (size_t at = 0; at < steps.size(); at++) {
    const TracedStep &traced = steps[at];
    PathNote note;
    if (traced.step.kind == Kind::leave) {
      if (calls.empty())
        continue;
      const Call call = std::move(calls.back());
      calls.pop_back();
      for (const auto &key : call.within)
        told.erase(key);
      if (narrator.tell_return(steps[call.at], traced, note))
        put(at, std::move(note));
      continue;
    }
    std::vector<decltype(told)::key_type> own;
    if (narrator.tell(traced, note))
      own.push_back(put(at, std::move(note)));
    if (traced.step.kind == Kind::call || traced.step.kind == Kind::timer ||
        (traced.step.kind == Kind::callback && traced.step.taken))
      calls.push_back({at, std::move(own)});
  }
  std::vector<Told> in_order;
  for (auto &[key, one] : told)
    in_order.push_back(std::move(one));
  std::sort(in_order.begin(), in_order.end(), [](const Told &a, const Told &b) { return a.at < b.at; });
  left_out = in_order.size() > most ? in_order.size() - most : 0;
  std::vector<PathNote> notes;
  for (size_t i = left_out; i < in_order.size(); i++) {
    uint64_t times = 0;
    for (uint32_t insn : in_order[i].insns)
      times += trace.times(insn);
    if (times > 1)
      in_order[i].note.text += concat(" (the last of ", times, " times)");
    notes.push_back(std::move(in_order[i].note));
  }
  return notes;
}

std::string source_message(const Image &image, const Program &program, const kbpf::Rejection &rejection,
                           const PathTrace &trace) {
  const ProgramSource source(image, program);
  std::string message = with_map_names(image, rejection.message);
  size_t begin = 0, end = 0;
  SourceLocation where;
  if (auto insn = named_instruction(message, begin, end); insn && source.locate(*insn, where))
    message.replace(begin, end - begin, concat("in line ", where.line));
  const bool is_call = program.code[rejection.insn].is_call();
  std::string out;
  for (size_t at = 0; at < message.size(); at++) {
    const bool is_register =
        message[at] == 'r' && at + 1 < message.size() &&
        std::isdigit(static_cast<unsigned char>(message[at + 1])) && (at == 0 || message[at - 1] == ' ') &&
        (at + 2 == message.size() || !std::isalnum(static_cast<unsigned char>(message[at + 2])));
    const uint32_t reg = is_register ? static_cast<uint32_t>(message[at + 1] - '0') : 0;
    const std::string_view name = is_register ? source.variable(rejection.insn, reg) : std::string_view();
    const std::string memory = is_register && reg < trace.registers().size()
                                   ? memory_text(source.memory(rejection.insn, trace.registers()[reg]))
                                   : std::string();
    if (is_register && is_call && reg >= 1 && reg <= 5)
      out += !memory.empty() ? concat("argument ", reg, ", ", memory)
             : name.empty()  ? concat("argument ", reg)
                             : concat("argument ", reg, " (", quoted(name), ")");
    else if (is_register && !memory.empty())
      out += name.empty() ? memory : concat(quoted(name), ", in ", memory);
    else if (is_register && !name.empty())
      out += quoted(name);
    else if (is_register && out.ends_with(" bytes at ") && message.substr(at + 2).starts_with(": offset"))
      at += std::string_view(": ").size(); // "at offset 3": a register without a name tells nothing
    else if (is_register && out.ends_with(" bytes at ") && message.substr(at + 2).starts_with(":"))
      out.resize(out.size() - std::string_view(" at ").size());
    else if (is_register)
      out += message.substr(at, 2);
    else
      out += message[at];
    at += is_register;
  }
  constexpr std::string_view kOne = "1 bytes ", kOneColon = "1 bytes:";
  if (out.starts_with(kOne) || out.starts_with(kOneColon))
    out.erase(std::string_view("1 byte").size(), 1);
  return out;
}

// A parameter behind the first, of the program itself: nobody passes it.
bool is_second_argument(const Image &image, const Program &program, const kbpf::Rejection &rejection,
                        std::optional<uint32_t> reg) {
  const Function &entry = image.functions[program.function];
  if (static_cast<kbpf::RejectionId>(rejection.id) != kbpf::RejectionId::uninitialised_register || !reg ||
      *reg < 2 || *reg > 5 || rejection.insn >= entry.count || !entry.btf_id)
    return false;
  const BtfType &prototype = image.btf.type(image.btf.type(entry.btf_id).size_or_type);
  return prototype.kind == BtfKind::function_proto && prototype.count >= *reg;
}

std::vector<PathNote> cause_notes(const Image &image, const Program &program,
                                  const kbpf::Rejection &rejection, const PathTrace &trace) {
  const ProgramSource source(image, program);
  std::vector<PathNote> notes;
  size_t begin = 0, end = 0;
  PathNote note;
  const auto id = static_cast<kbpf::RejectionId>(rejection.id);
  const bool is_held = id == kbpf::RejectionId::unreleased_reference || id == kbpf::RejectionId::spin_lock;
  if (auto insn = named_instruction(rejection.message, begin, end);
      is_held && insn && source.locate(*insn, note.where)) {
    note.text = id == kbpf::RejectionId::spin_lock ? "taken here" : "acquired here";
    notes.push_back(note);
  }
  const auto reg = named_register(rejection.message);
  const kbpf::Value *value = reg && *reg < trace.registers().size() ? &trace.registers()[*reg] : nullptr;
  const uint32_t *origin = value && value->may_be_null() ? trace.origin(value->id) : nullptr;
  if (origin && source.locate(*origin, note.where)) {
    note.text = concat(helper_name(image, program, *origin), " gives it here, or null");
    notes.push_back(note);
  }
  const uint32_t *taken_away = value && value->is_scalar() ? trace.taken_away(*reg) : nullptr;
  if (taken_away && source.locate(*taken_away, note.where)) {
    note.text = concat(helper_name(image, program, *taken_away),
                       " takes away what it pointed to; it can't be used after that");
    notes.push_back(note);
    return notes;
  }
  if (value && source.locate(rejection.insn, note.where) &&
      (id == kbpf::RejectionId::stack_out_of_bounds || id == kbpf::RejectionId::map_value_out_of_bounds)) {
    note.text = index_text(source.memory(rejection.insn, *value), *value, program.code[rejection.insn]);
    note.where.text.clear(); // the error has shown it
    if (!note.text.empty())
      notes.push_back(note);
  }
  note.text = is_second_argument(image, program, rejection, reg)
                  ? "a program gets one argument, its context; BPF_KPROBE(name, ...) and its like name what a "
                    "traced function was called with"
                  : advice(rejection, value, program.code[rejection.insn]);
  if (!note.text.empty() && source.locate(rejection.insn, note.where)) {
    note.where.text.clear(); // the error has shown it
    notes.push_back(note);
  }
  return notes;
}

} // namespace bpfcc
