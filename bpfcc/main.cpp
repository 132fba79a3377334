// SPDX-License-Identifier: MIT OR Apache-2.0
// bpfcc: C, or an object made by clang, to an object that a kernel loads as it is. This file is the compiler
// in short: the front end makes ELF bytes, then the passes below run in order on one Image.
#include "bpfcc/code_debug_info.h"
#include "bpfcc/compile_apart.h"
#include "bpfcc/diag.h"
#include "bpfcc/files.h"
#include "bpfcc/frontend/frontend.h"
#include "bpfcc/frontend/inlined_functions.h"
#include "bpfcc/link_inputs.h"
#include "bpfcc/options.h"
#include "bpfcc/profile/load.h"
#include "bpfcc/relocator/btf_header.h"
#include "bpfcc/relocator/c_types.h"
#include "bpfcc/relocator/check_btf.h"
#include "bpfcc/relocator/check_targets.h"
#include "bpfcc/relocator/dump.h"
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/kernel_btf.h"
#include "bpfcc/relocator/passes.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/skeleton.h"
#include "bpfcc/relocator/text.h"
#include "bpfcc/source_names.h"
#include "bpfcc/verify/report.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <unistd.h>

namespace bpfcc {
namespace {

struct Pass {
  std::string_view name;
  void (*run)(Image &);
  // The passes between two checkpoints report all their errors together; after a checkpoint there are none.
  bool checkpoint;
};

constexpr Pass kPasses[] = {
    // Bytes become sections, symbols, relocations and BTF.
    {"read_elf", [](Image &image) { read_elf(image, image.bytes); }, true},
    // What the object's variables and functions mean: maps and their attributes, programs and where they
    // attach.
    {"collect_maps", collect_maps, false},
    {"collect_programs", collect_programs, false},
    // Each relocation and each call gets a kind, then a target. Beyond resolve every name is known.
    {"scan", scan, false},
    {"resolve", resolve, true},
    // Each program gets its own code, its subprograms behind it. Beyond this point code does not move.
    {"link_subprograms", link_subprograms, true},
    {"apply", apply, true},
    // Accesses of the kernel's structures, where its types are known. Beyond this point instructions are
    // final.
    {"apply_core", apply_core, true},
    // The tables that the kernel reads, and BTF for the code as it now stands.
    {"synthesize", synthesize, true},
    // What the kernel would refuse is refused here, at its line of C.
    {"verify", verify, true},
};

// The types of the machine's own kernel, which programs for Linux are compiled for by default.
constexpr char kRunningKernelBtf[] = "/sys/kernel/btf/vmlinux";

// The types that a program's own headers have not, of the kernel that this compiler was built with. A program
// that names none of them gets the embedded vmlinux.h as it is.
void add_kernel_types(FrontendOptions &frontend, const std::unordered_set<std::string_view> *mentioned) {
  DeclaredNames given;
  std::vector<std::string_view> names = {"vmlinux.h"};
  for (size_t i = 0; i < names.size(); i++) {
    std::string_view text = embedded_header(names[i]);
    given.add(text);
    constexpr std::string_view kInclude = "#include <";
    for (size_t at = 0; (at = text.find(kInclude, at)) != text.npos;) {
      at += kInclude.size();
      std::string_view name = text.substr(at, text.find('>', at) - at);
      if (std::ranges::find(names, name) == names.end())
        names.push_back(name);
    }
  }
  KernelBtf kernel;
  if (!read_kernel_btf(kernel, std::string(embedded_kernel_btf())).empty())
    return;
  std::string types = make_kernel_header(kernel.types, mentioned, given);
  if (!types.empty())
    frontend.kernel_header = std::string(embedded_header("vmlinux.h")) + types;
}

// --kernel=FILE.
struct Kernel {
  KernelDescription description;
  std::string elf; // where it was an ELF file whose debug information was not read yet, its bytes
};

void load_kernel(Options &options, Kernel &kernel, Diagnostics &diag) {
  KernelDescription &description = kernel.description;
  if (!load_kernel_file(options.kernel_file, *options.profile, description, kernel.elf, diag))
    return;
  if (options.profile_given && description.base != options.profile)
    return diag.error({options.kernel_file, 0, 0, {}},
                      "the kernel takes objects for " + std::string(description.base->name) + ", and " +
                          std::string(options.profile->name) + " was asked for");
  if (std::string error = use_profile(options, description.profile, *description.base); !error.empty())
    diag.error({}, error);
  options.frontend.target_arch = description.target_arch;
  options.frontend.kernel_helpers = description.helper_header();
}

// The functions that can be probed, to check targets against.
KernelFunctions functions_of(Kernel &kernel) {
  return {&kernel.description.functions, [&]() -> const std::vector<std::string> & {
            if (!kernel.elf.empty())
              kernel.description.inlined = inlined_functions(kernel.elf);
            kernel.elf.clear();
            return kernel.description.inlined;
          }};
}

// --kernel-btf, or the running Linux kernel where the source wants a vmlinux.h that no -I has. Also makes
// that header. loaded: where --kernel=FILE has types, they are what --kernel-btf would name. is_default: for
// want of another, the kernel that this compiler was built with is the one. Gives the file's path; empty: no
// file.
std::string read_kernel(const Options &options, const Kernel &loaded, FrontendOptions &frontend,
                        Diagnostics &diag, KernelBtf &kernel, bool &is_default) {
  std::string path = options.kernel_btf;
  const bool has_types = path.empty() && !loaded.description.btf.empty();
  if (has_types)
    path = options.kernel_file;
  SourceNames source;
  bool has_source = !options.input_is_object;
  bool known = has_source && source.read(options.input, frontend.search_dirs);
  for (const Options::Input &input : options.link_inputs) {
    if (input.is_object)
      continue;
    known = source.read(input.path, frontend.search_dirs) && (known || !has_source);
    has_source = true;
  }
  for (const auto *headers : {&frontend.forced_includes, &frontend.forced_macros})
    for (const std::string &header : *headers)
      known = source.read(header, frontend.search_dirs) && known;
  for (const std::string &macro : frontend.macros)
    known = source.add_macro(macro) && known;
  if (has_source && known && source.includes_below("bpf/") && !frontend.verbose && frontend.cc1_flags.empty())
    frontend.helper_declarations = helper_declarations(source.names());
  bool wants_header = source.includes("vmlinux.h") && !source.found_on_disk("vmlinux.h");
  if (path.empty() && wants_header && options.profile->map_encoding == kbpf::MapEncoding::libbpf &&
      access(kRunningKernelBtf, R_OK) == 0)
    path = kRunningKernelBtf;
  if (path.empty()) {
    // A vmlinux.h from a disk is of a kernel that is not known, and so are the types in an object.
    is_default = has_source && options.profile == &kbpf::kKbpfProfile && !source.found_on_disk("vmlinux.h");
    if (is_default && (wants_header || options.input == "-")) {
      for (std::string_view header : embedded_bpf_headers())
        source.add(header);
      add_kernel_types(frontend, known ? &source.names() : nullptr);
    }
    return path;
  }
  std::string file = loaded.description.btf, error;
  if (!has_types)
    error = read_file(path, file);
  if (error.empty())
    error = read_kernel_btf(kernel, std::move(file));
  if (!error.empty()) {
    diag.error({path, 0, 0, {}}, error);
    return path;
  }
  if (std::string_view arch = target_arch(kernel.types); !arch.empty())
    frontend.target_arch = arch;
  if (!has_source || (!wants_header && options.input != "-"))
    return path;
  for (std::string_view header : embedded_bpf_headers())
    source.add(header);
  frontend.kernel_header = make_kernel_header(kernel.types, known ? &source.names() : nullptr);
  return path;
}

int exit_code(const Diagnostics &diag) { return diag.errors() ? kExitUserError : kExitSuccess; }

void print_declarations(const FrontendOutput &output) {
  for (const auto &[name, where] : output.declarations)
    std::printf("%s %s:%u:%u\n", name.c_str(), where.file.c_str(), where.line, where.column);
}

int write_output(const Options &options, Diagnostics &diag, std::string_view bytes) {
  if (std::string error = write_file(options.output, bytes); !error.empty())
    diag.error({}, error);
  return exit_code(diag);
}

// "folder/trace.bpf.o" gives "trace".
std::string skeleton_name(std::string_view path) {
  std::string_view file = path.substr(path.rfind('/') + 1);
  return c_identifier(file.substr(0, file.find('.')));
}

// --dump and --emit-skeleton
int describe_object(const Options &options, Diagnostics &diag) {
  std::string bytes;
  if (std::string error = read_file(options.input, bytes); !error.empty()) {
    diag.error({}, error);
    return exit_code(diag);
  }
  RelocatorOptions relocator;
  relocator.input_name = options.input;
  if (!options.kernel_file.empty())
    relocator.profile = options.profile;
  Image image(relocator, diag);
  read_elf(image, bytes);
  if (diag.errors())
    return exit_code(diag);
  if (options.check)
    for (const std::string &fault : check_btf(image, btf_origin(image)))
      diag.error({options.input, 0, 0, {}}, fault);
  if (options.dump)
    return write_output(options, diag, dump(image));
  std::string header, error = make_skeleton(image, skeleton_name(options.input), header);
  if (!error.empty()) {
    diag.error({options.input, 0, 0, {}}, error);
    return exit_code(diag);
  }
  return write_output(options, diag, header);
}

// -###, as clang prints it: every argument in quotes, those of a shell's meaning marked.
void print_commands(const FrontendOptions &frontend) {
  std::string out =
      "clang version " + clang_version() + "\nTarget: bpf\nThread model: posix\n \"bpfcc\" \"-cc1\"";
  for (const std::string &argument : compiler_arguments(frontend)) {
    out += " \"";
    for (char c : argument)
      out.append(c == '"' || c == '\\' || c == '$' ? 1 : 0, '\\').append(1, c);
    out += '"';
  }
  out += '\n';
  std::fwrite(out.data(), 1, out.size(), stderr);
}

// -save-temps: what clang leaves beside the output. Warnings are for the compilation itself.
void save_temps(const Options &options, FrontendOptions frontend, Diagnostics &diag) {
  frontend.clang_flags.push_back("-w");
  std::string base = options.output.substr(0, options.output.rfind('.'));
  for (auto [kind, suffix] :
       {std::pair(OutputKind::preprocessed, ".i"), std::pair(OutputKind::llvm_bitcode, ".bc"),
        std::pair(OutputKind::assembly, ".s")}) {
    FrontendOutput output;
    frontend.output = kind;
    if (options.output == "-" || base + suffix == options.input || !compile_apart(frontend, diag, output))
      return;
    if (std::string error = write_file(base + suffix, output.bytes); !error.empty())
      diag.error({}, error);
  }
}

// -MJ: in clang's form, so that entries of several files can be put together.
std::string database_entry(const Options &options) {
  std::error_code error;
  std::string out = "{ \"directory\": " + json_string(std::filesystem::current_path(error).string()) +
                    ", \"file\": " + json_string(options.input) +
                    ", \"output\": " + json_string(options.output) + ", \"arguments\": [";
  for (const std::string &word : options.command_line)
    out += (&word == &options.command_line.front() ? "" : ", ") + json_string(word);
  return out + "]},\n";
}

// -fbpf-max-insns
void check_budget(const Options &options, const Image &image) {
  for (const Program &program : image.programs) {
    const Function &function = image.functions[program.function];
    if (options.max_insns && program.code.size() > options.max_insns)
      error_at_function(image, function,
                        "program '" + std::string(function.name) + "' has " +
                            std::to_string(program.code.size()) + " instruction slots, more than the " +
                            std::to_string(options.max_insns) + " of -fbpf-max-insns");
  }
}

// -fbpf-max-path and -fbpf-max-processed
void check_verdict_budget(const Options &options, const Image &image, std::string_view program,
                          const Verdict &verdict) {
  const auto function =
      std::find_if(image.functions.begin(), image.functions.end(), [&](const Function &candidate) {
        return candidate.is_program && candidate.name == program;
      });
  if (!verdict.accepted || function == image.functions.end())
    return;
  const auto check = [&](uint32_t count, uint32_t limit, std::string_view what, std::string_view option) {
    if (limit && count > limit)
      error_at_function(image, *function,
                        concat("program ", quoted(program), ": ", what, " ", count,
                               " instructions, more than the ", limit, " of ", option));
  };
  check(verdict.stats.longest_path, options.max_path, "its longest path runs", "-fbpf-max-path");
  check(verdict.stats.processed_insns, options.max_processed, "the verifier processes",
        "-fbpf-max-processed");
}

// bytes: an ELF object; the finished object on return. report gets a verdict for each program. False: an
// error was reported, or --stop-after was reached.
bool relocate(const Options &options, Kernel &kernel, CodeDebugInfo &debug_info,
              const FrontendOutput &compiled, const Btf *kernel_types, std::string_view default_kernel,
              Diagnostics &diag, Report &report, std::string &bytes) {
  RelocatorOptions relocator;
  relocator.profile = options.profile;
  relocator.input_name = options.link_inputs.empty() ? options.input : options.output;
  relocator.declarations =
      options.link_inputs.empty() && options.input_is_object ? nullptr : &compiled.declarations;
  relocator.self_calls = &compiled.self_calls;
  relocator.may_be_part = options.compile_only;
  relocator.verify = options.verify;
  relocator.strict_alignment = options.strict_alignment;
  relocator.hides_addresses = options.hides_addresses;
  relocator.uninitialized_stack = options.uninitialized_stack;
  relocator.kprobe_target = options.kprobe_target;
  relocator.kernel_types = kernel_types;
  relocator.default_kernel = default_kernel;
  if (kernel.description.has_functions)
    relocator.kernel_addresses = [&](std::string_view name) { return kernel.description.addresses_of(name); };
  relocator.debug_info = [&] { return debug_info.get(compiled.bytes); };
  relocator.path_notes = options.path_notes;
  Image image(relocator, diag);
  relocator.on_verdict = [&](std::string_view program, const Verdict &verdict) {
    report.add(options.output, program, verdict, {});
    check_verdict_budget(options, image, program, verdict);
  };
  image.bytes = bytes;

  for (const Pass &pass : kPasses) {
    pass.run(image);
    if (pass.run == collect_programs)
      check_targets(image, kernel.description.has_functions ? functions_of(kernel) : KernelFunctions{});
    if (pass.run == link_subprograms)
      check_budget(options, image);
    if (pass.name == options.print_after) {
      std::string text;
      print(image, text);
      std::fwrite(text.data(), 1, text.size(), stdout);
    }
    if (pass.name == options.stop_after || (pass.checkpoint && diag.errors()))
      return false;
    if (pass.run == collect_programs && options.compile_only && image.programs.empty() && !diag.errors())
      return true; // as the front end made it: whoever links it finishes it
  }
  bytes = write_elf(image);
  if (!diag.errors())
    check_output(image, bytes);
  return !diag.errors() && options.stop_after != "write_elf";
}

int run(Options &options) {
  Diagnostics diag(options.frontend.color);
  diag.set_warnings_are_errors(options.warnings_are_errors);
  diag.set_warnings_off(options.warnings_off);
  diag.set_format(options.diagnostics_format);
  for (const std::string &flag : options.unused_flags)
    diag.warning({}, "argument unused: '" + flag + "' means nothing for BPF");
  if (!options.compile_database.empty())
    if (std::string error = write_file(options.compile_database, database_entry(options)); !error.empty())
      diag.error({}, error);

  // An object made elsewhere skips the front end.
  FrontendOutput compiled;
  KernelBtf kernel;
  Kernel loaded;
  if (!options.kernel_file.empty())
    load_kernel(options, loaded, diag);
  if (diag.errors())
    return exit_code(diag);
  FrontendOptions frontend = options.frontend;
  if (options.dump || options.emit_skeleton)
    return describe_object(options, diag);
  bool default_kernel = false;
  std::string kernel_file = read_kernel(options, loaded, frontend, diag, kernel, default_kernel);
  if (diag.errors())
    return exit_code(diag);
  if (options.print_commands) {
    print_commands(frontend);
    return kExitSuccess;
  }
  CodeDebugInfo debug_info(options, frontend);
  if (options.save_temps && !options.input_is_object)
    save_temps(options, frontend, diag);
  if (!options.link_inputs.empty()) {
    link_inputs(options, frontend, diag, compiled);
    if (compiled.internal_error)
      return kExitInternalError;
  } else if (options.input_is_object) {
    if (std::string error = read_file(options.input, compiled.bytes); !error.empty())
      diag.error({}, error);
  } else {
    compile(frontend, diag, compiled);
    if (compiled.internal_error)
      return kExitInternalError;
  }
  if (diag.errors())
    return exit_code(diag);
  if (options.print_after == "frontend")
    print_declarations(compiled);

  if (!options.kernel_file.empty())
    compiled.dependencies.push_back({options.kernel_file, true});
  if (!loaded.description.btf_file.empty())
    compiled.dependencies.push_back({loaded.description.btf_file, true});
  if (!kernel_file.empty() && kernel_file != options.kernel_file)
    compiled.dependencies.push_back({kernel_file, true});
  if (options.depfile.enabled) {
    std::string rule = make_rule(options.depfile, compiled.dependencies);
    if (std::string error = write_file(options.depfile.path, rule); !error.empty())
      diag.error({}, error);
  }
  OutputKind kind = options.frontend.output;
  if (diag.errors() || kind == OutputKind::syntax_only || kind == OutputKind::dependencies)
    return exit_code(diag);

  // Everything but an object is the front end's output as it is; --stop-after=frontend shows clang's object.
  if (kind != OutputKind::object || options.stop_after == "frontend")
    return write_output(options, diag, compiled.bytes);
  std::string bytes = compiled.bytes;
  Report report(options.verify_report == "json");
  bool finished =
      relocate(options, loaded, debug_info, compiled, kernel_file.empty() ? nullptr : &kernel.types,
               default_kernel ? embedded_kernel_btf() : std::string_view(), diag, report, bytes);
  if (!options.verify_report.empty()) {
    std::string text = report.finish();
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  if (!finished)
    return exit_code(diag);
  return write_output(options, diag, bytes);
}

// A fault of ours, not of the input. Only what is safe in a signal handler.
void on_crash(int) {
  constexpr char kMessage[] = "bpfcc: internal error: please report this with the input\n";
  (void)!write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  _exit(kExitInternalError);
}

} // namespace
} // namespace bpfcc

int main(int argc, char **argv) {
  using namespace bpfcc;
  for (int signal_number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
    std::signal(signal_number, on_crash);
  int code = kExitSuccess;
  std::optional<Options> options = parse_options(argc, argv, code);
  if (options)
    code = run(*options);
  // What was printed must have arrived: a full disk counts as an error there, too.
  if ((std::fflush(stdout) != 0 || std::ferror(stdout)) && code == kExitSuccess) {
    Diagnostics(false).error({}, std::string("cannot write 'standard output': ") + std::strerror(errno));
    code = kExitUserError;
  }
  return code;
}
