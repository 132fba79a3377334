// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/condition.h"
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <vector>

namespace bpfcc {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return text;
}

// [begin, end) of a line.
struct Span {
  size_t begin, end;
  bool contains(size_t at) const { return at >= begin && at < end; }
};

// The closing bracket that matches the opening one; the line's end where it is on another line.
size_t matching(std::string_view line, size_t open) {
  int depth = 0;
  for (size_t at = open; at < line.size(); at++) {
    depth += line[at] == '(' || line[at] == '[';
    depth -= line[at] == ')' || line[at] == ']';
    if (depth == 0)
      return at;
  }
  return line.size();
}

// Calls found(position) for each place of a text, brackets closed, where one of the words stands.
template <typename Found> void for_each_at_top(std::string_view line, Span span,
                                               std::initializer_list<std::string_view> words, Found found) {
  for (size_t at = span.begin; at < span.end; at++) {
    if (line[at] == '(' || line[at] == '[') {
      at = matching(line, at);
      continue;
    }
    for (std::string_view word : words)
      if (line.substr(at, word.size()) == word) {
        found(Span{at, at + word.size()});
        at += word.size() - 1;
        break;
      }
  }
}

// What a statement decides by: the brackets behind if or while, the middle of for's, what stands before '?'.
std::optional<Span> deciding_part(std::string_view line, size_t column, bool &is_loop) {
  std::optional<Span> found;
  for (std::string_view keyword : {"if", "while", "for"}) {
    for (size_t at = line.find(keyword); at != std::string_view::npos; at = line.find(keyword, at + 1)) {
      const size_t open = line.find_first_not_of(' ', at + keyword.size());
      if ((at && is_word(line[at - 1])) || open == std::string_view::npos || line[open] != '(')
        continue;
      const Span brackets{open + 1, matching(line, open)};
      if (column < at || column > brackets.end || (found && found->begin > brackets.begin))
        continue;
      found = brackets;
      is_loop = keyword != "if";
      if (keyword == "for") {
        std::vector<size_t> semicolons;
        for_each_at_top(line, brackets, {";"},
                        [&](Span semicolon) { semicolons.push_back(semicolon.begin); });
        if (semicolons.size() != 2)
          return std::nullopt;
        found = Span{semicolons[0] + 1, semicolons[1]};
      }
    }
  }
  const size_t question = line.find('?', found && found->contains(column) ? found->end : column);
  if (!found && question != std::string_view::npos) {
    size_t begin = 0;
    for_each_at_top(line, {0, question}, {"return", "==", "!=", "<=", ">=", "=", ",", ";"}, [&](Span word) {
      if (line[word.begin] == 'r' || (word.end - word.begin == 1))
        begin = word.end;
    });
    found = Span{begin, question};
  }
  return found;
}

// The operand of && and || that holds the column, brackets opened.
std::optional<Span> operand_at(std::string_view line, Span part, size_t column) {
  for (;;) {
    std::vector<Span> operands;
    size_t begin = part.begin;
    for_each_at_top(line, part, {"&&", "||"}, [&](Span word) {
      operands.push_back({begin, word.begin});
      begin = word.end;
    });
    operands.push_back({begin, part.end});
    if (operands.size() == 1) {
      // "(a && b)" goes on inside.
      std::string_view text = trimmed(line.substr(part.begin, part.end - part.begin));
      const size_t first = static_cast<size_t>(text.data() - line.data());
      if (!text.starts_with('(') || matching(line, first) != first + text.size() - 1)
        return part;
      part = {first + 1, first + text.size() - 1};
      continue;
    }
    auto holder = std::find_if(operands.begin(), operands.end(),
                               [&](Span operand) { return operand.contains(column); });
    if (holder == operands.end())
      return std::nullopt;
    part = *holder;
  }
}

struct Spelling {
  std::string_view text;
  Relation relation;
};
constexpr std::array<Spelling, 6> kSpellings = {{{"==", Relation::equal},
                                                 {"!=", Relation::not_equal},
                                                 {"<=", Relation::less_equal},
                                                 {">=", Relation::greater_equal},
                                                 {"<", Relation::less},
                                                 {">", Relation::greater}}};

