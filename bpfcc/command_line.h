// SPDX-License-Identifier: MIT OR Apache-2.0
// clang's spellings of options, which no ordinary option parser knows ("-I dir" and "-Idir", "-Wall",
// "-std=c11",
// "-isystem dir"), rewritten into one regular form: "--name" or "--name=value". One table holds them all.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bpfcc {

enum class Form {
  flag,      // -c                    -> --name
  value,     // -o FILE, -oFILE       -> --name=FILE
  separate,  // -include FILE         -> --name=FILE, the value is always the next argument
  joined,    // -std=c11              -> --name=c11
  word,      // -Wall                 -> --name=-Wall, whatever follows the prefix
  word_value // -D X, -DX             -> --name=-DX
};

struct Spelling {
  std::string_view clang; // as the user writes it
  Form form;
  std::string_view name;    // of the regular option, without the dashes
  std::string_view metavar; // shown in --help after the spelling
  std::string_view help;    // empty: not listed in --help
};

std::span<const Spelling> spellings();

struct RegularArguments {
  std::vector<std::string> options; // "--name" or "--name=value"
  std::vector<std::string> inputs;
  std::string error; // empty: all were understood
};

// args: without the program's name. Replaces @FILE by the arguments in FILE; what follows "--" is an input.
RegularArguments regularize(std::vector<std::string> args);

} // namespace bpfcc
