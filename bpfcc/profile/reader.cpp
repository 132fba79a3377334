// SPDX-License-Identifier: MIT OR Apache-2.0
// A line is words: the first says what the line describes, and the table at the end of this file who reads
// it. A line may name only what lines before it described.
#include "bpfcc/profile/reader.h"
#include "bpfcc/diag.h"
#include "bpfcc/profile/tokens.h"
#include "bpfcc/profile/vocabulary.h"
#include "bpfcc/relocator/text.h"
#include "core/profile/kernel_helper.h"
#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace bpfcc {
namespace {

constexpr uint32_t kMaxContext = 65535; // bytes: offsets of fields have 16 bits
constexpr uint32_t kProgTypes = 64;     // a set of them is a word
constexpr size_t kMaxSections = 1024;

class Reader {
public:
  Reader(std::string_view text, KernelDescription &kernel) : text_(text), kernel_(kernel) {}
  std::vector<ProfileError> run();

private:
  struct Line {
    std::string_view word;
    size_t least, most; // words behind it
    void (Reader::*read)();
    std::string_view form;
  };
  static const Line kLines[];

  bool fail(unsigned column, std::string message) {
    if (line_fine_ && errors_.size() < kMaxProfileErrors)
      errors_.push_back({line_, column, std::move(message)});
    return line_fine_ = false;
  }
  bool tokenize(std::string_view line);
  void read_line();
  void check_complete();

  // The next word of the line; those that read() counted are there.
  const Token &next() { return tokens_[next_++]; }
  bool more() const { return next_ < tokens_.size(); }
  std::string_view word(std::string_view what);
  std::string_view string(std::string_view what);
  uint64_t number(std::string_view what, uint64_t most);
  uint32_t number32(std::string_view what, uint32_t most = UINT32_MAX) {
    return static_cast<uint32_t>(number(what, most));
  }
  std::string_view identifier(std::string_view what);
  uint32_t since();
  template <typename T> T one_of(std::span<const Word<T>> words, std::string_view what);
  template <typename Item> void items(const Token &token, Item item);
  uint32_t set_of(std::span<const Word<uint32_t>> words, std::string_view what);
  uint32_t prog_type(std::string_view name, unsigned column);
  uint64_t prog_types();

  void header();
  void name();
  void objects();
  void abi();
  void target();
  void feature();
  void limit();
  void config();
  void context();
  void field();
  void program();
  void attach();
  void section();
  void map();
  void helper();
  void function();
  void variable();
  void inlined();
  void btf();
  void btf_file();
  bool check_helper(const kbpf::HelperProto &helper, unsigned column);

  std::string_view text_;
  KernelDescription &kernel_;
  std::vector<ProfileError> errors_;
  unsigned line_ = 0;
  bool line_fine_ = true;
  std::vector<Token> tokens_;
  size_t next_ = 0;
  std::deque<std::string> unescaped_; // strings of this line that had escapes

  bool has_header_ = false, has_name_ = false;
  bool has_abi_ = false;
  std::unordered_map<std::string_view, const kbpf::ContextInfo *> contexts_;
  std::unordered_map<std::string_view, uint32_t> prog_types_;
  std::unordered_map<std::string_view, uint32_t> helper_names_;
  std::unordered_map<uint32_t, std::string_view> helper_numbers_;
};

bool Reader::tokenize(std::string_view line) {
  next_ = 0;
  std::string error;
  unsigned column = split_line(line, tokens_, unescaped_, error);
  return column == 0 || fail(column, std::move(error));
}

std::string_view Reader::word(std::string_view what) {
  const Token &token = next();
  if (token.is_string)
    fail(token.column, concat("expected ", what, " without quotes"));
  return token.text;
}

std::string_view Reader::string(std::string_view what) {
  const Token &token = next();
  if (!token.is_string)
    fail(token.column, concat("expected ", what, " in quotes"));
  return kernel_.keep(std::string(token.text));
}

uint64_t Reader::number(std::string_view what, uint64_t most) {
  const Token &token = next();
  std::string_view text = token.text;
  bool is_hex = text.starts_with("0x");
  if (is_hex)
    text.remove_prefix(2);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, is_hex ? 16 : 10);
  if (token.is_string || error != std::errc() || end != text.data() + text.size())
    fail(token.column, concat("expected ", what, ", a number"));
  else if (value > most)
    fail(token.column, concat(what, " is at most ", most));
  return value;
}

