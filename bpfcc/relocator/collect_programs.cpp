// SPDX-License-Identifier: MIT OR Apache-2.0
// The functions of an object and which of them are programs: those in a section that SEC() named after a
// program type, or, where the profile wants all code in .text, the function at .text's start. Also the
// licence, which decides whether a program may call GPL-only helpers.
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <cctype>
#include <elf.h>
#include <iterator>

namespace bpfcc {
namespace {

void collect_functions(Image &image) {
  for (uint32_t i = 1; i < image.symbols.size(); i++) {
    const Symbol &symbol = image.symbols[i];
    if (symbol.type != STT_FUNC || symbol.section == SHN_UNDEF || symbol.section >= image.sections.size() ||
        !is_code(image.sections[symbol.section]))
      continue;
    if (symbol.value % 8 || symbol.size % 8 || symbol.size == 0) {
      error_in_object(image, concat("malformed object: function ", quoted(symbol.name), ": ", symbol.size,
                                    " bytes at ", image.sections[symbol.section].name, "+", hex(symbol.value),
                                    " are no whole number of instructions"));
      continue;
    }
    Function function;
    function.name = symbol.name;
    function.symbol = i;
    function.section = symbol.section;
    function.first = static_cast<uint32_t>(symbol.value / 8);
    function.count = static_cast<uint32_t>(symbol.size / 8);
    function.is_static = symbol.binding == STB_LOCAL;
    image.functions.push_back(function);
  }
  std::sort(image.functions.begin(), image.functions.end(), [](const Function &a, const Function &b) {
    return a.section != b.section ? a.section < b.section : a.first < b.first;
  });
  // Aliases and overlaps would make the owner of an instruction ambiguous.
  std::vector<Function> apart;
  for (const Function &function : image.functions) {
    if (apart.empty() || apart.back().section != function.section ||
        apart.back().first + apart.back().count <= function.first)
      apart.push_back(function);
    else
      error_in_object(image, concat("functions ", quoted(apart.back().name), " and ", quoted(function.name),
                                    " overlap in section ", quoted(image.sections[function.section].name)));
  }
  image.functions = std::move(apart);
}

void attach_btf_ids(Image &image) {
  size_t next = 0;
  auto before = [](const FuncInfo &info, const Function &function) {
    return info.section != function.section ? info.section < function.section : info.insn < function.first;
  };
  const std::vector<FuncInfo> &infos = image.btf_ext.functions;
  for (Function &function : image.functions) {
    while (next < infos.size() && before(infos[next], function))
      next++;
    if (next < infos.size() && infos[next].section == function.section && infos[next].insn == function.first)
      function.btf_id = infos[next].type;
  }
}

// A function that other objects may link to, but no one else sees, is none that is to be checked on its own:
// as in libbpf, its type says static.
void make_hidden_static(Image &image) {
  bool changed = false;
  for (const Function &function : image.functions) {
    const uint8_t visibility = image.symbols[function.symbol].visibility;
    const BtfType &type = image.btf.type(function.btf_id);
    if (function.is_static || (visibility != STV_HIDDEN && visibility != STV_INTERNAL) ||
        type.kind != BtfKind::function || type.count == 0)
      continue;
    constexpr uint32_t kInfoBeforeExtra = 8; // bytes; its low half is the linkage
    image.btf_bytes[type.extra - kInfoBeforeExtra] = image.btf_bytes[type.extra - kInfoBeforeExtra + 1] = 0;
    changed = true;
  }
  std::string error;
  if (changed && !image.btf.parse(image.btf_bytes, error))
    error_in_object(image, error);
}

void read_license(Image &image) {
  for (uint32_t i = 1; i < image.sections.size(); i++) {
    const Section &section = image.sections[i];
    if (section.name == "version" && section.contents.size() != 4)
      report_at_data(
          image, Severity::error, i, 0,
          concat("section 'version' has ", section.contents.size(), " bytes, expected an int of 4"));
    if (section.name != "license")
      continue;
    size_t length = section.contents.find('\0');
    if (length == std::string_view::npos)
      report_at_data(
          image, Severity::error, i, 0,
          "section 'license' holds no NUL-terminated string; write: char LICENSE[] SEC(\"license\") = "
          "\"GPL\";");
    else if (length == 0 && section.contents.size() == sizeof(uint64_t))
      report_at_data(image, Severity::error, i, 0,
                     "the licence is a pointer, not text; write: char LICENSE[] SEC(\"license\") = \"GPL\";");
    else
      image.license = section.contents.substr(0, length);
  }
  // Of a data section that is named almost like one that loaders look at.
  static const std::vector<std::string_view> kReadByLoaders = {"license", ".maps", "version"};
  for (uint32_t i = 1; i < image.sections.size(); i++) {
    const Section &section = image.sections[i];
    if (!(section.flags & SHF_ALLOC) || is_code(section) || is_data(section) ||
        std::ranges::find(kReadByLoaders, section.name) != kReadByLoaders.end())
      continue;
    const std::string_view meant = nearest(image, section.name, kReadByLoaders);
    if (!meant.empty())
      report_at_data(
          image, Severity::warning, i, 0,
          concat("no loader reads section ", quoted(section.name), "; did you mean ", quoted(meant), "?"));
  }
  image.gpl_compatible =
      std::ranges::find(gpl_compatible_licences(), image.license) != gpl_compatible_licences().end();
}

void unknown_section(Image &image, const Function &function, std::string_view name) {
  std::vector<std::string_view> prefixes;
  for (const kbpf::SectionInfo &info : image.profile().sections)
    prefixes.push_back(info.prefix);
  std::string_view prefix = name.substr(0, name.find('/')), target;
  // "cgroup/connect4" is a name as a whole; another would be near for its first half alone.
  std::vector<std::string_view> whole;
  std::ranges::copy_if(prefixes, std::back_inserter(whole),
                       [](std::string_view p) { return p.find('/') != p.npos; });
  if (!nearest(image, name, whole).empty()) {
    prefix = name;
    prefixes = std::move(whole);
  }
  if (kbpf::kLinuxProfile.section(name, &target)) // no slip of the pen
    prefixes.clear();
  // libbpf lets user space set the type of such a program before it loads the object.
  bool settable = image.profile().placement == kbpf::ProgramPlacement::as_written;
  report_at_function(image, settable ? Severity::warning : Severity::error, function,
                     concat("SEC(\"", name, "\") of program ", quoted(function.name),
                            " names no program type of profile ", quoted(image.profile().name),
                            prefixes.empty() ? ", though of Linux" : suggestion(image, prefix, prefixes)),
                     {prefix, nearest(image, prefix, prefixes)});
}

// A function of C, and perhaps a number behind a plus; names in other languages may be anything.
bool is_function_target(std::string_view target) {
  if (target.find("::") != target.npos || target.find_first_of("<(") != target.npos)
    return true;
  const auto is_word = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '$';
    });
  };
  const size_t plus = target.find('+');
  if (plus == target.npos)
    return is_word(target);
  std::string_view offset = target.substr(plus + 1);
  const bool is_hex = offset.starts_with("0x");
  offset.remove_prefix(is_hex ? 2 : 0);
  constexpr size_t kMaxDigits = 9; // no function is larger
  return is_word(target.substr(0, plus)) && !offset.empty() && offset.size() <= kMaxDigits &&
         offset.find_first_not_of(is_hex ? "0123456789abcdefABCDEF" : "0123456789") == offset.npos;
}

