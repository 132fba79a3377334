// SPDX-License-Identifier: MIT OR Apache-2.0
// command_line.cpp has made the arguments regular; CLI11 checks and converts them here. This is the one host
// file that is built with exceptions, which CLI11 needs; none leaves it.
#include "bpfcc/options.h"
#include "bpfcc/command_line.h"
#include "bpfcc/explain.h"
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace bpfcc {
namespace {

// The regular options as CLI11 fills them in, before they are put together.
struct Parsed {
  std::string output, abi, kernel, optimize, debug, target = "bpf", dependency_file;
  std::vector<std::string> dependency_targets, quoted_dependency_targets, host_flags;
  bool compile = false, assembly = false, preprocess = false, emit_llvm = false, syntax_only = false;
  bool dependencies = false, user_dependencies = false, write_dependencies = false,
       write_user_dependencies = false;
  bool no_standard_includes = false, ansi = false, ignored = false;
  bool help = false, version = false, dump_machine = false, dump_version = false;
  bool preamble_cache = true, time_trace = false, quiet_unused = false;
  bool big_endian = false;
  std::string print, print_name, working_directory, save_temps_where, unused_path, diagnostics_format, explain, max_insns, max_stack,
      max_path, max_processed, path_notes;
  std::string uninitialized_stack, kprobe_target;
};

constexpr std::string_view kPasses[] = {
    "apply_core", "frontend",         "read_elf", "collect_maps", "collect_programs", "scan",
    "resolve",    "link_subprograms", "apply",    "synthesize",   "verify",           "write_elf"};

std::string pass_error(const std::string &name) {
  if (std::ranges::find(kPasses, name) != std::end(kPasses))
    return {};
  std::string message = "no pass is called '" + name + "'";
  std::string_view nearest = nearest_name(name, kPasses);
  return nearest.empty() ? message : message + "; did you mean '" + std::string(nearest) + "'?";
}

void print_help() {
  std::puts("usage: bpfcc [options] FILE.c -o FILE.o\n"
            "       bpfcc [options] FILE.o -o FILE.o\n"
            "       bpfcc [options] FILE... -o FILE.o\n\n"
            "Compiles C, or relinks BPF objects made by clang, into an object that the kernel loads as it "
            "is. Several files\n"
            "are linked into one object.\n");
  for (const Spelling &spelling : spellings()) {
    if (spelling.help.empty())
      continue;
    std::string left(spelling.clang);
    bool joined =
        spelling.clang.ends_with('=') || spelling.form == Form::word || spelling.form == Form::word_value;
    if (!spelling.metavar.empty())
      left.append(joined ? "" : " ").append("<").append(spelling.metavar).append(">");
    std::printf("  %-28s %.*s\n", left.c_str(), static_cast<int>(spelling.help.size()), spelling.help.data());
  }
}

std::string version_text() {
  // Build systems take the first version that they see for the one of the compiler that they know.
  return "clang version " + clang_version() + " (bpfcc 0.1.0)" +
         "\nTarget: bpf\nThread model: posix\nKernel ABI version: " + std::to_string(KBPF_ABI_VERSION) + "\n";
}

// clang's questions about its installation. Everything of ours is in the binary; nothing else is searched.
bool print_what_was_asked(const Parsed &parsed) {
  const std::string resources(resource_directory()), &what = parsed.print;
  if (!parsed.print_name.empty())
    std::printf("%s\n", parsed.print_name.c_str());
  else if (what == "resource-dir")
    std::printf("%s\n", resources.c_str());
  else if (what == "search-dirs")
    std::printf("programs: =\nlibraries: =%s\n", resources.c_str());
  else if (what == "runtime-dir")
    std::printf("%s/lib/bpf\n", resources.c_str());
  else if (what == "libgcc-file-name")
    std::puts("libgcc.a");
  else if (what == "multi-lib")
    std::puts(".;");
  else if (what == "multi-directory")
    std::puts(".");
  else if (what == "multiarch")
    std::puts("");
  else if (what == "linker") // build systems ask; they look for a name that they know
    std::printf("bpfcc 0.1.0 links BPF objects by itself, in the place of LLD %s\n", clang_version().c_str());
  else if (what == "targets")
    std::puts("\n  Registered Targets:\n    bpf   - BPF (little endian)\n    bpfel - BPF (little endian)");
  else if (what == "supported-cpus")
    std::fputs("Available CPUs for this target:\n\n\tgeneric\n\tprobe\n\tv1\n\tv2\n\tv3\n\tv4\n\n"
               "generic is v1; probe is the kernel's own, v3 where it is not zcore.\n",
               stderr); // where clang prints it
  else
    return false;
  return true;
}

void declare(CLI::App &app, Parsed &parsed, Options &options) {
  FrontendOptions &frontend = options.frontend;
  auto last = CLI::MultiOptionPolicy::TakeLast;
  auto value = [&](const char *name, std::string &target) {
    return app.add_option(name, target)->multi_option_policy(last);
  };
  auto values = [&](const char *name, std::vector<std::string> &target) { app.add_option(name, target); };
  value("--output", parsed.output);
  value("--abi", parsed.abi)->check([](const std::string &name) {
    return kbpf::find_profile(name) ? std::string()
                                    : "unknown profile '" + name + "': expected kbpf, zcore or linux";
  });
  value("--kernel", parsed.kernel);
  value("--kprobe-target", parsed.kprobe_target);
  value("--mcpu", frontend.mcpu)->check([](const std::string &name) {
    constexpr std::string_view kNames[] = {"generic", "probe", "v1", "v2", "v3", "v4"};
    bool known = std::ranges::find(kNames, name) != std::end(kNames);
    return known ? std::string() : "unknown BPF instruction set '" + name + "': expected v1, v2, v3 or v4";
  });
  value("--optimize", parsed.optimize)->check([](const std::string &level) {
    bool known =
        level == "-O" || level == "-Ofast" || (level.size() == 3 && std::strchr("01234szg", level[2]));
    return known ? std::string()
                 : "invalid optimisation level '" + level + "': expected -O0 to -O3, -Os or -Oz";
  });
  value("--language", frontend.language)->check([](const std::string &name) {
    bool known = name == "c" || name == "cpp-output" || name == "none";
    return known ? std::string() : "language '" + name + "' is not supported: expected c or cpp-output";
  });
  value("--target", parsed.target)->check([](const std::string &triple) {
    std::string arch = triple.substr(0, triple.find('-'));
    return arch == "bpf" || arch == "bpfel"
               ? std::string()
               : "target '" + triple + "' is not supported: bpfcc compiles for bpf";
  });
  value("--print-after", options.print_after)->check(pass_error);
  value("--stop-after", options.stop_after)->check(pass_error);
  value("--kernel-btf", options.kernel_btf);
  value("--print", parsed.print);
  value("--print-name", parsed.print_name);
  value("--working-directory", parsed.working_directory);
  value("--save-temps-where", parsed.save_temps_where)->check([](const std::string &where) {
    return where == "obj" || where == "cwd"
               ? std::string()
               : "invalid value '" + where + "' in '-save-temps=': expected cwd or obj";
  });
  value("--unused-path", parsed.unused_path);
  value("--diagnostics-format", parsed.diagnostics_format)->check([](const std::string &format) {
    return format == "text" || format == "json" || format == "sarif"
               ? std::string()
               : "unknown format '" + format + "' of diagnostics: expected text, json or sarif";
  });
  value("--explain", parsed.explain);
  value("--verify-report", options.verify_report)->check([](const std::string &format) {
    return format == "text" || format == "json"
               ? std::string()
               : "unknown format '" + format + "' of the report: expected text or json";
  });
  value("--uninitialized-stack", parsed.uninitialized_stack)->check([](const std::string &flag) {
    return flag.ends_with("bpf-uninitialized-stack") ? std::string()
                                                     : "unknown warning option '" + flag + "'";
  });
  value("--max-insns", parsed.max_insns)->check(CLI::Range(1, 1'000'000));
  value("--path-notes", parsed.path_notes)->check(CLI::Range(0, 1000));
  value("--max-path", parsed.max_path)->check(CLI::Range(1, 1'000'000));
  value("--max-processed", parsed.max_processed)->check(CLI::Range(1, 1'000'000));
  value("--max-stack", parsed.max_stack)->check(CLI::Range(8, 512));
  value("--compile-database", options.compile_database);
  value("--time-trace-file", frontend.time_trace);
  app.add_flag("--time-trace", parsed.time_trace);
  value("--std", frontend.std_version);
  value("--debug", parsed.debug);
  value("--dependency-file", parsed.dependency_file);
  values("--dependency-target", parsed.dependency_targets);
  values("--quoted-dependency-target", parsed.quoted_dependency_targets);
  values("--search-dir", frontend.search_dirs);
  values("--include", frontend.forced_includes);
  values("--include-macros", frontend.forced_macros);
  values("--macro", frontend.macros);
  values("--clang-flag", frontend.clang_flags);
  values("--cc1-flag", frontend.cc1_flags);
  values("--llvm-flag", frontend.llvm_flags);
  values("--host-flag", parsed.host_flags);

  app.add_flag("--compile", parsed.compile);
  app.add_flag("--assembly", parsed.assembly);
  app.add_flag("--preprocess", parsed.preprocess);
  app.add_flag("--emit-llvm", parsed.emit_llvm);
  app.add_flag("--syntax-only", parsed.syntax_only);
  app.add_flag("--no-standard-includes", parsed.no_standard_includes);
  app.add_flag("--ansi", parsed.ansi);
  app.add_flag("--ignored", parsed.ignored);
  app.add_flag("--quiet-unused", parsed.quiet_unused);
  app.add_flag("--warnings-are-errors", options.warnings_are_errors);
  app.add_flag("--no-warnings", options.warnings_off);
  app.add_flag("--dependencies", parsed.dependencies);
  app.add_flag("--user-dependencies", parsed.user_dependencies);
  app.add_flag("--write-dependencies", parsed.write_dependencies);
  app.add_flag("--write-user-dependencies", parsed.write_user_dependencies);
  app.add_flag("--phony-dependencies", options.depfile.phony_targets);
  app.add_flag("--missing-dependencies", frontend.missing_headers);
  app.add_flag("--nmake-dependencies", options.depfile.nmake);
  app.add_flag("--verbose", frontend.verbose);
  app.add_flag("--version", parsed.version);
  app.add_flag("--help", parsed.help);
  app.add_flag("--dump-machine", parsed.dump_machine);
  app.add_flag("--dump-version", parsed.dump_version);
  app.add_flag("--print-commands", options.print_commands);
  app.add_flag("--save-temps", options.save_temps);
  app.add_flag("--dump", options.dump);
  app.add_flag("--emit-skeleton", options.emit_skeleton);
  app.add_flag("--check", options.check);
  app.add_flag("--big-endian", parsed.big_endian);
  // Of a pair of opposites the later one wins.
  app.add_flag("--preamble-cache,!--no-preamble-cache", parsed.preamble_cache)->multi_option_policy(last);
  app.add_flag("--verify,!--no-verify", options.verify)->multi_option_policy(last);
  app.add_flag("--strict-alignment,!--no-strict-alignment", options.strict_alignment)
      ->multi_option_policy(last);
  app.add_flag("--hide-addresses,!--no-hide-addresses", options.hides_addresses)->multi_option_policy(last);
  app.add_flag("--color,!--no-color", frontend.color)->multi_option_policy(last);
}

OutputKind output_kind(const Parsed &parsed) {
  if (parsed.dependencies || parsed.user_dependencies)
    return OutputKind::dependencies;
  if (parsed.preprocess)
    return OutputKind::preprocessed;
  if (parsed.syntax_only)
    return OutputKind::syntax_only;
  if (parsed.emit_llvm)
    return parsed.assembly ? OutputKind::llvm_text : OutputKind::llvm_bitcode;
  return parsed.assembly ? OutputKind::assembly : OutputKind::object;
}

char optimization_level(const std::string &flag) {
  if (flag.empty())
    return '2';
  if (flag == "-O" || flag == "-Og")
    return '1';
  if (flag == "-Ofast" || flag == "-O4")
    return '3';
  return flag[2];
}

std::string base_name(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string with_suffix(const std::string &path, std::string_view suffix) {
  size_t dot = path.rfind('.');
  size_t slash = path.rfind('/');
  bool has_suffix = dot != std::string::npos && (slash == std::string::npos || dot > slash);
  return path.substr(0, has_suffix ? dot : path.size()).append(suffix);
}

std::string_view output_suffix(OutputKind kind) {
  switch (kind) {
  case OutputKind::assembly:
    return ".s";
  case OutputKind::llvm_text:
    return ".ll";
  case OutputKind::llvm_bitcode:
    return ".bc";
  default:
    return ".o";
  }
}

bool goes_to_stdout(OutputKind kind) {
  return kind == OutputKind::preprocessed || kind == OutputKind::dependencies;
}

// Fills in what is known of one input by its name; gives an error's text.
std::string classify(const std::string &path, const std::string &language, Options::Input &input) {
  bool language_given = !language.empty() && language != "none";
  std::string suffix = path.substr(std::min(path.size(), with_suffix(path, "").size()));
  // What came after "--" may look like an option to the front end.
  input.path = path.size() > 1 && path[0] == '-' ? "./" + path : path;
  input.is_object = !language_given && suffix == ".o";
  input.language = language_given ? language : suffix == ".i" ? "cpp-output" : "c";
  if (!language_given && (suffix == ".ll" || suffix == ".bc"))
    return "input file '" + path + "' is LLVM code: bpfcc takes the C that it was made of, or llc's object";
  if (!language_given && path != "-" && suffix != ".c" && suffix != ".i" && suffix != ".o")
    return "unknown kind of input file '" + path + "': expected .c, .i or .o; -x c says that it is C";
  return {};
}

// By whatever names: links count. Nothing is where there is no file yet.
bool same_file(const std::string &a, const std::string &b) {
  struct stat first, second;
  return a == b || (::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && S_ISREG(first.st_mode) &&
                    first.st_dev == second.st_dev && first.st_ino == second.st_ino);
}

// Several inputs are linked; gives an error's text.
std::string place_link_inputs(const Parsed &parsed, const std::vector<std::string> &inputs,
                              Options &options) {
  if (parsed.compile)
    return "'-c' compiles one file, and there are " + std::to_string(inputs.size()) +
           "; without it they are linked into one object";
  if (options.frontend.output != OutputKind::object || options.dump || options.emit_skeleton ||
      options.save_temps || options.print_commands || options.stop_after == "frontend")
    return "more than one input file ('" + inputs[0] + "', '" + inputs[1] +
           "'); only an object is made of several";
  if (parsed.output.empty())
    return "several input files are linked into one object: name it with -o FILE";
  for (const std::string &path : inputs) {
    if (path == "-")
      return "standard input cannot be one of several input files";
    if (same_file(path, parsed.output))
      return "output '" + parsed.output + "' would replace an input; name another with -o";
    if (std::string error = classify(path, options.frontend.language, options.link_inputs.emplace_back());
        !error.empty())
      return error;
  }
  return {};
}

// Where an option that asks for the verifier would do nothing; gives an error's text.
std::string verifier_option_error(const Options &options) {
  const std::string option = !options.verify_report.empty() ? "--verify-report"
                             : options.max_path             ? "-fbpf-max-path"
                             : options.max_processed        ? "-fbpf-max-processed"
                                                            : "";
  if (option.empty())
    return {};
  if (!options.verify)
    return option + " needs the verifier, and -fno-bpf-verify turns it off";
  if (options.profile->placement == kbpf::ProgramPlacement::as_written)
    return option + ": programs for " + std::string(options.profile->name) +
           " are not verified here; kbpf-verify reports on the object";
  if (options.verify_report.empty())
    return {};
  if (options.frontend.output != OutputKind::object || options.dump || !options.stop_after.empty())
    return "--verify-report: only an object's programs are verified";
  if (options.output == "-")
    return "--verify-report and the object cannot both go to standard output; name the object with -o FILE";
  return {};
}

// Fills in input, output and what depends on them; gives an error's text.
std::string place_files(const Parsed &parsed, const std::vector<std::string> &inputs, Options &options) {
  FrontendOptions &frontend = options.frontend;
  if (inputs.empty())
    return "no input file";
  if (inputs.size() > 1)
    if (std::string error = place_link_inputs(parsed, inputs, options); !error.empty())
      return error;
  const std::string &input = options.input = frontend.input = inputs[0];
  Options::Input first;
  if (std::string error = classify(input, frontend.language, first); !error.empty())
    return error;
  options.input_is_object = first.is_object;
  frontend.language = first.language;
  if (options.check && !options.dump)
    return "--check goes with --dump";
  if (options.dump && options.emit_skeleton)
    return "--dump and --emit-skeleton are two outputs: choose one";
  if (options.dump || options.emit_skeleton) {
    if (!options.input_is_object)
      return std::string(options.dump ? "--dump" : "--emit-skeleton") + " takes an object, and '" + input +
             "' is a source";
    options.output = options.dump || parsed.output.empty() ? "-" : parsed.output;
    if (same_file(options.output, input))
      return "output '" + options.output + "' would replace the input; name another with -o";
    return {};
  }
  if (options.input_is_object && frontend.output != OutputKind::object)
    return "'" + input + "' is an object: it can only be made into an object";

  options.output = parsed.output;
  if (options.output.empty()) {
    if (goes_to_stdout(frontend.output))
      options.output = "-";
    else if (input == "-" && frontend.output != OutputKind::syntax_only && options.stop_after.empty())
      return "reading standard input needs -o FILE";
    else
      options.output = with_suffix(base_name(input), output_suffix(frontend.output));
  }
  frontend.input = first.path;
  if (options.output != "-" && same_file(options.output, input))
    return "output '" + options.output + "' would replace the input; name another with -o";

  if (frontend.missing_headers && frontend.output != OutputKind::dependencies)
    return "'-MG' goes with -M or -MM: what is compiled needs its headers";
  DepfileOptions &depfile = options.depfile;
  depfile.enabled = frontend.output == OutputKind::dependencies || parsed.write_dependencies ||
                    parsed.write_user_dependencies;
  depfile.system_files = parsed.dependencies || parsed.write_dependencies;
  depfile.path = parsed.dependency_file;
  if (depfile.path.empty())
    depfile.path =
        frontend.output == OutputKind::dependencies ? options.output : with_suffix(options.output, ".d");
  if (depfile.enabled && depfile.path != "-" && same_file(depfile.path, input))
    return "the make rule would replace '" + input + "'; name its file with -MF FILE";
  depfile.targets = parsed.dependency_targets;
  for (const std::string &target : parsed.quoted_dependency_targets)
    depfile.targets.push_back(quote_for_make(target));
  if (depfile.targets.empty()) {
    bool named = options.output != "-" && frontend.output != OutputKind::dependencies;
    depfile.targets.push_back(quote_for_make(named ? options.output : with_suffix(base_name(input), ".o")));
  }
  return {};
}

bool color_by_default() {
  const char *no_color = std::getenv("NO_COLOR");
  const char *term = std::getenv("TERM");
  return isatty(STDERR_FILENO) && !(no_color && *no_color) && !(term && std::string_view(term) == "dumb");
}

// $XDG_CACHE_HOME counts only where it is absolute, as its specification says.
std::string preamble_cache_folder() {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  if (cache && *cache == '/')
    return std::string(cache) + "/bpfcc/preambles";
  return home && *home == '/' ? std::string(home) + "/.cache/bpfcc/preambles" : std::string();
}

} // namespace

std::string use_profile(Options &options, const kbpf::Profile &profile, const kbpf::Profile &built_in) {
  FrontendOptions &frontend = options.frontend;
  options.profile = &profile;
  frontend.profile = built_in.name;
  // The seeds' kernels were written for what plain clang makes.
  if (!options.mcpu_given)
    frontend.mcpu = profile.map_encoding == kbpf::MapEncoding::undefined_symbol ? "v1" : "v3";
  if (!options.max_stack_given)
    frontend.max_stack = profile.stack_size;
  return verifier_option_error(options);
}

std::optional<Options> parse_options(int argc, char **argv, int &exit_code) {
  Options options;
  Parsed parsed;
  options.frontend.language.clear();
  options.frontend.mcpu.clear();
  options.frontend.color = color_by_default();
  Diagnostics diag(options.frontend.color);
  auto fail = [&](const std::string &message) -> std::optional<Options> {
    diag.set_format(options.diagnostics_format);
    diag.error({}, message);
    exit_code = kExitUserError;
    return std::nullopt;
  };

  RegularArguments args = regularize({argv + 1, argv + argc});
  if (!args.error.empty())
    return fail(args.error);
  CLI::App app;
  app.set_help_flag();
  declare(app, parsed, options);
  try {
    std::ranges::reverse(args.options); // CLI11 takes the words from the back
    app.parse(args.options);
  } catch (const CLI::ParseError &error) {
    std::string_view message = error.what();
    size_t name_end = message.find(": "); // CLI11 puts its own name of the option in front
    return fail(std::string(
        message.starts_with("--") && name_end != message.npos ? message.substr(name_end + 2) : message));
  }

  exit_code = kExitSuccess;
  if (print_what_was_asked(parsed))
    return std::nullopt;
  if (!parsed.explain.empty()) {
    std::string text = explain_rejection(parsed.explain);
    if (text.empty())
      return fail("the verifier has no refusal '" + parsed.explain + "': docs/verifier.md lists them");
    std::fputs(text.c_str(), stdout);
    return std::nullopt;
  }
  if (parsed.help || parsed.version || parsed.dump_machine || parsed.dump_version) {
    if (parsed.help)
      print_help();
    else if (parsed.version)
      std::fputs(version_text().c_str(), stdout);
    else
      std::puts(parsed.dump_machine ? "bpf" : clang_version().c_str());
    return std::nullopt;
  }

  options.compile_only = parsed.compile;
  options.save_temps |= !parsed.save_temps_where.empty();
  if (parsed.diagnostics_format == "json")
    options.diagnostics_format = DiagnosticFormat::json;
  else if (parsed.diagnostics_format == "sarif")
    options.diagnostics_format = DiagnosticFormat::sarif;
  options.frontend.report_only = options.diagnostics_format != DiagnosticFormat::text;
  if (parsed.big_endian)
    return fail("'-mbig-endian' is not supported: the kernels are little-endian");
  if (options.frontend.verbose && args.inputs.empty()) {
    std::fputs(version_text().c_str(), stderr);
    return std::nullopt;
  }

  if (!parsed.working_directory.empty() && ::chdir(parsed.working_directory.c_str()) != 0)
    return fail("cannot work in '" + parsed.working_directory + "': " + std::strerror(errno));

  FrontendOptions &frontend = options.frontend;
  if (parsed.preamble_cache)
    frontend.preamble_cache = preamble_cache_folder();
  frontend.output = output_kind(parsed);
  frontend.optimization = optimization_level(parsed.optimize);
  frontend.debug_info = !parsed.debug.empty() && parsed.debug != "-g0";
  frontend.standard_includes = !parsed.no_standard_includes;
  if (parsed.ansi)
    frontend.std_version = "c89";
  if (options.warnings_are_errors)
    frontend.clang_flags.push_back("-Werror");
  if (options.warnings_off)
    frontend.clang_flags.push_back("-w");
  if (parsed.uninitialized_stack.starts_with("-Wno-"))
    options.uninitialized_stack = WarningLevel::off;
  else if (parsed.uninitialized_stack.starts_with("-Werror="))
    options.uninitialized_stack = WarningLevel::error;
  if (parsed.kprobe_target == "off")
    options.kprobe_target = WarningLevel::off;
  else if (parsed.kprobe_target == "error")
    options.kprobe_target = WarningLevel::error;
  const kbpf::Profile *by_name = kbpf::find_profile(parsed.kernel);
  if (!parsed.abi.empty() && by_name && parsed.abi != parsed.kernel)
    return fail("'--abi=" + parsed.abi + "' and '--kernel=" + parsed.kernel +
                "' are two kernels: choose one");
  if (!by_name)
    options.kernel_file = parsed.kernel;
  options.profile_given = by_name || !parsed.abi.empty();
  if (!by_name)
    by_name = parsed.abi.empty() ? &kbpf::kKbpfProfile : kbpf::find_profile(parsed.abi);
  if (frontend.mcpu == "probe") // the machine's own kernel must not decide what comes out
    frontend.mcpu.clear();
  options.mcpu_given = !frontend.mcpu.empty();
  options.max_stack_given = !parsed.max_stack.empty();
  options.profile = by_name;
  if (std::string error = place_files(parsed, args.inputs, options); !error.empty())
    return fail(error);
  if (!parsed.max_path.empty())
    options.max_path = static_cast<uint32_t>(std::stoul(parsed.max_path));
  if (!parsed.max_processed.empty())
    options.max_processed = static_cast<uint32_t>(std::stoul(parsed.max_processed));
  if (std::string error = use_profile(options, *by_name, *by_name); !error.empty())
    return fail(error);
  if (!parsed.quiet_unused)
    options.unused_flags = parsed.host_flags;
  options.command_line.assign(argv, argv + argc);
  if (!parsed.max_insns.empty())
    options.max_insns = static_cast<uint32_t>(std::stoul(parsed.max_insns));
  if (!parsed.path_notes.empty())
    options.path_notes = static_cast<uint32_t>(std::stoul(parsed.path_notes));
  if (!parsed.max_stack.empty())
    frontend.max_stack = static_cast<unsigned>(std::stoul(parsed.max_stack));
  if (parsed.time_trace && frontend.time_trace.empty())
    frontend.time_trace = with_suffix(options.output, ".json");
  return options;
}

} // namespace bpfcc