Relation complement(Relation relation) {
  switch (relation) {
  case Relation::equal:
    return Relation::not_equal;
  case Relation::not_equal:
    return Relation::equal;
  case Relation::less:
    return Relation::greater_equal;
  case Relation::less_equal:
    return Relation::greater;
  case Relation::greater:
    return Relation::less_equal;
  case Relation::greater_equal:
    return Relation::less;
  }
  return relation;
}

// "b ? a" for "a ? b".
Relation turned_round(Relation relation) {
  switch (relation) {
  case Relation::less:
    return Relation::greater;
  case Relation::less_equal:
    return Relation::greater_equal;
  case Relation::greater:
    return Relation::less;
  case Relation::greater_equal:
    return Relation::less_equal;
  default:
    return relation;
  }
}

bool implies(Relation fact, Relation claim) {
  if (fact == claim)
    return true;
  switch (fact) {
  case Relation::equal:
    return claim == Relation::less_equal || claim == Relation::greater_equal;
  case Relation::less:
    return claim == Relation::less_equal || claim == Relation::not_equal;
  case Relation::greater:
    return claim == Relation::greater_equal || claim == Relation::not_equal;
  default:
    return false;
  }
}

bool goes_up(Relation relation) {
  return relation == Relation::greater || relation == Relation::greater_equal;
}
bool goes_down(Relation relation) { return relation == Relation::less || relation == Relation::less_equal; }

// What the jump has shown of dst and its other operand. Nothing: it tests bits.
std::optional<Relation> fact_of(const DecidedJump &jump) {
  std::optional<Relation> relation;
  switch (jump.insn.code()) {
  case KBPF_JMP_JEQ:
    relation = Relation::equal;
    break;
  case KBPF_JMP_JNE:
    relation = Relation::not_equal;
    break;
  case KBPF_JMP_JGT:
  case KBPF_JMP_JSGT:
    relation = Relation::greater;
    break;
  case KBPF_JMP_JGE:
  case KBPF_JMP_JSGE:
    relation = Relation::greater_equal;
    break;
  case KBPF_JMP_JLT:
  case KBPF_JMP_JSLT:
    relation = Relation::less;
    break;
  case KBPF_JMP_JLE:
  case KBPF_JMP_JSLE:
    relation = Relation::less_equal;
    break;
  default:
    return std::nullopt;
  }
  return jump.taken ? *relation : complement(*relation);
}

bool is_signed(const kbpf::Insn &jump) {
  const uint8_t code = jump.code();
  return code == KBPF_JMP_JSGT || code == KBPF_JMP_JSGE || code == KBPF_JMP_JSLT || code == KBPF_JMP_JSLE;
}

std::optional<int64_t> literal(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  text.remove_prefix(is_negative);
  const bool is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (is_hexadecimal)
    text.remove_prefix(2);
  while (text.size() > 1 && std::string_view("uUlL").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  int64_t value = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, is_hexadecimal ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return is_negative ? -value : value;
}

// Something that does not change: a macro or enumerator by its looks, a size.
bool looks_constant(std::string_view text) {
  if (literal(text) || text.starts_with("sizeof"))
    return true;
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return !std::islower(static_cast<unsigned char>(c)); });
}

bool holds(Relation relation, __int128 a, __int128 b) {
  switch (relation) {
  case Relation::equal:
    return a == b;
  case Relation::not_equal:
    return a != b;
  case Relation::less:
    return a < b;
  case Relation::less_equal:
    return a <= b;
  case Relation::greater:
    return a > b;
  case Relation::greater_equal:
    return a >= b;
  }
  return false;
}

// Whether all numbers of a range, or none, are in the relation to a constant.
std::optional<bool> truth_in_range(Relation relation, __int128 low, __int128 high, __int128 constant) {
  if (relation == Relation::equal || relation == Relation::not_equal) {
    if (low == high)
      return holds(relation, low, constant);
    if (constant < low || constant > high)
      return relation == Relation::not_equal;
    return std::nullopt;
  }
  const bool at_low = holds(relation, low, constant), at_high = holds(relation, high, constant);
  return at_low == at_high ? std::optional(at_low) : std::nullopt;
}

