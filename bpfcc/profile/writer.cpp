// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/profile/writer.h"
#include "bpfcc/profile/vocabulary.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>

namespace bpfcc {
namespace {

std::string string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (static_cast<uint8_t>(c) < ' ' || c == '\x7f') {
      constexpr char kDigits[] = "0123456789abcdef";
      out += concat("\\x", std::string(1, kDigits[c >> 4 & 15]), std::string(1, kDigits[c & 15]));
      continue;
    }
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

// Words of a set's bits, joined by commas; "-" for none.
std::string set(std::span<const Word<uint32_t>> words, uint32_t bits) {
  std::string out;
  for (const Word<uint32_t> &entry : words)
    if (bits & entry.value)
      out += concat(out.empty() ? "" : ",", entry.word);
  return out.empty() ? "-" : out;
}

class Writer {
public:
  explicit Writer(const KernelDescription &kernel) : kernel_(kernel) {}
  std::string run();

private:
  template <typename... Pieces> void line(const Pieces &...pieces) { out_ += concat(pieces..., "\n"); }
  std::string prog_type(uint32_t number) const {
    const kbpf::ProgTypeInfo *type = kernel_.profile.prog_type(number);
    return type ? std::string(type->name) : concat(number);
  }
  std::string prog_types(uint64_t bits) const;
  void settings();
  void contexts();
  void programs();
  void helpers();
  void symbols();

  const KernelDescription &kernel_;
  std::string out_;
};

std::string Writer::prog_types(uint64_t bits) const {
  if (bits == ~uint64_t(0))
    return "any";
  std::string out;
  for (uint32_t number = 0; number < 64; number++)
    if (bits >> number & 1)
      out += concat(out.empty() ? "" : ",", prog_type(number));
  return out.empty() ? "-" : out;
}

void Writer::settings() {
  const kbpf::Profile &profile = kernel_.profile;
  line("name ", string(profile.name));
  line("objects ", kernel_.base->name);
  line("abi ", kernel_.abi_version);
  if (!kernel_.target_arch.empty())
    line("target ", kernel_.target_arch);
  for (const Feature &feature : feature_words())
    if (profile.*feature.member)
      line("feature ", feature.word);
  for (const Limit &limit : limit_words())
    line("limit ", limit.word, " ", profile.*limit.member);
  for (const kbpf::ConfigValue &value : kernel_.config)
    line("config ", value.name, " ", hex(value.value));
}

void Writer::contexts() {
  std::vector<const kbpf::ContextInfo *> written;
  for (const kbpf::ProgTypeInfo &type : kernel_.prog_types) {
    if (!type.context || std::find(written.begin(), written.end(), type.context) != written.end())
      continue;
    written.push_back(type.context);
    line("\ncontext ", type.context->name, " ", type.context->size);
    for (const kbpf::ContextField &field : type.context->fields)
      line("field ", field.name, " ", field.offset, " ", field.size, " ",
           word_of(access_words(), field.access));
  }
}

void Writer::programs() {
  line("");
  for (const kbpf::ProgTypeInfo &type : kernel_.prog_types)
    line("program ", type.number, " ", type.name, " ", type.context ? type.context->name : "-", " ",
         type.since, " ", string(type.text));
  for (const kbpf::AttachKindInfo &kind : kernel_.attach_kinds)
    line("attach ", kind.number, " ", string(kind.text), " ", prog_type(kind.prog_type), " ", kind.since);
  for (const kbpf::SectionInfo &section : kernel_.sections) {
    const kbpf::AttachKindInfo *kind = kernel_.profile.attach_kind(section.attach_kind);
    line("section ", string(section.prefix), " ", prog_type(section.prog_type), " ",
         kind ? string(kind->text) : "-", " ", word_of(extra_words(), section.extra), " ", section.since);
  }
  line("");
  for (const kbpf::MapTypeInfo &type : kernel_.map_types)
    line("map ", type.number, " ", type.name, " ", set(map_use_words(), type.uses), " ", type.since, " ",
         string(type.text));
}

void Writer::helpers() {
  line("");
  for (const kbpf::HelperProto &helper : kernel_.helpers) {
    std::string arguments;
    for (kbpf_arg_type arg : helper.args)
      if (arg != KBPF_ARG_NONE)
        arguments += concat(arguments.empty() ? "" : ",", word_of(argument_words(), arg));
    line("helper ", helper.number, " ", helper.c_name, " ", word_of(result_words(), helper.ret), " ",
         arguments.empty() ? "-" : arguments, " ", prog_types(helper.prog_types), " ",
         set(helper_flag_words(), helper.flags), " ", set(map_use_words(), helper.map_use), " ", helper.since,
         " ", string(helper.prototype), " ", string(helper.text));
  }
}

void Writer::symbols() {
  if (kernel_.has_functions)
    line("");
  for (const KernelSymbol &function : kernel_.functions)
    line("function ", hex(function.address), " ", function.size, " ", string(function.name),
         function.demangled.empty() ? "" : " ", function.demangled.empty() ? "" : string(function.demangled));
  for (const KernelSymbol &object : kernel_.objects)
    line("variable ", hex(object.address), " ", object.size, " ", string(object.name));
  for (const std::string &name : kernel_.inlined)
    line("inlined ", string(name));
  if (!kernel_.btf_file.empty())
    line("btf-file ", string(kernel_.btf_file));
  constexpr size_t kBytesPerLine = 72;
  for (size_t at = 0; at < kernel_.btf.size(); at += kBytesPerLine)
    line("btf ", base64(std::string_view(kernel_.btf).substr(at, kBytesPerLine)));
}

std::string Writer::run() {
  line("kbpf-profile 1");
  settings();
  contexts();
  programs();
  helpers();
  symbols();
  return std::move(out_);
}

} // namespace

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t group = 0;
    size_t count = std::min<size_t>(3, bytes.size() - at);
    for (size_t i = 0; i < 3; i++)
      group = group << 8 | (i < count ? static_cast<uint8_t>(bytes[at + i]) : 0u);
    for (size_t i = 0; i < 4; i++)
      out += i <= count ? kDigits[group >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

std::string write_profile(const KernelDescription &kernel) { return Writer(kernel).run(); }

} // namespace bpfcc
