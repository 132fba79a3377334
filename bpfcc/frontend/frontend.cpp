// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs Clang for the BPF target: makes cc1's command line from the options, replaces the file system by one
// that holds our headers, and collects the output in memory. Nothing of the host is read but what the user
// names.
#include "bpfcc/frontend/frontend.h"
#include "bpfcc/frontend/canonical_btf.h"
#include "bpfcc/frontend/code_passes.h"
#include "bpfcc/frontend/declarations.h"
#include "bpfcc/frontend/diagnostic_printer.h"
#include "bpfcc/frontend/embedded_fs.h"
#include "bpfcc/frontend/object_writer.h"
#include "bpfcc/frontend/preamble.h"
#include "clang/Basic/DiagnosticFrontend.h"
#include "clang/CodeGen/CodeGenAction.h"
#include "clang/Driver/Options.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendActions.h"
#include "clang/Frontend/MultiplexConsumer.h"
#include "clang/Frontend/Utils.h"
#include "clang/Lex/PPCallbacks.h"
#include "clang/Lex/Preprocessor.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/TimeProfiler.h"
#include <set>

namespace bpfcc {
namespace {
using namespace llvm;
using StringVector = std::vector<std::string>;

// --- Command line
// ------------------------------------------------------------------------------------------------

const char *optimization_flag(char level) {
  switch (level) {
  case '0':
    return "-O0";
  case '1':
    return "-O1";
  case '3':
    return "-O3";
  case 's':
    return "-Os";
  case 'z':
    return "-Oz";
  default:
    return "-O2";
  }
}

const char *action_flag(OutputKind kind) {
  switch (kind) {
  case OutputKind::object:
    return "-emit-obj";
  case OutputKind::assembly:
    return "-S";
  case OutputKind::preprocessed:
  case OutputKind::dependencies:
    return "-E";
  case OutputKind::llvm_text:
    return "-emit-llvm";
  case OutputKind::llvm_bitcode:
    return "-emit-llvm-bc";
  case OutputKind::syntax_only:
    return "-fsyntax-only";
  }
  llvm_unreachable("every output kind has a flag");
}

bool known_to(const std::string &flag, clang::driver::options::ClangVisibility visibility) {
  const char *argument = flag.c_str();
  unsigned missing_index, missing_count;
  opt::InputArgList parsed = clang::driver::getDriverOptTable().ParseArgs(
      ArrayRef(argument), missing_index, missing_count, opt::Visibility(visibility));
  return !missing_count && !parsed.hasArg(clang::driver::options::OPT_UNKNOWN);
}

// clang's driver turns some of its flags into others before cc1 sees them, and drops those that mean nothing
// to the target: builds made for a host compiler pass them too. What neither knows goes through and is
// refused by cc1.
void add_clang_flags(const StringVector &flags, StringVector &args) {
  constexpr StringRef kFileMap = "-ffile-prefix-map=";
  for (const std::string &flag : flags) {
    if (StringRef(flag).starts_with(kFileMap)) {
      args.push_back("-fdebug-prefix-map=" + flag.substr(kFileMap.size()));
      args.push_back("-fmacro-prefix-map=" + flag.substr(kFileMap.size()));
    } else if (known_to(flag, clang::driver::options::CC1Option) ||
               !known_to(flag, clang::driver::options::ClangOption)) {
      args.push_back(flag);
    }
  }
}

StringVector make_cc1_args(const FrontendOptions &options) {
  StringVector args = {action_flag(options.output),
                       "-triple",
                       "bpf",
                       "-target-cpu",
                       options.mcpu,
                       "-disable-free",
                       "-clear-ast-before-backend",
                       "-disable-llvm-verifier",
                       "-discard-value-names",
                       "-mrelocation-model",
                       "static",
                       "-mframe-pointer=all",
                       "-fmath-errno",
                       "-ffp-contract=on",
                       "-fno-rounding-math",
                       "-mconstructor-aliases",
                       "-fgnuc-version=4.2.1",
                       "-faddrsig",
                       "-ferror-limit",
                       "19",
                       "-resource-dir",
                       std::string(kEmbeddedRoot),
                       "-nostdsysteminc",
                       "-nobuiltininc",
                       optimization_flag(options.optimization)};
  auto add = [&](auto... words) { (args.push_back(std::string(words)), ...); };

  if (options.optimization != '0' && options.optimization != '1' && options.optimization != 'z')
    add("-vectorize-loops", "-vectorize-slp");
  // BTF is made from full debug information. DWARF 5 would hash every source file for nothing; the
  // compilation directory stays relative so that the same source gives the same object wherever it is built.
  if (options.output != OutputKind::preprocessed && options.output != OutputKind::dependencies)
    add("-debug-info-kind=constructor", "-dwarf-version=4", "-debugger-tuning=gdb",
        "-fdebug-compilation-dir=.");
  if (options.color)
    add("-fcolor-diagnostics");
  if (options.verbose)
    add("-v");
  if (!options.std_version.empty())
    add("-std=" + options.std_version);

  add("-D__KBPF__=1", "-D__KBPF_ABI_" + StringRef(options.profile).upper() + "__=1");
  bool arch_given = any_of(options.macros, [](StringRef macro) { return macro.contains("__TARGET_ARCH_"); });
  if (!options.target_arch.empty() && !arch_given)
    add("-D__TARGET_ARCH_" + options.target_arch);
  args.insert(args.end(), options.macros.begin(), options.macros.end());
  args.insert(args.end(), options.search_dirs.begin(), options.search_dirs.end());
  if (options.standard_includes)
    add("-internal-isystem", kEmbeddedClangHeaders, "-internal-isystem", kEmbeddedHeaders);
  for (const std::string &header : options.forced_macros)
    add("-imacros", header);
  for (const std::string &header : options.forced_includes)
    add("-include", header);
  add_clang_flags(options.clang_flags, args);
  args.insert(args.end(), options.cc1_flags.begin(), options.cc1_flags.end());
  for (const std::string &flag : options.llvm_flags)
    add("-mllvm", flag);
  add("-x", options.language, options.input);
  return args;
}

// --- Actions
// -----------------------------------------------------------------------------------------------------

class FileCollector : public clang::DependencyCollector {
public:
  // restored: those of a preamble that is not read again; they come behind the source. missing: headers that
  // are not found count, too, and are no error.
  FileCollector(std::vector<FrontendOutput::Dependency> &files,
                const std::vector<FrontendOutput::Dependency> *restored, bool missing)
      : files_(files), restored_(restored), missing_(missing) {}
  void attachToPreprocessor(clang::Preprocessor &preprocessor) override {
    DependencyCollector::attachToPreprocessor(preprocessor);
    if (!missing_)
      return;
    preprocessor.SetSuppressIncludeNotFoundError(true);
    preprocessor.addPPCallbacks(std::make_unique<MissingHeaders>(*this));
  }
  bool sawDependency(StringRef name, bool, bool is_system, bool, bool) override {
    if (is_embedded(name) || name.starts_with("<") || name == "-")
      return false;
    add({name.str(), is_system});
    if (restored_)
      for (const FrontendOutput::Dependency &file : *std::exchange(restored_, nullptr))
        add(file);
    return true;
  }
  void attachToASTReader(clang::ASTReader &) override {}
  bool needSystemDependencies() override { return true; }

private:
  struct MissingHeaders : clang::PPCallbacks {
    explicit MissingHeaders(FileCollector &collector) : collector_(collector) {}
    bool FileNotFound(StringRef name) override {
      collector_.add({name.str(), false});
      return false;
    }
    FileCollector &collector_;
  };