// What a loader would find out when it attaches the program. libbpf lets user space name another target.
void check_target_form(Image &image, const Function &function, const Program &program) {
  const std::string_view prefix = program.section_info->prefix, target = program.attach_target;
  std::string_view fault;
  if (target.empty() && program.section_name.ends_with('/'))
    fault = "there is no target behind the '/'";
  else if (prefix.starts_with("kretprobe") && target.find('+') != target.npos)
    fault = "a function returns to its caller, so a kretprobe has no offset; leave it out, or write kprobe";
  else if ((prefix.starts_with("tp") || prefix.starts_with("tracepoint")) && !prefix.starts_with("tp_btf") &&
           !target.empty() && std::ranges::count(target, '/') != 1)
    fault = "a tracepoint's target is CATEGORY/NAME";
  // Who attaches programs by hand may use such a target as a label.
  const bool is_label = fault.empty() && (prefix == "kprobe" || prefix == "kretprobe") && !target.empty() &&
                        !is_function_target(target);
  if (is_label)
    fault = "a probe's target is FUNCTION or FUNCTION+OFFSET";
  const bool settable = is_label || image.profile().placement == kbpf::ProgramPlacement::as_written;
  if (!fault.empty())
    report_at_function(
        image, settable ? Severity::warning : Severity::error, function,
        concat("SEC(\"", program.section_name, "\") of program ", quoted(function.name), ": ", fault));
}