std::string_view Reader::identifier(std::string_view what) {
  unsigned column = tokens_[next_].column;
  std::string_view name = word(what);
  bool fine = !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  if (!fine)
    fail(column, concat(what, " is an identifier: letters, digits and _"));
  return kernel_.keep(std::string(name));
}

uint32_t Reader::since() {
  unsigned column = tokens_[next_].column;
  uint32_t version = number32("the ABI version that brought it");
  if (version == 0 || version > kernel_.abi_version)
    fail(column, concat("ABI version ", version, " is none of 1 to ", kernel_.abi_version, ", the kernel's"));
  return version;
}

template <typename T> T Reader::one_of(std::span<const Word<T>> words, std::string_view what) {
  unsigned column = tokens_[next_].column;
  std::string_view text = word(what);
  if (const T *value = value_of(words, text))
    return *value;
  std::vector<std::string_view> names;
  for (const Word<T> &entry : words)
    names.push_back(entry.word);
  std::string_view near = nearest_name(text, names);
  fail(column, concat("unknown ", what, " ", quoted(text), near.empty() ? "" : "; did you mean ",
                      near.empty() ? std::string() : concat(quoted(near), "?")));
  return {};
}

// Calls item(text, column) for each part between commas; none for "-".
template <typename Item> void Reader::items(const Token &token, Item item) {
  if (token.text == "-")
    return;
  size_t at = 0;
  while (line_fine_) {
    size_t end = std::min(token.text.find(',', at), token.text.size());
    item(token.text.substr(at, end - at), token.column + static_cast<unsigned>(at));
    if (end == token.text.size())
      return;
    at = end + 1;
  }
}

uint32_t Reader::set_of(std::span<const Word<uint32_t>> words, std::string_view what) {
  uint32_t bits = 0;
  items(next(), [&](std::string_view text, unsigned column) {
    if (const uint32_t *bit = value_of(words, text))
      bits |= *bit;
    else
      fail(column, concat("unknown ", what, " ", quoted(text)));
  });
  return bits;
}

uint32_t Reader::prog_type(std::string_view name, unsigned column) {
  auto found = prog_types_.find(name);
  if (found == prog_types_.end())
    fail(column, concat("no line before this one describes a program type ", quoted(name)));
  return found == prog_types_.end() ? 0 : found->second;
}

// Names, or numbers of types that the kernel does not have.
uint64_t Reader::prog_types() {
  const Token &token = next();
  if (token.text == "any")
    return ~uint64_t(0);
  uint64_t bits = 0;
  items(token, [&](std::string_view text, unsigned column) {
    uint32_t type = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), type);
    if (error != std::errc() || end != text.data() + text.size())
      type = prog_type(text, column);
    if (type >= kProgTypes)
      fail(column, concat("program types are numbered up to ", kProgTypes - 1));
    else
      bits |= uint64_t(1) << type;
  });
  return bits;
}

void Reader::header() {
  unsigned column = tokens_[next_].column;
  if (number("the version of the format", UINT32_MAX) != 1)
    fail(column, "this bpfcc reads version 1 of the format");
  if (has_header_)
    fail(1, "a second header");
  has_header_ = true;
}

void Reader::name() {
  if (has_name_)
    fail(1, "a second name");
  kernel_.profile.name = string("the profile's name");
  has_name_ = true;
}

void Reader::objects() {
  unsigned column = tokens_[next_].column;
  std::string_view form = word("a form of objects");
  if (kernel_.base)
    fail(1, "a second form of objects");
  kernel_.base = kbpf::find_profile(form);
  if (!kernel_.base) {
    fail(column, concat("unknown form of objects ", quoted(form), ": expected kbpf, zcore or linux"));
    return;
  }
  std::string_view name = kernel_.profile.name;
  kernel_.profile = *kernel_.base;
  if (has_name_)
    kernel_.profile.name = name;
  for (const Feature &feature : feature_words())
    kernel_.profile.*feature.member = false;
}