  void add(const FrontendOutput::Dependency &file) {
    if (seen_.insert(file.path).second)
      files_.push_back(file);
  }

  std::vector<FrontendOutput::Dependency> &files_;
  const std::vector<FrontendOutput::Dependency> *restored_;
  bool missing_;
  std::set<std::string> seen_;
};

// Any action that parses, with the recorder of declarations listening in front of it, and the preamble's part
// left to Preamble.
template <typename Action> class Recording : public Action {
public:
  Recording(FrontendOutput &output, Preamble &preamble) : output_(output), preamble_(preamble) {}

protected:
  bool BeginSourceFileAction(clang::CompilerInstance &compiler) override {
    preamble_.begin(compiler);
    return Action::BeginSourceFileAction(compiler);
  }
  void ExecuteAction() override {
    if (!preamble_.active())
      return Action::ExecuteAction();
    clang::CompilerInstance &compiler = this->getCompilerInstance();
    compiler.createSema(this->getTranslationUnitKind(), nullptr);
    preamble_.parse(compiler, output_);
  }
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance &compiler,
                                                        StringRef file) override {
    std::vector<std::unique_ptr<clang::ASTConsumer>> consumers;
    consumers.push_back(make_declaration_recorder(output_.declarations));
    consumers.push_back(Action::CreateASTConsumer(compiler, file));
    if (!consumers.back())
      return nullptr;
    return std::make_unique<clang::MultiplexConsumer>(std::move(consumers));
  }

private:
  FrontendOutput &output_;
  Preamble &preamble_;
};

// -E: clang's own action can write to a file only.
class PreprocessAction : public clang::PreprocessorFrontendAction {
public:
  explicit PreprocessAction(FrontendOutput &output) : output_(output) {}

protected:
  void ExecuteAction() override {
    raw_string_ostream stream(output_.bytes);
    clang::CompilerInstance &compiler = getCompilerInstance();
    clang::DoPrintPreprocessedInput(compiler.getPreprocessor(), &stream,
                                    compiler.getPreprocessorOutputOpts());
  }

private:
  FrontendOutput &output_;
};

std::unique_ptr<clang::FrontendAction> make_action(OutputKind kind, FrontendOutput &output,
                                                   Preamble &preamble) {
  switch (kind) {
  case OutputKind::object:
    return std::make_unique<Recording<clang::EmitObjAction>>(output, preamble);
  case OutputKind::assembly:
    return std::make_unique<Recording<clang::EmitAssemblyAction>>(output, preamble);
  case OutputKind::llvm_text:
    return std::make_unique<Recording<clang::EmitLLVMAction>>(output, preamble);
  case OutputKind::llvm_bitcode:
    return std::make_unique<Recording<clang::EmitBCAction>>(output, preamble);
  case OutputKind::syntax_only:
    return std::make_unique<Recording<clang::SyntaxOnlyAction>>(output, preamble);
  case OutputKind::preprocessed:
    return std::make_unique<PreprocessAction>(output);
  case OutputKind::dependencies:
    return std::make_unique<clang::PreprocessOnlyAction>();
  }
  llvm_unreachable("every output kind has an action");
}

// --- Running
// -----------------------------------------------------------------------------------------------------

void initialize_target() {
  static const bool once = [] {
    LLVMInitializeBPFTargetInfo();
    LLVMInitializeBPFTarget();
    LLVMInitializeBPFTargetMC();
    LLVMInitializeBPFAsmPrinter();
    LLVMInitializeBPFAsmParser();
    check_references();
    return true;
  }();
  (void)once;
}

// The back end's last resort. It concerns the input as a rule, so it is reported like an error in it;
// Process::Exit comes back to the CrashRecoveryContext that compile() has opened.
[[noreturn]] void on_fatal_error(void *diagnostics, const char *reason, bool) {
  static_cast<clang::DiagnosticsEngine *>(diagnostics)->Report(clang::diag::err_fe_error_backend) << reason;
  sys::Process::Exit(1);
}

constexpr uint64_t kMaxOutput = 256 << 20; // bytes; objects have their DWARF still
constexpr unsigned kTraceGranularity = 500; // microseconds, as clang

constexpr StringRef kStackSizeOption = "-bpf-stack-size=";

unsigned stack_limit(const StringVector &llvm_args, unsigned limit) {
  for (StringRef arg : llvm_args)
    if (arg.consume_front(kStackSizeOption))
      (void)arg.getAsInteger(10, limit);
  return limit;
}

// LLVM's options are global variables. The back end refuses a frame of exactly its limit, which kernels
// accept.
void set_llvm_options(const StringVector &llvm_args, unsigned max_stack) {
  std::string stack_size = (kStackSizeOption + Twine(max_stack + 1)).str();
  std::vector<const char *> words = {"bpfcc"};
  if (none_of(llvm_args, [](StringRef arg) { return arg.starts_with(kStackSizeOption); }))
    words.push_back(stack_size.c_str());
  for (const std::string &arg : llvm_args)
    words.push_back(arg.c_str());
  cl::ParseCommandLineOptions(static_cast<int>(words.size()), words.data());
}

bool run(const FrontendOptions &options, Diagnostics &diag, FrontendOutput &output, unsigned &errors,
         HeldMessages &whole_or_none) {
  StringVector args = make_cc1_args(options);
  std::vector<const char *> words;
  for (const std::string &arg : args)
    words.push_back(arg.c_str());

  auto compiler = std::make_unique<clang::CompilerInstance>();
  auto option_settings = makeIntrusiveRefCnt<clang::DiagnosticOptions>();
  option_settings->ShowColors = options.color;
  DiagnosticPrinter option_printer(errs(), option_settings.get(), options.report_only ? &diag : nullptr);
  clang::DiagnosticsEngine option_diagnostics(new clang::DiagnosticIDs, option_settings, &option_printer,
                                              false);
  bool understood = clang::CompilerInvocation::CreateFromArgs(compiler->getInvocation(), words,
                                                              option_diagnostics, "bpfcc");
  if (!understood || option_printer.getNumErrors()) {
    errors = option_printer.getNumErrors();
    return false;
  }
  set_llvm_options(compiler->getFrontendOpts().LLVMArgs, options.max_stack);

  if (options.report_only) // or clang prints a line of its own that counts errors
    compiler->getDiagnosticOpts().ShowCarets = false;
  Preamble preamble(options, args, compiler->getInvocation(),
                    make_embedded_file_system(
                        {options.kernel_header, options.helper_declarations, options.kernel_helpers}));
  const PreambleEntry *restored = preamble.entry();
  // clang looks for the name that was meant in what it has parsed, and not in all that it has kept.
  HeldMessages *held = restored || !options.helper_declarations.empty() ? &whole_or_none : nullptr;
  std::optional<raw_string_ostream> held_text;
  if (held)
    compiler->setVerboseOutputStream(held_text.emplace(held->text)); // where clang counts its warnings
  DiagnosticPrinter printer(held ? static_cast<raw_ostream &>(*held_text) : errs(),
                            &compiler->getDiagnosticOpts(), options.report_only ? &diag : nullptr, &preamble,
                            held);
  compiler->createDiagnostics(&printer, /*ShouldOwnClient=*/false);
  compiler->createFileManager(preamble.file_system());
  if (restored)
    output.declarations = restored->declarations;
  auto files =
      std::make_shared<FileCollector>(output.dependencies, restored ? &restored->dependencies : nullptr,
                                      options.missing_headers);
  compiler->addDependencyCollector(files);
  CodePassOptions pass_options;
  pass_options.keep_dwarf = options.debug_info;
  pass_options.stack_limit = stack_limit(compiler->getFrontendOpts().LLVMArgs, options.max_stack);
  pass_options.single_function = options.profile == "zcore";
  pass_options.self_calls = &output.self_calls;
  compiler->getCodeGenOpts().PassBuilderCallbacks.push_back(
      [pass_options](PassBuilder &builder) { register_code_passes(builder, pass_options); });

  // The bytes live outside the stream, which the action destroys.
  SmallVector<char, 0> bytes;
  compiler->setOutputStream(std::make_unique<BoundedOutput>(bytes, kMaxOutput));
  std::unique_ptr<clang::FrontendAction> action = make_action(options.output, output, preamble);
  install_fatal_error_handler(on_fatal_error, &compiler->getDiagnostics());
  if (!options.time_trace.empty())
    timeTraceProfilerInitialize(kTraceGranularity, "bpfcc");
  bool done = compiler->ExecuteAction(*action);
  if (!options.time_trace.empty()) {
    if (Error error = timeTraceProfilerWrite(options.time_trace, ""))
      diag.error({}, toString(std::move(error)));
    timeTraceProfilerCleanup();
  }
  remove_fatal_error_handler();
  if (preamble.cut_a_declaration()) {
    FrontendOptions whole = options;
    whole.preamble_cache.clear();
    output = {};
    return run(whole, diag, output, errors, whole_or_none);
  }
  errors = printer.getNumErrors();
  if (held && held->failed)
    return false;
  if (!bytes.empty())
    output.bytes.assign(bytes.begin(), bytes.end());
  if (options.output == OutputKind::object)
    order_forward_declarations(output.bytes);
  return done && !errors;
}

} // namespace

