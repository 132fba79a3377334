// SPDX-License-Identifier: MIT OR Apache-2.0
// Manual page and shell completion, from the table of options that the compiler itself reads.
//   generate {man | bash | zsh | fish} > FILE
#include "bpfcc/command_line.h"
#include <cstdio>
#include <cstring>
#include <string>

namespace bpfcc {
namespace {

bool takes_value(const Spelling &spelling) { return !spelling.metavar.empty(); }
bool is_joined(const Spelling &spelling) {
  return spelling.clang.ends_with('=') || spelling.form == Form::word || spelling.form == Form::word_value;
}

std::string replace_all(std::string_view text, std::string_view what, std::string_view by) {
  std::string out;
  for (size_t at = 0; at < text.size();)
    if (text.substr(at).starts_with(what)) {
      out += by;
      at += what.size();
    } else {
      out += text[at++];
    }
  return out;
}

void print_man() {
  std::puts(".TH BPFCC 1\n.SH NAME\nbpfcc \\- compile C to BPF objects for your own kernel\n.SH SYNOPSIS\n"
            ".B bpfcc\n[options] FILE.c ... \\-o FILE.o\n.SH DESCRIPTION\n"
            "Compiles C, and links it with BPF objects, into one object that the kernel loads as it is: "
            "references to "
            "maps and helpers are resolved, and each program has passed the verifier that the kernel runs.\n"
            ".SH OPTIONS");
  for (const Spelling &spelling : spellings()) {
    if (spelling.help.empty())
      continue;
    std::printf(".TP\n.B %s", replace_all(spelling.clang, "-", "\\-").c_str());
    if (takes_value(spelling))
      std::printf("\\fR%s\\fI%s", is_joined(spelling) ? "" : " ", std::string(spelling.metavar).c_str());
    std::printf("\n%s\n", replace_all(spelling.help, "-", "\\-").c_str());
  }
  std::puts(".SH EXIT STATUS\n0: the output is written. 1: an error in the input or the command line. "
            "70: a fault of the compiler's own.\n"
            ".SH FILES\n.I $XDG_CACHE_HOME/bpfcc\nor\n.I ~/.cache/bpfcc\nholds parsed headers; it may be "
            "deleted at "
            "any time.");
}

void print_bash() {
  std::string words;
  for (const Spelling &spelling : spellings())
    if (!spelling.help.empty())
      words.append(words.empty() ? "" : " ").append(spelling.clang);
  std::printf("_bpfcc() {\n  local word=${COMP_WORDS[COMP_CWORD]}\n  if [[ $word == -* ]]; then\n"
              "    COMPREPLY=($(compgen -W '%s' -- \"$word\"))\n"
              "    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace\n  else\n"
              "    COMPREPLY=($(compgen -f -- \"$word\"))\n  fi\n}\ncomplete -o filenames -F _bpfcc bpfcc\n",
              words.c_str());
}

void print_zsh() {
  std::puts("#compdef bpfcc\n_arguments -S \\");
  for (const Spelling &spelling : spellings()) {
    if (spelling.help.empty())
      continue;
    std::string help =
        replace_all(replace_all(replace_all(spelling.help, "'", "'\\''"), "[", "\\["), "]", "\\]");
    std::string value;
    if (takes_value(spelling))
      value =
          ":" + replace_all(replace_all(std::string(spelling.metavar), "[", "\\["), "]", "\\]") + ":_files";
    std::printf("  '*%s%s[%s]%s' \\\n", std::string(spelling.clang).c_str(),
                takes_value(spelling) && is_joined(spelling) ? "-" : "",
                replace_all(help, ":", "\\:").c_str(), value.c_str());
  }
  std::puts("  '*:file:_files'");
}

void print_fish() {
  for (const Spelling &spelling : spellings()) {
    if (spelling.help.empty())
      continue;
    std::string name(spelling.clang);
    std::string help = replace_all(replace_all(spelling.help, "\\", "\\\\"), "'", "\\'");
    std::printf("complete -c bpfcc -n 'string match -q -- \"-*\" (commandline -ct)' -a '%s' -d '%s'\n",
                name.c_str(), help.c_str());
  }
}

} // namespace
} // namespace bpfcc

int main(int argc, char **argv) {
  struct {
    const char *name;
    void (*print)();
  } constexpr kKinds[] = {{"man", bpfcc::print_man},
                          {"bash", bpfcc::print_bash},
                          {"zsh", bpfcc::print_zsh},
                          {"fish", bpfcc::print_fish}};
  for (const auto &kind : kKinds)
    if (argc == 2 && !std::strcmp(argv[1], kind.name)) {
      kind.print();
      return 0;
    }
  std::fputs("usage: generate {man | bash | zsh | fish}\n", stderr);
  return 1;
}