void Reader::abi() {
  if (has_abi_)
    fail(1, "a second ABI version");
  has_abi_ = true;
  kernel_.abi_version = number32("the version of the ABI", 1u << 20);
  if (!kernel_.abi_version)
    fail(tokens_[1].column, "versions of the ABI begin with 1");
}

void Reader::target() { kernel_.target_arch = identifier("the architecture"); }

void Reader::feature() {
  unsigned column = tokens_[next_].column;
  std::string_view text = word("a feature");
  for (const Feature &feature : feature_words())
    if (feature.word == text) {
      kernel_.profile.*feature.member = kernel_.base->*feature.member;
      if (!(kernel_.base->*feature.member))
        fail(column, concat("objects for ", kernel_.base->name, " cannot have ", quoted(text)));
      return;
    }
  fail(column, concat("unknown feature ", quoted(text)));
}

void Reader::limit() {
  unsigned column = tokens_[next_].column;
  std::string_view text = word("a limit");
  unsigned value_column = tokens_[next_].column;
  uint32_t value = number32("the limit");
  for (const Limit &limit : limit_words())
    if (limit.word == text) {
      if (value < limit.least || value > limit.most)
        fail(value_column,
             concat("the limit ", quoted(text), " is between ", limit.least, " and ", limit.most));
      kernel_.profile.*limit.member = value;
      return;
    }
  fail(column, concat("unknown limit ", quoted(text)));
}

void Reader::config() {
  std::string_view option = identifier("the option's name");
  kernel_.config.push_back({option, number("the option's value", UINT64_MAX)});
}

void Reader::context() {
  unsigned column = tokens_[next_].column;
  std::string_view context = identifier("the context's name");
  uint32_t size = number32("the size of a context", kMaxContext);
  kernel_.fields.emplace_back();
  if (!contexts_.try_emplace(context, &kernel_.contexts.emplace_back(kbpf::ContextInfo{context, size, {}}))
           .second)
    fail(column, concat("a second context ", quoted(context)));
}

void Reader::field() {
  if (kernel_.contexts.empty()) {
    fail(1, "a field before any context");
    return;
  }
  kbpf::ContextInfo &context = kernel_.contexts.back();
  kbpf::ContextField field{};
  field.name = identifier("the field's name");
  unsigned column = tokens_[next_].column;
  uint32_t offset = number32("the field's offset", kMaxContext),
           size = number32("the field's size", kMaxContext);
  field.access = one_of(access_words(), "access");
  std::vector<kbpf::ContextField> &fields = kernel_.fields.back();
  uint32_t end = fields.empty() ? 0 : uint32_t(fields.back().offset) + fields.back().size;
  if (size == 0 || offset < end || offset + size > context.size)
    fail(column, concat("field ", quoted(field.name), " has ", size, " bytes at ", offset,
                        ": fields stand in order within the ", context.size,
                        " bytes of the context, the last ended at ", end));
  if (field.access.kind != kbpf::FieldAccess::Kind::number && size != 4 && size != 8)
    fail(column, "fields with the packet's addresses have 4 or 8 bytes");
  field.offset = static_cast<uint16_t>(offset);
  field.size = static_cast<uint16_t>(size);
  fields.push_back(field);
  context.fields = fields;
}

void Reader::program() {
  unsigned column = tokens_[next_].column;
  kbpf::ProgTypeInfo type{};
  type.number = number32("the number of a program type", kProgTypes - 1);
  type.name = identifier("the name of a program type");
  unsigned context_column = tokens_[next_].column;
  std::string_view context = word("the context");
  if (context != "-") {
    auto found = contexts_.find(context);
    if (found == contexts_.end())
      fail(context_column, concat("no line before this one describes a context ", quoted(context)));
    else
      type.context = found->second;
  }
  type.since = since();
  type.text = string("what it is");
  for (const kbpf::ProgTypeInfo &other : kernel_.prog_types)
    if (other.number == type.number || other.name == type.name)
      fail(column, concat("program type ", type.number, " ", quoted(type.name), " is there already, as ",
                          other.number, " ", quoted(other.name)));
  prog_types_.try_emplace(type.name, type.number);
  kernel_.prog_types.push_back(type);
}

