// SPDX-License-Identifier: MIT OR Apache-2.0
// A target is parsed as a whole: what is left over is an error, not ignored. The kind ends at the first '$';
// symbols may contain more of them (Rust's mangled names do).
#include "kernel/probes/target.h"
#include "abi/attr.h"
#include <algorithm>

namespace kbpf::probes {
namespace {

enum ProgType : uint32_t {
#define KBPF_PROG_TYPE(number, name, NAME, context, since, text) NAME = number,
#define KBPF_SECTION(prefix, prog_type, attach_kind, extra, since)
#define KBPF_ATTACH_KIND(number, name, text, prog_type, since)
#include "abi/prog_types.def"
#undef KBPF_PROG_TYPE
#undef KBPF_ATTACH_KIND
};

struct Kind {
  AttachKind kind;
  std::string_view text;
  ProgType prog_type;
};

constexpr Kind kKinds[] = {
#define KBPF_PROG_TYPE(number, name, NAME, context, since, text)
#define KBPF_ATTACH_KIND(number, name, text, prog_type, since) {AttachKind::name, text, prog_type},
#include "abi/prog_types.def"
#undef KBPF_PROG_TYPE
#undef KBPF_ATTACH_KIND
#undef KBPF_SECTION
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_in_any_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

const Kind *find_kind(std::string_view text) {
  for (const Kind &kind : kKinds)
    if (equal_in_any_case(kind.text, text))
      return &kind;
  return nullptr;
}

struct Offset {
  std::string_view symbol; // empty: value is an address
  uint64_t value;
};

// Splits "symbol+0xOFF" or "0xADDRESS". Error invalid where text does not have this form.
Result<Offset> split_offset(std::string_view text) {
  constexpr std::string_view kMark = "+0x", kAddress = "0x";
  const bool is_address = text.starts_with(kAddress);
  const size_t mark = is_address ? 0 : text.rfind(kMark);
  if (mark == std::string_view::npos || (mark == 0 && !is_address))
    return Error::invalid;
  const std::string_view digits = text.substr(mark + (is_address ? kAddress : kMark).size());
  uint64_t value = 0;
  for (char c : digits) {
    const char digit = lower(c);
    const bool decimal = digit >= '0' && digit <= '9';
    if (!decimal && (digit < 'a' || digit > 'f'))
      return Error::invalid;
    value = value << 4 | static_cast<uint64_t>(decimal ? digit - '0' : digit - 'a' + 10);
  }
  if (digits.empty() || digits.size() > 16)
    return Error::invalid;
  return Offset{text.substr(0, mark), value};
}

// The functions that a name matches; one address counts once, whatever it is called.
struct Matches {
  static constexpr size_t kListed = 8;
  kbpf_symbol first[kListed];
  size_t count = 0;
  explicit Matches(std::string_view name) { kbpf_port_symbol_lookup(name.data(), name.size(), visit, this); }

  static int visit(void *user, const kbpf_symbol *symbol) {
    Matches &matches = *static_cast<Matches *>(user);
    for (size_t i = 0; i < matches.count; i++)
      if (matches.first[i].address == symbol->address)
        return 0;
    if (matches.count == kListed)
      return 1;
    matches.first[matches.count++] = *symbol;
    return 0;
  }
};

// Code of the runtime itself: probing it would make a probe fire while a probe is handled.
bool is_own_code(const kbpf_symbol &symbol) {
  std::string_view name = symbol.name;
  for (std::string_view prefix : {"kbpf_", "_ZN4kbpf", "_ZNK4kbpf", "_ZZN4kbpf", "_ZZNK4kbpf"})
    if (name.starts_with(prefix))
      return true;
  return false;
}

Result<kbpf_symbol> only_match(const Matches &matches, std::string_view name, TextSink &why) {
  if (matches.count == 0) {
    print(why, "no function is called {}\n", name);
    return Error::not_found;
  }
  if (matches.count == 1)
    return matches.first[0];
  print(why, "{} matches several functions:", name);
  for (size_t i = 0; i < matches.count; i++)
    print(why, "{} {} at {x}", i ? "," : "", matches.first[i].demangled, matches.first[i].address);
  why.append(matches.count == Matches::kListed ? ", ...\n" : "\n");
  return Error::ambiguous;
}

Result<kbpf_symbol> function_at(uint64_t address, TextSink &why) {
  kbpf_symbol symbol;
  if (kbpf_port_symbol_at(address, &symbol) == 0)
    return symbol;
  print(why, "no function is at {x}\n", address);
  return Error::not_found;
}

struct Word {
  uint32_t value;
  unsigned length; // of the instruction that starts there
};

// The instruction word at pc as it is without probes.
Result<Word> original_word(uintptr_t pc) {
  if (const Site *site = find_site(pc))
    return Word{site->insn.encoding, site->insn.length};
  uint16_t halfwords[2] = {};
  if (kbpf_port_read_kernel(&halfwords[0], pc, sizeof(halfwords[0])) != 0)
    return Error::bad_address;
  const unsigned length = instruction_length(halfwords[0]);
  if (length > 2 && kbpf_port_read_kernel(&halfwords[1], pc + 2, sizeof(halfwords[1])) != 0)
    return Error::bad_address;
  return Word{halfwords[0] | uint32_t(halfwords[1]) << 16, length};
}

Result<void> check_may_probe(const Target &target, TextSink &why) {
  if (!is_own_code(target.symbol) && kbpf_port_may_probe(target.address))
    return {};
  print(why, "{} is code that handles probes: it may not be probed\n", target.symbol.demangled);
  return Error::not_permitted;
}

} // namespace

Result<NamedPlace> split_target(std::string_view text, TextSink &why) {
  const size_t separator = text.find('$');
  if (separator == std::string_view::npos) {
    print(why, "{}: a target has the form kind$symbol\n", text);
    return Error::invalid;
  }
  const Kind *kind = find_kind(text.substr(0, separator));
  if (!kind) {
    print(why, "{}: no such kind of probe; there are:", text.substr(0, separator));
    for (const Kind &known : kKinds)
      print(why, " {}", known.text);
    why.append("\n");
    return Error::invalid;
  }
  return NamedPlace{kind->kind, kind->prog_type, text.substr(separator + 1)};
}

Result<Target> resolve_target(std::string_view text, TextSink &why) {
  const NamedPlace place = KBPF_TRY(split_target(text, why));
  const std::string_view name = place.name;
  if (is_event(place.kind)) {
    print(why, "{}: an event is no function\n", text);
    return Error::invalid;
  }
  Target target;
  target.kind = place.kind;
  target.prog_type = place.prog_type;
  Matches whole(name);
  Result<Offset> offset = split_offset(name);
  if (whole.count || !offset) {
    target.symbol = KBPF_TRY(only_match(whole, name, why));
    target.address = target.symbol.address;
  } else {
    if (offset->symbol.empty()) {
      target.symbol = KBPF_TRY(function_at(offset->value, why));
      offset->value -= target.symbol.address;
    } else {
      target.symbol = KBPF_TRY(only_match(Matches(offset->symbol), offset->symbol, why));
    }
    if (offset->value && target.kind != AttachKind::kprobe) {
      print(why, "{}: only a kprobe may be put inside a function\n", text);
      return Error::invalid;
    }
    if (offset->value && offset->value >= target.symbol.size) {
      print(why, "{} has {} bytes only\n", target.symbol.demangled, target.symbol.size);
      return Error::invalid;
    }
    target.address = target.symbol.address + offset->value;
  }

  KBPF_TRY(check_may_probe(target, why));
  return target;
}

Result<Target> target_of(const TracingTarget &tracing, TextSink &why) {
  Target target;
  target.kind = tracing.attach_type == KBPF_TRACE_FENTRY  ? AttachKind::fentry
                : tracing.attach_type == KBPF_TRACE_FEXIT ? AttachKind::fexit
                                                          : AttachKind::fmod_ret;
  target.prog_type = TRACING;
  target.symbol = tracing.function;
  target.address = tracing.function.address;
  KBPF_TRY(check_may_probe(target, why));
  return target;
}

Result<NativeInsn> instruction_of(const Target &target, TextSink &why) {
  const char *name = target.symbol.demangled;
  const uintptr_t offset = target.address - target.symbol.address;
  bool in_reservation = false;
  for (uintptr_t pc = target.symbol.address; pc <= target.address;) {
    Result<Word> word = original_word(pc);
    if (!word) {
      print(why, "{}+{x} cannot be read\n", name, pc - target.symbol.address);
      return word.error();
    }
    const DecodedNative decoded = decode_native(word->value);
    if (pc == target.address) {
      const char *refusal = decoded.refusal;
      if (!refusal && in_reservation)
        refusal = "the instruction lies between lr and sc, where a trap may make sc fail for ever";
      if (!refusal)
        return decoded.insn;
      print(why, "{}+{x}: {}\n", name, offset, refusal);
      return Error::invalid;
    }
    if (decoded.reservation != Reservation::unchanged)
      in_reservation = decoded.reservation == Reservation::loads;
    pc += word->length;
  }
  print(why, "{}+{x} is not the start of an instruction\n", name, offset);
  return Error::invalid;
}

} // namespace kbpf::probes