std::vector<std::string> compiler_arguments(const FrontendOptions &options) { return make_cc1_args(options); }

std::string_view resource_directory() { return kEmbeddedRoot; }

bool compile(const FrontendOptions &options, Diagnostics &diag, FrontendOutput &output) {
  auto compile_whole = [&] {
    FrontendOptions whole = options;
    whole.helper_declarations.clear();
    whole.preamble_cache.clear();
    return compile(whole, diag, output);
  };
  if (!options.helper_declarations.empty() &&
      (options.output == OutputKind::preprocessed || options.output == OutputKind::dependencies))
    return compile_whole(); // the text of the header itself is asked for
  initialize_target();
  unsigned errors = 0;
  bool done = false;
  CrashRecoveryContext::Enable();
  CrashRecoveryContext context;
  HeldMessages held;
  bool returned =
      context.RunSafely([&] { done = run(options, diag, output, errors, held); });
  if (held.failed) {
    CrashRecoveryContext::Disable();
    cl::ResetAllOptionOccurrences();
    output = {};
    return compile_whole();
  }
  errs() << held.text;
  for (const Diagnostics::Recorded &said : held.recorded)
    diag.print(said.severity, said.where, said.message, said.fix);
  if (!returned) {
    remove_fatal_error_handler();
    output.internal_error = context.RetCode != 1;
    if (output.internal_error)
      diag.error({options.input, 0, 0, {}}, "the compiler crashed; please report this with the source");
    else
      errors = 1;
  }
  CrashRecoveryContext::Disable();
  diag.count_errors(errors);
  if (!done && !diag.errors())
    diag.error({options.input, 0, 0, {}}, "compilation failed");
  if (!done)
    output.bytes.clear();
  return returned && done;
}

} // namespace bpfcc