void Reader::attach() {
  unsigned column = tokens_[next_].column;
  kbpf::AttachKindInfo kind{};
  kind.number = number32("the number of an attach kind", 0xffff);
  kind.text = string("the name of an attach kind");
  unsigned type_column = tokens_[next_].column;
  kind.prog_type = prog_type(word("a program type"), type_column);
  kind.since = since();
  const kbpf::AttachKindInfo *known = kernel_.base->attach_kind(kind.number);
  if (!known || known->text != kind.text)
    fail(column, concat("attach kind ", kind.number, " is ", known ? quoted(known->text) : "none",
                        " in the tables of this bpfcc"));
  for (const kbpf::AttachKindInfo &other : kernel_.attach_kinds)
    if (other.number == kind.number)
      fail(column, concat("a second attach kind ", kind.number));
  kernel_.attach_kinds.push_back(kind);
}

void Reader::section() {
  unsigned column = tokens_[next_].column;
  kbpf::SectionInfo section{};
  section.prefix = string("a section's name");
  if (section.prefix.empty())
    fail(column, "a section without a name");
  unsigned type_column = tokens_[next_].column;
  section.prog_type = prog_type(word("a program type"), type_column);
  const Token kind = next();
  section.attach_kind = KBPF_NO_ATTACH;
  if (kind.is_string || kind.text != "-") {
    auto found = std::ranges::find(kernel_.attach_kinds, kind.text, &kbpf::AttachKindInfo::text);
    if (found == kernel_.attach_kinds.end())
      fail(kind.column, concat("no line before this one describes an attach kind ", quoted(kind.text)));
    else
      section.attach_kind = found->number;
  }
  section.extra = one_of(extra_words(), "use of a target");
  section.since = since();
  if (kernel_.sections.size() == kMaxSections)
    fail(column, concat("more than ", kMaxSections, " sections"));
  for (const kbpf::SectionInfo &other : kernel_.sections)
    if (other.prefix == section.prefix)
      fail(column, concat("a second section ", quoted(section.prefix)));
  kernel_.sections.push_back(section);
}

void Reader::map() {
  unsigned column = tokens_[next_].column;
  kbpf::MapTypeInfo type{};
  type.number = number32("the number of a map type");
  type.name = identifier("the name of a map type");
  unsigned uses_column = tokens_[next_].column;
  type.uses = set_of(map_use_words(), "use of a map");
  type.since = since();
  type.text = string("what it is");
  const kbpf::MapTypeInfo *known = kernel_.base->map_type(type.number);
  if (!known || known->name != type.name)
    fail(column, concat("map type ", type.number, " is ", known ? quoted(known->name) : "none",
                        " in the tables of this bpfcc"));
  else if (type.uses & ~known->uses)
    fail(uses_column,
         concat("maps of type ", quoted(type.name), " have fewer uses in the tables of this bpfcc"));
  for (const kbpf::MapTypeInfo &other : kernel_.map_types)
    if (other.number == type.number)
      fail(column, concat("a second map type ", type.number));
  kernel_.map_types.push_back(type);
}

// A helper of the tables has rules that go by its number; what else there is speaks for itself.
bool Reader::check_helper(const kbpf::HelperProto &helper, unsigned column) {
  const kbpf::HelperProto *known = kernel_.base->helper(helper.number);
  if (!known) {
    std::string_view fault = kbpf::fault_of_plain(helper);
    return fault.empty() || fail(column, concat("helper ", quoted(helper.c_name), ": ", fault));
  }
  if (known->c_name != helper.c_name || known->ret != helper.ret || known->flags != helper.flags ||
      known->map_use != helper.map_use || !std::ranges::equal(known->args, helper.args))
    return fail(column,
                concat("helper ", helper.number, " ", quoted(helper.c_name),
                       " is not as in the tables of this bpfcc, where it is ", quoted(known->c_name)));
  return true;
}

