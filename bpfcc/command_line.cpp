// SPDX-License-Identifier: MIT OR Apache-2.0
// The table of spellings and its reader. The longest spelling that fits an argument wins: -fsyntax-only
// before -f.
#include "bpfcc/command_line.h"
#include "bpfcc/diag.h"
#include <algorithm>
#include <fstream>
#include <iterator>

namespace bpfcc {
namespace {

constexpr Spelling kSpellings[] = {
    {"-o", Form::value, "output", "FILE", "write the object to FILE; - is standard output"},
    {"-c", Form::flag, "compile", "", "make an object (the default)"},
    {"-S", Form::flag, "assembly", "", "make assembly text"},
    {"-E", Form::flag, "preprocess", "", "preprocess only"},
    {"-P", Form::word, "cc1-flag", "", "without line markers"},
    {"-C", Form::word, "cc1-flag", "", "with comments"},
    {"-d", Form::word, "cc1-flag", "M", "with -E: print the macros that are defined"},
    {"-emit-llvm", Form::flag, "emit-llvm", "", "make LLVM bitcode; text with -S"},
    {"-fsyntax-only", Form::flag, "syntax-only", "", "check the source and write nothing"},
    {"--abi", Form::value, "abi", "PROFILE", "kernel to compile for: kbpf (the default), zcore, linux"},
    {"--abi=", Form::joined, "abi", "", ""},
    {"--kernel", Form::value, "kernel", "KERNEL",
     "kernel to compile for: a profile by name as with --abi, a profile file, or the kernel's ELF file"},
    {"--kernel=", Form::joined, "kernel", "", ""},
    {"-mcpu=", Form::joined, "mcpu", "VERSION", "BPF instruction set: v1, v2, v3 (the default), v4"},
    {"--dump", Form::flag, "dump", "", "print an object's programs, maps and code with its C lines"},
    {"--emit-skeleton", Form::flag, "emit-skeleton", "",
     "write a C header that carries an object, opens, loads and attaches it, and has its variables"},
    {"--check", Form::flag, "check", "",
     "with --dump: an error where the object's BTF is not true of its code"},
    {"--kernel-btf", Form::value, "kernel-btf", "FILE",
     "types of the kernel to run on, raw BTF or an ELF file: for vmlinux.h and CO-RE relocations"},
    {"--kernel-btf=", Form::joined, "kernel-btf", "", ""},
    {"-fbpf-max-insns=", Form::joined, "max-insns", "N", "refuse a program of more than N instruction slots"},
    {"-fbpf-path-notes=", Form::joined, "path-notes", "N",
     "notes on the path to what the verifier refuses, at most (default 8)"},
    {"-fbpf-max-path=", Form::joined, "max-path", "N",
     "refuse a program that the verifier sees run more than N instructions"},
    {"-fbpf-max-processed=", Form::joined, "max-processed", "N",
     "refuse a program that the verifier processes more than N instructions of"},
    {"-fbpf-max-stack=", Form::joined, "max-stack", "N", "refuse a function of more than N bytes of stack"},
    {"-fbpf-strict-alignment", Form::flag, "strict-alignment", "",
     "verify that every access is aligned to its size, as for BPF_F_STRICT_ALIGNMENT"},
    {"-fno-bpf-strict-alignment", Form::flag, "no-strict-alignment", "", ""},
    {"-fbpf-hide-addresses", Form::flag, "hide-addresses", "",
     "verify that no address of the kernel becomes known, as for loaders without CAP_PERFMON"},
    {"-fno-bpf-hide-addresses", Form::flag, "no-hide-addresses", "", ""},
    {"-fno-bpf-verify", Form::flag, "no-verify", "", "do not run the verifier on each program"},
    {"-fbpf-verify", Form::flag, "verify", "", ""},
    {"--verify-report", Form::flag, "verify-report=text", "", ""},
    {"--verify-report=", Form::joined, "verify-report", "FORMAT",
     "print, as text (also without =FORMAT) or json, what the verifier needed for each program"},
    {"--no-preamble-cache", Form::flag, "no-preamble-cache", "",
     "parse every header anew (parsed ones are kept below $XDG_CACHE_HOME/bpfcc)"},
    {"--preamble-cache", Form::flag, "preamble-cache", "", ""},
    {"--print-after", Form::value, "print-after", "PASS", "print what the relocator holds after PASS"},
    {"--print-after=", Form::joined, "print-after", "", ""},
    {"--stop-after", Form::value, "stop-after", "PASS", "run no pass after PASS and write nothing"},
    {"--stop-after=", Form::joined, "stop-after", "", ""},
    {"-I", Form::word_value, "search-dir", "DIR", "search DIR for headers, before the embedded ones"},
    {"-isystem", Form::word_value, "search-dir", "DIR", "search DIR for system headers"},
    {"-iquote", Form::word_value, "search-dir", "DIR", "search DIR for headers in quotes"},
    {"-idirafter", Form::word_value, "search-dir", "DIR", "search DIR for headers last"},
    {"-nostdinc", Form::flag, "no-standard-includes", "", "do not search the embedded headers"},
    {"-include", Form::separate, "include", "FILE", "include FILE before the source"},
    {"-imacros", Form::separate, "include-macros", "FILE", "take the macros of FILE before the source"},
    {"-iprefix", Form::word_value, "search-dir", "", ""},
    {"-iwithprefix", Form::word_value, "search-dir", "", ""},
    {"-iwithprefixbefore", Form::word_value, "search-dir", "", ""},
    {"-working-directory", Form::separate, "working-directory", "DIR", "work in DIR: every path is below it"},
    {"-working-directory=", Form::joined, "working-directory", "", ""},
    {"-D", Form::word_value, "macro", "NAME[=VALUE]", "define a macro"},
    {"-U", Form::word_value, "macro", "NAME", "undefine a macro"},
    {"-O", Form::word, "optimize", "LEVEL", "optimise: 0, 1, 2 (the default), 3, s, z"},
    {"-g", Form::word, "debug", "", "for linux: keep DWARF debug information; BTF is always made"},
    {"-std=", Form::joined, "std", "STANDARD", "C standard"},
    {"-ansi", Form::flag, "ansi", "", ""},
    {"-trigraphs", Form::flag, "clang-flag=-ftrigraphs", "", ""},
    {"-undef", Form::flag, "clang-flag=-undef", "", ""},
    {"-x", Form::value, "language", "LANGUAGE", "language of the input: c, cpp-output"},
    {"-W", Form::word, "clang-flag", "WARNING", "warnings, as in clang"},
    {"-Wno-bpf-uninitialized-stack", Form::word, "uninitialized-stack", "",
     "do not warn where a program reads bytes of its stack that it may not have written"},
    {"-Wbpf-uninitialized-stack", Form::word, "uninitialized-stack", "", ""},
    {"-Werror=bpf-uninitialized-stack", Form::word, "uninitialized-stack", "", ""},
    {"-Wno-kprobe-target", Form::flag, "kprobe-target=off", "",
     "do not warn where --kernel says that a program's target is no function that can be probed"},
    {"-Wkprobe-target", Form::flag, "kprobe-target=on", "", ""},
    {"-Werror=kprobe-target", Form::flag, "kprobe-target=error", "", ""},
    {"-Werror", Form::flag, "warnings-are-errors", "", "make every warning an error"},
    {"-w", Form::flag, "no-warnings", "", "print no warnings"},
    {"-pedantic", Form::word, "clang-flag", "", ""},
    {"-R", Form::word, "clang-flag", "", ""},
    {"-H", Form::word, "cc1-flag", "", ""},
    {"-f", Form::word, "clang-flag", "FLAG", "code generation and language flags, as in clang"},
    {"-fcolor-diagnostics", Form::flag, "color", "", "colour diagnostics, terminal or not"},
    {"-fdiagnostics-color", Form::flag, "color", "", ""},
    {"-fdiagnostics-color=always", Form::flag, "color", "", ""},
    {"-fdiagnostics-color=auto", Form::flag, "ignored", "", ""},
    {"-fdiagnostics-color=never", Form::flag, "no-color", "", ""},
    {"-fno-color-diagnostics", Form::flag, "no-color", "", "never colour diagnostics"},
    {"-fno-diagnostics-color", Form::flag, "no-color", "", ""},
    {"-Xclang", Form::separate, "cc1-flag", "ARG", "hand ARG to clang's compiler proper"},
    {"-mllvm", Form::separate, "llvm-flag", "ARG", "hand ARG to LLVM"},
    {"-target", Form::separate, "target", "bpf", "accepted for builds made for clang"},
    {"--target=", Form::joined, "target", "", ""},
    {"-mlittle-endian", Form::flag, "ignored", "", ""},
    {"-m", Form::word, "host-flag", "", ""},
    {"-pthread", Form::word, "host-flag", "", ""},
    {"-pipe", Form::flag, "ignored", "", ""},
    {"-nostdlib", Form::flag, "ignored", "", ""},
    {"-nolibc", Form::flag, "ignored", "", ""},
    {"-nobuiltininc", Form::flag, "ignored", "", ""},
    {"-ibuiltininc", Form::flag, "ignored", "", ""},
    {"-B", Form::value, "unused-path", "", ""},
    {"--gcc-toolchain=", Form::word, "host-flag", "", ""},
    {"--param", Form::separate, "host-flag", "", ""},
    {"--param=", Form::word, "host-flag", "", ""},
    {"-stdlib=", Form::word, "host-flag", "", ""},
    {"--rtlib=", Form::word, "host-flag", "", ""},
    {"-rtlib=", Form::word, "host-flag", "", ""},
    {"-fuse-ld=", Form::word, "host-flag", "", ""},
    {"-fplugin", Form::word, "host-flag", "", ""},
    {"-pg", Form::flag, "host-flag=-pg", "", ""},
    {"-s", Form::flag, "host-flag=-s", "", ""},
    {"-time", Form::flag, "host-flag=-time", "", ""},
    {"-Xlinker", Form::separate, "host-flag", "", ""},
    {"-Xassembler", Form::separate, "host-flag", "", ""},
    {"-z", Form::separate, "host-flag", "", ""},
    {"-u", Form::word_value, "host-flag", "", ""},
    {"-T", Form::word_value, "host-flag", "", ""},
    {"-l", Form::word_value, "host-flag", "", ""},
    {"-Wa,", Form::word, "host-flag", "", ""},
    {"-Wl,", Form::word, "host-flag", "", ""},
    {"-Wl,--version", Form::flag, "print=linker", "", ""},
    {"-Wl,-v", Form::flag, "print=linker", "", ""},
    {"-fsanitize", Form::word, "host-flag", "", ""},
    {"-fcf-protection", Form::word, "host-flag", "", ""},
    {"--coverage", Form::flag, "host-flag=--coverage", "", ""},
    {"-Qunused-arguments", Form::flag, "quiet-unused", "", "do not warn of arguments that mean nothing for BPF"},
    {"-integrated-as", Form::flag, "ignored", "", ""},
    {"-no-integrated-as", Form::flag, "ignored", "", ""},
    {"--no-default-config", Form::flag, "ignored", "", ""},
    {"-static", Form::word, "host-flag", "", ""},
    {"-shared", Form::word, "host-flag", "", ""},
    {"-rdynamic", Form::word, "host-flag", "", ""},
    {"-pie", Form::word, "host-flag", "", ""},
    {"-no-pie", Form::word, "host-flag", "", ""},
    {"-r", Form::flag, "ignored", "", ""},
    {"-nostdinc++", Form::flag, "ignored", "", ""},
    {"-nostartfiles", Form::flag, "ignored", "", ""},
    {"-nodefaultlibs", Form::flag, "ignored", "", ""},
    {"-L", Form::word_value, "host-flag", "", ""},
    {"-M", Form::flag, "dependencies", "", "print a make rule with the source's dependencies"},
    {"-MM", Form::flag, "user-dependencies", "", "like -M, without system headers"},
    {"-MD", Form::flag, "write-dependencies", "", "write that rule beside the output"},
    {"-MMD", Form::flag, "write-user-dependencies", "", "like -MD, without system headers"},
    {"-MF", Form::value, "dependency-file", "FILE", "write the rule to FILE"},
    {"-MT", Form::value, "dependency-target", "TARGET", "target of the rule"},
    {"-MQ", Form::value, "quoted-dependency-target", "TARGET", "the same, quoted for make"},
    {"-MP", Form::flag, "phony-dependencies", "", "add an empty rule for each header"},
    {"-MG", Form::flag, "missing-dependencies", "",
     "with -M or -MM: headers that are not there will be made by the build"},
    {"-MV", Form::flag, "nmake-dependencies", "", "names of files as NMake and Jom quote them"},
    {"-MJ", Form::value, "compile-database", "FILE", "write an entry of a compilation database"},
    {"-ftime-trace", Form::flag, "time-trace", "",
     "write where the front end spent its time beside the output"},
    {"-ftime-trace=", Form::joined, "time-trace-file", "FILE", "write it to FILE"},
    {"-v", Form::flag, "verbose", "", "print the version and the header search path"},
    {"--verbose", Form::flag, "verbose", "", ""},
    {"--version", Form::flag, "version", "", "print the version"},
    {"--help", Form::flag, "help", "", "print this text"},
    {"-help", Form::flag, "help", "", ""},
    {"-###", Form::flag, "print-commands", "", "print the compiler's arguments and do nothing"},
    {"-save-temps", Form::flag, "save-temps", "",
     "keep preprocessed source, bitcode and assembly beside the output"},
    {"-save-temps=", Form::joined, "save-temps-where", "", ""},
    {"--save-temps", Form::flag, "save-temps", "", ""},
    {"-print-search-dirs", Form::flag, "print=search-dirs", "", ""},
    {"-print-resource-dir", Form::flag, "print=resource-dir", "", ""},
    {"-print-target-triple", Form::flag, "dump-machine", "", ""},
    {"-print-effective-triple", Form::flag, "dump-machine", "", ""},
    {"-print-multi-lib", Form::flag, "print=multi-lib", "", ""},
    {"-print-multi-directory", Form::flag, "print=multi-directory", "", ""},
    {"-print-multiarch", Form::flag, "print=multiarch", "", ""},
    {"-print-libgcc-file-name", Form::flag, "print=libgcc-file-name", "", ""},
    {"-print-runtime-dir", Form::flag, "print=runtime-dir", "", ""},
    {"-print-supported-cpus", Form::flag, "print=supported-cpus", "", ""},
    {"-print-targets", Form::flag, "print=targets", "", ""},
    {"--print-multi-lib", Form::flag, "print=multi-lib", "", ""},
    {"--print-multi-directory", Form::flag, "print=multi-directory", "", ""},
    {"--print-multiarch", Form::flag, "print=multiarch", "", ""},
    {"--print-libgcc-file-name", Form::flag, "print=libgcc-file-name", "", ""},
    {"--print-runtime-dir", Form::flag, "print=runtime-dir", "", ""},
    {"--print-supported-cpus", Form::flag, "print=supported-cpus", "", ""},
    {"--print-targets", Form::flag, "print=targets", "", ""},
    {"-mcpu=help", Form::flag, "print=supported-cpus", "", ""},
    {"-mcpu=?", Form::flag, "print=supported-cpus", "", ""},
    {"-print-file-name=", Form::joined, "print-name", "", ""},
    {"-print-prog-name=", Form::joined, "print-name", "", ""},
    {"--print-search-dirs", Form::flag, "print=search-dirs", "", ""},
    {"--print-resource-dir", Form::flag, "print=resource-dir", "", ""},
    {"--print-target-triple", Form::flag, "dump-machine", "", ""},
    {"--print-effective-triple", Form::flag, "dump-machine", "", ""},
    {"--print-file-name=", Form::joined, "print-name", "", ""},
    {"--print-prog-name=", Form::joined, "print-name", "", ""},
    {"--diagnostics-format=", Form::joined, "diagnostics-format", "FORMAT",
     "of errors and warnings: text (the default), json (one object a line) or sarif (2.1.0)"},
    {"--explain", Form::value, "explain", "ID", "say what a refusal of the verifier means: V017"},
    {"--explain=", Form::joined, "explain", "", ""},
    {"--sysroot", Form::value, "unused-path", "", ""},
    {"--sysroot=", Form::joined, "unused-path", "", ""},
    {"-isysroot", Form::word_value, "unused-path", "", ""},
    {"-mbig-endian", Form::flag, "big-endian", "", ""},
    {"-nostdlibinc", Form::flag, "ignored", "", ""},
    {"-no-canonical-prefixes", Form::flag, "ignored", "", ""},
    {"-dumpmachine", Form::flag, "dump-machine", "", ""},
    {"-dumpversion", Form::flag, "dump-version", "", ""},
};

bool fits(const Spelling &spelling, std::string_view arg) {
  switch (spelling.form) {
  case Form::flag:
  case Form::separate:
    return arg == spelling.clang;
  case Form::value:
    // "--abi" takes its value from the next argument only; "--abi=" is a spelling of its own.
    return spelling.clang.starts_with("--") ? arg == spelling.clang : arg.starts_with(spelling.clang);
  case Form::joined:
  case Form::word:
  case Form::word_value:
    return arg.starts_with(spelling.clang);
  }
  return false;
}

const Spelling *find(std::string_view arg) {
  const Spelling *best = nullptr;
  for (const Spelling &spelling : kSpellings)
    if (fits(spelling, arg) && (!best || spelling.clang.size() > best->clang.size()))
      best = &spelling;
  return best;
}

std::string unknown(std::string_view arg) {
  std::vector<std::string_view> names;
  for (const Spelling &spelling : kSpellings)
    names.push_back(spelling.clang);
  std::string message = "unknown argument: '" + std::string(arg) + "'";
  if (std::string_view nearest = nearest_name(arg, names); !nearest.empty())
    message += "; did you mean '" + std::string(nearest) + "'?";
  return message;
}

// The quoting rules of a response file are GNU's: blanks separate, '...' and "..." group, a backslash takes
// the next character as it is.
std::vector<std::string> split_response_file(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
      in_word = true;
    } else if (quote ? c == quote : c == '"' || c == '\'') {
      quote = quote ? 0 : c;
      in_word = true;
    } else if (!quote && blank) {
      if (in_word)
        words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word)
    words.push_back(std::move(word));
  return words;
}

// -Wp,ARG,... and -Xpreprocessor ARG: what the preprocessor alone would get is ours all the same. GNU's
// preprocessor takes the depfile's name behind -MD.
std::vector<std::string> preprocessor_arguments(std::string_view list) {
  std::vector<std::string> words;
  for (size_t at = 0; at <= list.size();) {
    size_t comma = std::min(list.find(',', at), list.size());
    words.emplace_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  for (size_t i = 0; i + 1 < words.size(); i++)
    if ((words[i] == "-MD" || words[i] == "-MMD") && !words[i + 1].starts_with("-"))
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(++i), "-MF");
  return words;
}

constexpr unsigned kMaxResponseFiles = 64; // a response file that names itself must end

bool expand_response_files(std::vector<std::string> &args, std::string &error) {
  unsigned files = 0;
  for (size_t i = 0; i < args.size();) {
    if (args[i].size() < 2 || args[i][0] != '@') {
      ++i;
      continue;
    }
    std::ifstream file(args[i].substr(1), std::ios::binary);
    if (!file || ++files > kMaxResponseFiles) {
      error = (file ? "response files nest too deeply: '" : "cannot read response file '") +
              args[i].substr(1) + "'";
      return false;
    }
    std::string text{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::string> words = split_response_file(text);
    auto at = args.erase(args.begin() + static_cast<std::ptrdiff_t>(i));
    args.insert(at, std::make_move_iterator(words.begin()), std::make_move_iterator(words.end()));
  }
  return true;
}

} // namespace

std::span<const Spelling> spellings() { return kSpellings; }

RegularArguments regularize(std::vector<std::string> args) {
  RegularArguments out;
  if (!expand_response_files(args, out.error))
    return out;
  for (size_t i = 0; i < args.size(); ++i) {
    if (std::string_view arg = args[i]; arg.starts_with("-Wp,")) {
      std::vector<std::string> words = preprocessor_arguments(arg.substr(4));
      auto at = args.erase(args.begin() + static_cast<std::ptrdiff_t>(i));
      args.insert(at, std::make_move_iterator(words.begin()), std::make_move_iterator(words.end()));
    }
    if (args[i] == "-Xpreprocessor" && i + 1 < args.size())
      ++i; // its argument is the next to be read
    const std::string &arg = args[i];
    if (arg == "--") {
      out.inputs.insert(out.inputs.end(), args.begin() + static_cast<std::ptrdiff_t>(i) + 1, args.end());
      return out;
    }
    if (arg.size() < 2 || arg[0] != '-') {
      out.inputs.push_back(arg);
      continue;
    }
    const Spelling *spelling = find(arg);
    if (!spelling) {
      out.error = unknown(arg);
      return out;
    }
    std::string option = "--" + std::string(spelling->name);
    std::string rest = arg.substr(spelling->clang.size());
    bool takes_next = spelling->form == Form::separate ||
                      ((spelling->form == Form::value || spelling->form == Form::word_value) && rest.empty());
    if (takes_next) {
      if (++i == args.size()) {
        out.error = "argument to '" + std::string(spelling->clang) + "' is missing (expected 1 value)";
        return out;
      }
      rest = args[i];
    }
    if (spelling->form == Form::word || spelling->form == Form::word_value)
      rest.insert(0, spelling->clang);
    out.options.push_back(spelling->form == Form::flag ? option : option + '=' + rest);
  }
  return out;
}

} // namespace bpfcc