// A program whose section is named after its type.
void collect_sec_program(Image &image, uint32_t index) {
  const Function &function = image.functions[index];
  Program program;
  program.function = index;
  program.section_name = image.sections[function.section].name;
  if (program.section_name.starts_with('?')) {
    program.section_name.remove_prefix(1);
    program.autoload = false;
  }
  if (function.is_static)
    error_at_function(image, function,
                      concat("program ", quoted(function.name), " in SEC(\"", program.section_name,
                             "\") is static; a program must be visible outside its file"),
                      {"static ", ""});
  program.section_info = image.profile().section(program.section_name, &program.attach_target);
  if (!program.section_info)
    return unknown_section(image, function, program.section_name);
  using Extra = kbpf::SectionInfo::Extra;
  if (program.section_info->extra == Extra::required && program.attach_target.empty())
    error_at_function(image, function,
                      concat("SEC(\"", program.section_name, "\") of program ", quoted(function.name),
                             " needs a target: SEC(\"", program.section_info->prefix, "/...\")"));
  if (program.attach_target.size() >= KBPF_MAX_NAME)
    error_at_function(image, function,
                      concat("attach target of ", program.attach_target.size(), " bytes; the limit is ",
                             KBPF_MAX_NAME - 1));
  check_target_form(image, function, program);
  image.programs.push_back(std::move(program));
}

// One program, .text: the only one there, or else the function at .text's start.
void collect_text_program(Image &image) {
  uint32_t entry = kNone;
  for (uint32_t i = 0; i < image.functions.size(); i++) {
    const Function &function = image.functions[i];
    if (image.sections[function.section].name != ".text") {
      collect_sec_program(image, i);
    } else if (function.first == 0) {
      entry = i;
    }
  }
  if (image.programs.empty() && entry != kNone) {
    Program program;
    program.function = entry;
    program.section_name = ".text";
    image.programs.push_back(std::move(program));
    for (const Function &function : image.functions)
      if (!function.is_static && &function != &image.functions[entry])
        report_at_function(image, Severity::warning, function,
                           concat("function ", quoted(function.name), " is left out: the object runs ",
                                  quoted(image.functions[entry].name), ", the first function of .text"));
  }
  for (size_t i = 1; i < image.programs.size(); i++)
    error_at_function(image, image.functions[image.programs[i].function],
                      concat("an object of profile ", quoted(image.profile().name), " holds one program; ",
                             quoted(image.functions[image.programs[i].function].name),
                             " is a second one beside ",
                             quoted(image.functions[image.programs[0].function].name)));
}

// User space and messages name programs and functions, so names must be unique among the global ones.
void check_unique_names(Image &image) {
  std::unordered_map<std::string_view, uint32_t> seen;
  for (const Program &program : image.programs) {
    const Function &function = image.functions[program.function];
    if (!seen.emplace(function.name, program.function).second)
      error_at_function(image, function, concat("two programs are named ", quoted(function.name)));
  }
}

} // namespace

const std::vector<std::string_view> &gpl_compatible_licences() {
  static const std::vector<std::string_view> licences = {
      "GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"};
  return licences;
}

kbpf::Insn Image::insn(uint32_t section, uint32_t slot) const {
  kbpf::Insn insn;
  __builtin_memcpy(&insn, sections[section].contents.data() + size_t(slot) * sizeof insn, sizeof insn);
  return insn;
}