void Reader::helper() {
  unsigned column = tokens_[next_].column;
  kbpf::HelperProto helper{};
  helper.number = number32("the number of a helper", INT32_MAX);
  helper.name = helper.c_name = identifier("the name of a helper");
  if (constexpr std::string_view kPrefix = "bpf_"; helper.name.starts_with(kPrefix))
    helper.name.remove_prefix(kPrefix.size());
  helper.ret = one_of(result_words(), "kind of result");
  unsigned count = 0;
  items(next(), [&](std::string_view text, unsigned at) {
    const kbpf_arg_type *arg = value_of(argument_words(), text);
    if (!arg)
      fail(at, concat("unknown kind of argument ", quoted(text)));
    else if (count == std::size(helper.args))
      fail(at, "a helper takes five arguments at most");
    else
      helper.args[count++] = *arg;
  });
  helper.prog_types = prog_types();
  helper.flags = set_of(helper_flag_words(), "flag of a helper");
  helper.map_use = set_of(map_use_words(), "use of a map");
  helper.since = since();
  helper.prototype = string("the declaration in C");
  helper.text = string("what it does");
  if (!line_fine_ || !check_helper(helper, column))
    return;
  if (!helper_numbers_.try_emplace(helper.number, helper.c_name).second)
    fail(column,
         concat("helper ", helper.number, " is there already: ", quoted(helper_numbers_[helper.number])));
  else if (!helper_names_.try_emplace(helper.c_name, helper.number).second)
    fail(column, concat("helper ", quoted(helper.c_name), " is there already, with number ",
                        helper_names_[helper.c_name]));
  kernel_.helpers.push_back(helper);
}

void Reader::function() {
  KernelSymbol symbol;
  symbol.address = number("the function's address", UINT64_MAX);
  symbol.size = number("the function's size", UINT64_MAX);
  symbol.name = std::string(string("the function's name"));
  if (more())
    symbol.demangled = std::string(string("the demangled name"));
  kernel_.has_functions = true;
  kernel_.functions.push_back(std::move(symbol));
}

void Reader::variable() {
  KernelSymbol symbol;
  symbol.address = number("the variable's address", UINT64_MAX);
  symbol.size = number("the variable's size", UINT64_MAX);
  symbol.name = std::string(string("the variable's name"));
  kernel_.objects.push_back(std::move(symbol));
}

void Reader::inlined() { kernel_.inlined.emplace_back(string("a function's name")); }

void Reader::btf_file() {
  if (!kernel_.btf_file.empty() || !kernel_.btf.empty())
    fail(1, "the kernel's types are there already");
  kernel_.btf_file = std::string(string("the path of a file"));
}

void Reader::btf() {
  const Token &token = next();
  if (!kernel_.btf_file.empty())
    fail(1, "the kernel's types are there already");
  std::string_view text = token.text;
  uint32_t group = 0;
  unsigned padding = 0;
  for (size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    uint32_t digit = c >= 'A' && c <= 'Z'   ? static_cast<uint32_t>(c - 'A')
                     : c >= 'a' && c <= 'z' ? static_cast<uint32_t>(c - 'a' + 26)
                     : c >= '0' && c <= '9' ? static_cast<uint32_t>(c - '0' + 52)
                     : c == '+'             ? 62
                     : c == '/'             ? 63
                                            : 64;
    padding += c == '=' && i + 2 >= text.size();
    if ((digit == 64) != (padding > 0) || text.size() % 4) {
      fail(token.column + static_cast<unsigned>(i), "no base64");
      return;
    }
    group = group << 6 | (digit & 63);
    if (i % 4 == 3)
      for (unsigned byte = 0; byte < 3 - padding; byte++)
        kernel_.btf += static_cast<char>(group >> (16 - 8 * byte) & 0xff);
  }
}