std::optional<bool> compared_with_literal(Relation relation, int64_t constant, const DecidedJump &jump) {
  if (jump.insn.src_is_reg() || !jump.dst.is_scalar() || constant - jump.insn.imm > 1 ||
      jump.insn.imm - constant > 1)
    return std::nullopt;
  const kbpf::Scalar &number = jump.dst.number;
  const bool is_short = jump.insn.cls() == KBPF_CLASS_JMP32;
  if (is_signed(jump.insn))
    return is_short ? truth_in_range(relation, static_cast<int32_t>(number.r32.smin),
                                     static_cast<int32_t>(number.r32.smax), constant)
                    : truth_in_range(relation, number.r64.smin, number.r64.smax, constant);
  if (const auto fact = fact_of(jump); fact && constant == jump.insn.imm) {
    if (implies(*fact, relation))
      return true;
    if (implies(*fact, complement(relation)))
      return false;
  }
  return is_short ? truth_in_range(relation, number.r32.umin, number.r32.umax, constant)
                  : truth_in_range(relation, number.r64.umin, number.r64.umax, constant);
}

std::optional<bool> truth_of_comparison(const Condition &condition, const DecidedJump &jump) {
  Relation relation = *condition.relation;
  std::string_view left = condition.left, right = condition.right;
  if (looks_constant(left) && !looks_constant(right)) {
    std::swap(left, right);
    relation = turned_round(relation);
  }
  if (const auto constant = literal(right))
    return compared_with_literal(relation, *constant, jump);
  const auto fact = fact_of(jump);
  if (!fact)
    return std::nullopt;
  if (!jump.insn.src_is_reg()) { // the constant may have been moved by one: > 15 for >= 16
    if (!looks_constant(right) && jump.dst_name != left)
      return std::nullopt;
    const bool fact_is_equality = !goes_up(*fact) && !goes_down(*fact);
    const bool asks_equality = !goes_up(relation) && !goes_down(relation);
    if (fact_is_equality != asks_equality)
      return condition.is_loop && fact_is_equality ? std::optional(*fact == Relation::not_equal)
                                                   : std::nullopt;
    return fact_is_equality ? *fact == relation : goes_up(*fact) == goes_up(relation);
  }
  Relation claim = relation;
  if (jump.dst_name != left && jump.src_name != right) {
    if (jump.dst_name != right && jump.src_name != left)
      return std::nullopt;
    claim = turned_round(relation);
  }
  if (implies(*fact, claim))
    return true;
  if (implies(*fact, complement(claim)))
    return false;
  return std::nullopt;
}

} // namespace

std::optional<Condition> condition_at(std::string_view line, unsigned column) {
  line = line.substr(0, line.find("//"));
  const size_t at = column ? column - 1 : 0;
  Condition condition;
  std::optional<Span> part = deciding_part(line, at, condition.is_loop);
  if (part)
    part = operand_at(line, *part, at);
  if (!part || part->end >= line.size())
    return std::nullopt;
  std::string_view text = trimmed(line.substr(part->begin, part->end - part->begin));
  if (text.empty())
    return std::nullopt;
  condition.text = text;
  const size_t first = static_cast<size_t>(text.data() - line.data());
  for_each_at_top(line, {first, first + text.size()}, {"<<", ">>", "->", "==", "!=", "<=", ">=", "<", ">"},
                  [&](Span word) {
                    const std::string_view spelling = line.substr(word.begin, word.end - word.begin);
                    for (const Spelling &candidate : kSpellings)
                      if (candidate.text == spelling && !condition.relation) {
                        condition.relation = candidate.relation;
                        condition.left = trimmed(line.substr(first, word.begin - first));
                        condition.right = trimmed(line.substr(word.end, first + text.size() - word.end));
                      }
                  });
  if (condition.relation)
    return condition;
  condition.is_negated = text.starts_with('!');
  condition.left = trimmed(text.substr(condition.is_negated));
  return condition;
}

std::optional<bool> truth_of(const Condition &condition, const DecidedJump &jump) {
  if (condition.relation)
    return truth_of_comparison(condition, jump);
  if (jump.insn.code() == KBPF_JMP_JSET)
    return jump.taken != condition.is_negated;
  const auto fact = fact_of(jump);
  if (!fact || jump.insn.src_is_reg() || jump.insn.imm != 0 ||
      (*fact != Relation::equal && *fact != Relation::not_equal))
    return std::nullopt;
  return (*fact == Relation::not_equal) != condition.is_negated;
}

} // namespace bpfcc