uint32_t Image::function_at(uint32_t section, uint32_t slot) const {
  auto after =
      std::upper_bound(functions.begin(), functions.end(), slot, [&](uint32_t at, const Function &function) {
        return section != function.section ? section < function.section : at < function.first;
      });
  if (after == functions.begin())
    return kNone;
  const Function &function = *(after - 1);
  if (function.section != section || slot - function.first >= function.count)
    return kNone;
  return static_cast<uint32_t>(after - 1 - functions.begin());
}

bool is_name_of(std::string_view type, std::string_view symbol) {
  return symbol.starts_with(type) && (symbol.size() == type.size() || symbol[type.size()] == '.');
}

uint32_t program_type(const Image &image, const Program &program) {
  if (program.section_info)
    return program.section_info->prog_type;
  return image.profile().prog_types.empty() ? 0 : image.profile().prog_types.front().number;
}

bool is_sleepable(const Image &image, const Program &program) {
  constexpr uint32_t kSyscall = 31;
  return program_type(image, program) == kSyscall ||
         (program.section_info && program.section_info->prefix.ends_with(".s"));
}

uint32_t expected_attach_type(const Program &program) {
  struct Kind {
    std::string_view prefix;
    uint32_t attach_type; // enum bpf_attach_type
  };
  constexpr Kind kKinds[] = {{"tp_btf", 23},
                             {"fentry", 24},
                             {"fexit", 25},
                             {"fmod_ret", 26},
                             {"iter", 28},
                             {"cgroup/sock_release", 34},
                             {"cgroup/sock", 2},
                             {"cgroup/bind4", 8},
                             {"cgroup/bind6", 9},
                             {"cgroup/connect4", 10},
                             {"cgroup/connect6", 11},
                             {"cgroup/post_bind4", 12},
                             {"cgroup/post_bind6", 13},
                             {"cgroup/sendmsg4", 14},
                             {"cgroup/sendmsg6", 15},
                             {"cgroup/recvmsg4", 19},
                             {"cgroup/recvmsg6", 20},
                             {"cgroup/getpeername4", 29},
                             {"cgroup/getpeername6", 30},
                             {"cgroup/getsockname4", 31},
                             {"cgroup/getsockname6", 32},
                             {"cgroup_skb/egress", 1},
                             {"xdp/devmap", 33},
                             {"xdp.frags/devmap", 33},
                             {"xdp/cpumap", 35},
                             {"xdp.frags/cpumap", 35},
                             {"lsm_cgroup", 43},
                             {"lsm", 27},
                             {"kprobe.session", 56},
                             {"uprobe.session", 57}};
  if (program.section_info)
    for (const Kind &kind : kKinds)
      if (program.section_info->prefix.starts_with(kind.prefix))
        return kind.attach_type;
  return 0;
}

void collect_programs(Image &image) {
  if (image.sections.empty())
    return;
  collect_functions(image);
  attach_btf_ids(image);
  make_hidden_static(image);
  read_license(image);
  if (image.profile().placement == kbpf::ProgramPlacement::text_only) {
    collect_text_program(image);
  } else {
    for (uint32_t i = 0; i < image.functions.size(); i++)
      if (image.sections[image.functions[i].section].name != ".text")
        collect_sec_program(image, i);
  }
  for (const Program &program : image.programs)
    image.functions[program.function].is_program = true;
  check_unique_names(image);
  bool library = image.profile().placement == kbpf::ProgramPlacement::as_written;
  if (!image.programs.empty() || library || image.diag.errors())
    return;
  const Severity severity = image.options.may_be_part ? Severity::warning : Severity::error;
  const std::string_view what = image.options.may_be_part
                                    ? "the object holds no program: it can be linked, but no kernel loads it"
                                    : "the object holds no program";
  auto candidate = std::ranges::find_if(image.functions, [](const Function &f) { return !f.is_static; });
  if (candidate == image.functions.end())
    return report_in_object(image, severity, what);
  report_at_function(image, severity, *candidate,
                     concat(what, "; a SEC(\"...\") before ", quoted(candidate->name), " says what runs it"));
}

} // namespace bpfcc