const Reader::Line Reader::kLines[] = {
    {kProfileMagic, 1, 1, &Reader::header, "kbpf-profile VERSION"},
    {"name", 1, 1, &Reader::name, "name \"NAME\""},
    {"objects", 1, 1, &Reader::objects, "objects kbpf|zcore|linux"},
    {"abi", 1, 1, &Reader::abi, "abi VERSION"},
    {"target", 1, 1, &Reader::target, "target ARCHITECTURE"},
    {"feature", 1, 1, &Reader::feature, "feature NAME"},
    {"limit", 2, 2, &Reader::limit, "limit NAME VALUE"},
    {"config", 2, 2, &Reader::config, "config NAME VALUE"},
    {"context", 2, 2, &Reader::context, "context NAME SIZE"},
    {"field", 4, 4, &Reader::field, "field NAME OFFSET SIZE ACCESS"},
    {"program", 5, 5, &Reader::program, "program NUMBER NAME CONTEXT SINCE \"TEXT\""},
    {"attach", 4, 4, &Reader::attach, "attach NUMBER \"NAME\" PROGRAM SINCE"},
    {"section", 5, 5, &Reader::section, "section \"NAME\" PROGRAM \"ATTACH\" EXTRA SINCE"},
    {"map", 5, 5, &Reader::map, "map NUMBER NAME USES SINCE \"TEXT\""},
    {"helper", 10, 10, &Reader::helper,
     "helper NUMBER NAME RESULT ARGUMENTS PROGRAMS FLAGS USES SINCE \"PROTOTYPE\" \"TEXT\""},
    {"function", 3, 4, &Reader::function, "function ADDRESS SIZE \"NAME\" [\"DEMANGLED\"]"},
    {"variable", 3, 3, &Reader::variable, "variable ADDRESS SIZE \"NAME\""},
    {"inlined", 1, 1, &Reader::inlined, "inlined \"NAME\""},
    {"btf", 1, 1, &Reader::btf, "btf BASE64"},
    {"btf-file", 1, 1, &Reader::btf_file, "btf-file \"PATH\""},
};

void Reader::read_line() {
  if (tokens_.empty())
    return;
  const Token first = next();
  if (!has_header_ && (first.is_string || first.text != kProfileMagic)) {
    fail(first.column, "the file does not begin with 'kbpf-profile 1'");
    return;
  }
  std::vector<std::string_view> words;
  for (const Line &line : kLines) {
    words.push_back(line.word);
    if (first.is_string || line.word != first.text)
      continue;
    size_t count = tokens_.size() - 1;
    bool is_setting = line.read == &Reader::header || line.read == &Reader::name ||
                      line.read == &Reader::objects || line.read == &Reader::abi;
    if (count < line.least || count > line.most)
      fail(first.column, concat("expected '", line.form, "'"));
    else if (!is_setting && (!kernel_.base || !has_abi_))
      fail(first.column, "'objects' and 'abi' stand before the tables");
    else
      (this->*line.read)();
    return;
  }
  std::string_view near = nearest_name(first.text, words);
  fail(first.column, concat("unknown kind of line ", quoted(first.text),
                            near.empty() ? std::string() : concat("; did you mean ", quoted(near), "?")));
}

void Reader::check_complete() {
  line_fine_ = true;
  if (!has_header_)
    fail(1, "an empty file: expected 'kbpf-profile 1'");
  else if (!has_name_ || !kernel_.base || !has_abi_)
    fail(1, "the file ends without 'name', 'objects' and 'abi'");
  else if (kernel_.prog_types.empty())
    fail(1, "the file ends without a 'program' line");
}

std::vector<ProfileError> Reader::run() {
  for (std::string_view rest = text_; !rest.empty() && errors_.size() < kMaxProfileErrors;) {
    size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    line_++;
    line_fine_ = true;
    if (tokenize(line))
      read_line();
    if (!has_header_ && !line_fine_)
      return std::move(errors_); // another kind of file
  }
  if (errors_.empty())
    check_complete();
  if (errors_.empty())
    kernel_.finish();
  return std::move(errors_);
}

} // namespace

std::vector<ProfileError> read_profile(std::string_view text, KernelDescription &kernel) {
  return Reader(text, kernel).run();
}

} // namespace bpfcc
