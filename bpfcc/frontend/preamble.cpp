// SPDX-License-Identifier: MIT OR Apache-2.0
// How the state at the preamble's end is caught: when the lexer is back from the last #include, a marker
// token goes to the parser. The parser hands it to the loop in parse() with all declarations before it
// complete and nothing behind it read; there the process forks. The copy serialises what it holds, which may
// change that state, and ends; the original goes on compiling and does not wait for it.
#include "bpfcc/frontend/preamble.h"
#include "bpfcc/frontend/embedded_fs.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Basic/SourceManagerInternals.h"
#include "clang/Lex/Lexer.h"
#include "clang/Lex/MacroInfo.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "clang/Parse/Parser.h"
#include "clang/Sema/Sema.h"
#include "clang/Serialization/ASTWriter.h"
#include "clang/Serialization/InMemoryModuleCache.h"
#include "llvm/Bitstream/BitstreamWriter.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Path.h"
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace bpfcc {
using namespace llvm;

namespace {

// Stand for files in a serialised preamble, so that sources with the same leading lines share it.
constexpr char kAstPath[] = "/bpfcc-builtin/preamble.ast";
constexpr char kSourcePath[] = "/bpfcc-builtin/preamble.source";
// Embedded files have the same device and count from 1. All ones in both numbers would be the empty key of
// clang's table of files: a find there gives whatever the memory held before.
constexpr uint64_t kAstInode = 0;

constexpr uint64_t kCacheBytes = uint64_t(1) << 30;

// Not assembly: the order of its last BTF types hangs on addresses in memory (canonical_btf.h).
bool has_parsed_preamble(OutputKind kind) {
  return kind == OutputKind::object || kind == OutputKind::llvm_text || kind == OutputKind::llvm_bitcode ||
         kind == OutputKind::syntax_only;
}

// These look at more than a preamble holds: macros never used, all warnings of a kind, modules.
bool needs_whole_source(const std::string &flag) {
  StringRef name(flag);
  return name == "-Weverything" || name == "-Wunused-macros" || name.starts_with("-fmodules");
}

PreambleHash key_of(const FrontendOptions &options, const std::vector<std::string> &arguments,
                    StringRef preamble) {
  std::string text = build_identity();
  auto add = [&](StringRef part) { text.append(part.data(), part.size()).append(1, '\0'); };
  for (const std::string &argument : ArrayRef(arguments).drop_front().drop_back()) // action and source
    if (argument != "-fcolor-diagnostics")
      add(argument);
  SmallString<256> folder;
  if (sys::fs::current_path(folder))
    return {};
  add(folder);
  add(sys::path::parent_path(options.input));
  for (const std::string *header_text :
       {&options.kernel_header, &options.helper_declarations, &options.kernel_helpers}) {
    if (header_text->empty())
      continue;
    PreambleHash header = hash_bytes(*header_text);
    text.append(reinterpret_cast<const char *>(header.data()), sizeof header);
  }
  add(preamble);
  return hash_bytes(text);
}

std::string cleaned(StringRef path) {
  SmallString<256> out(path);
  sys::path::remove_dots(out);
  return std::string(out);
}

// Only what clang's writer keeps. once, system_header: of a header; pack: of the types.
bool is_kept_pragma(StringRef line) {
  line.consume_front("#");
  line = line.ltrim();
  if (!line.consume_front("pragma") && !line.consume_front("_Pragma"))
    return false;
  line = line.ltrim(" \t(\"");
  if (line.starts_with("once") || line.starts_with("pack"))
    return true;
  if (!line.consume_front("GCC") && !line.consume_front("clang"))
    return false;
  line = line.ltrim();
  return line.starts_with("diagnostic") || line.starts_with("system_header") || line.starts_with("attribute");
}

// Line directives in a header: the writer may change the names that they give.
bool renames_lines(clang::CompilerInstance &compiler) {
  clang::SourceManager &sources = compiler.getSourceManager();
  clang::FileID predefines = compiler.getPreprocessor().getPredefinesFileID();
  return sources.hasLineTable() &&
         any_of(sources.getLineTable(), [&](const auto &file) { return file.first != predefines; });
}

// The copy outlives the compilation that it left: nobody waits for it, and it holds no pipe open. A fault in
// it must end it, not return to what the original would do.
void become_independent(int kept) {
  ::setsid();
  ::close_range(STDERR_FILENO + 1, static_cast<unsigned>(kept) - 1, 0);
  ::close_range(static_cast<unsigned>(kept) + 1, ~0u, 0);
  int nothing = ::open("/dev/null", O_RDWR);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::dup2(nothing, fd);
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
    std::signal(number, SIG_DFL);
  remove_fatal_error_handler();
  install_fatal_error_handler([](void *, const char *, bool) { _exit(1); });
}

} // namespace

PreambleBounds preamble_bounds(StringRef source, const clang::LangOptions &language) {
  unsigned end = clang::Lexer::ComputePreamble(source, language).Size;
  clang::Lexer lexer(clang::SourceLocation(), language, source.begin(), source.begin(), source.end());
  auto offset = [&](const clang::Token &token) { return token.getLocation().getRawEncoding(); };
  PreambleBounds bounds;
  unsigned depth = 0;
  clang::Token token;
  lexer.LexFromRawLexer(token);
  while (token.isNot(clang::tok::eof) && offset(token) < end) {
    if (token.isNot(clang::tok::hash) || !token.isAtStartOfLine()) {
      lexer.LexFromRawLexer(token);
      continue;
    }
    unsigned hash = offset(token), line_end = hash;
    lexer.LexFromRawLexer(token);
    StringRef name = token.is(clang::tok::raw_identifier) ? token.getRawIdentifier() : StringRef();
    for (; token.isNot(clang::tok::eof) && !token.isAtStartOfLine(); lexer.LexFromRawLexer(token))
      line_end = offset(token) + token.getLength();
    if (name.starts_with("if"))
      ++depth;
    else if (name == "endif")
      depth -= depth ? 1 : 0;
    else if (name.starts_with("include") && !depth) {
      // To the end of the line, or, where a comment begins there, to the next token.
      size_t newline = source.find('\n', line_end);
      bool blank = newline != source.npos && source.slice(line_end, newline).trim().empty();
      bounds = {hash, blank ? static_cast<unsigned>(newline + 1) : offset(token)};
    }
  }
  return bounds;
}

// --- File system

ErrorOr<vfs::Status> PreambleFileSystem::status(const Twine &path) {
  std::string name = path.str();
  if (!pch.empty() && name == kAstPath)
    return vfs::Status(name, sys::fs::UniqueID(~uint64_t(0), kAstInode), sys::TimePoint<>(), 0, 0, pch.size(),
                       sys::fs::file_type::regular_file, sys::fs::perms::all_read);
  auto original = renamed.find(name);
  if (original != renamed.end()) {
    ErrorOr<vfs::Status> result = ProxyFileSystem::status(original->second);
    if (result) {
      *result = vfs::Status::copyWithNewName(*result, original->second);
      result->ExposesExternalVFSPath = true;
    }
    return result;
  }
  ErrorOr<vfs::Status> result = ProxyFileSystem::status(path);
  note(name, bool(result));
  return result;
}

namespace {

class MappedFile : public vfs::File {
public:
  MappedFile(vfs::Status status, StringRef bytes) : status_(std::move(status)), bytes_(bytes) {}
  ErrorOr<vfs::Status> status() override { return status_; }
  ErrorOr<std::unique_ptr<MemoryBuffer>> getBuffer(const Twine &name, int64_t, bool, bool) override {
    return MemoryBuffer::getMemBuffer(bytes_, name.str(), /*RequiresNullTerminator=*/false);
  }
  std::error_code close() override { return {}; }

private:
  vfs::Status status_;
  StringRef bytes_;
};

} // namespace

ErrorOr<std::unique_ptr<vfs::File>> PreambleFileSystem::openFileForRead(const Twine &path) {
  std::string name = path.str();
  if (!pch.empty() && name == kAstPath)
    return std::make_unique<MappedFile>(*status(path), pch);
  auto original = renamed.find(name);
  if (original != renamed.end())
    return ProxyFileSystem::openFileForRead(original->second);
  ErrorOr<std::unique_ptr<vfs::File>> result = ProxyFileSystem::openFileForRead(path);
  note(name, bool(result));
  return result;
}

std::error_code PreambleFileSystem::makeAbsolute(SmallVectorImpl<char> &path) const {
  return keep_relative ? std::error_code() : ProxyFileSystem::makeAbsolute(path);
}

void PreambleFileSystem::note(StringRef path, bool exists) {
  if (recording && !is_embedded(path))
    lookups.try_emplace(path, exists);
}

// --- Compilation

// Sends the marker, and sees what cannot be restored.
class Preamble::Watcher : public clang::PPCallbacks {
public:
  Watcher(Preamble &preamble, clang::Preprocessor &preprocessor)
      : preamble_(preamble), preprocessor_(preprocessor), sources_(preprocessor.getSourceManager()) {}

  void LexedFileChanged(clang::FileID file, LexedFileChangeReason reason, clang::SrcMgr::CharacteristicKind,
                        clang::FileID, clang::SourceLocation where) override {
    if (reason == LexedFileChangeReason::ExitFile && file == sources_.getMainFileID())
      send_marker_after(where);
  }
  void FileSkipped(const clang::FileEntryRef &, const clang::Token &name,
                   clang::SrcMgr::CharacteristicKind) override {
    if (sources_.isInMainFile(name.getLocation()))
      send_marker_after(name.getLocation());
  }
  void PragmaDirective(clang::SourceLocation where, clang::PragmaIntroducerKind) override {
    auto [file, offset] = sources_.getDecomposedSpellingLoc(where);
    StringRef line = sources_.getBufferData(file).substr(offset).take_until([](char c) { return c == '\n'; });
    if (file != preprocessor_.getPredefinesFileID() && !is_kept_pragma(line))
      cannot_restore();
  }
  void PragmaDiagnosticPush(clang::SourceLocation, StringRef) override {
    preamble_.open_diagnostic_pushes_ += 1;
  }
  void PragmaDiagnosticPop(clang::SourceLocation, StringRef) override {
    preamble_.open_diagnostic_pushes_ -= 1;
  }
  void MacroExpands(const clang::Token &token, const clang::MacroDefinition &macro, clang::SourceRange,
                    const clang::MacroArgs *) override {
    if (!macro.getMacroInfo() || !macro.getMacroInfo()->isBuiltinMacro())
      return;
    StringRef name = token.getIdentifierInfo()->getName();
    if (name == "__DATE__" || name == "__TIME__" || name == "__TIMESTAMP__" || name == "__BASE_FILE__")
      cannot_restore();
  }

private:
  void cannot_restore() {
    if (!preamble_.marker_sent_)
      preamble_.restorable_ = false;
  }
  void send_marker_after(clang::SourceLocation where) {
    if (preamble_.marker_sent_ || sources_.getFileOffset(where) <= preamble_.bounds_.last_include)
      return;
    preamble_.marker_sent_ = preamble_.at_end_ = true;
    auto marker = std::make_unique<clang::Token[]>(1);
    marker[0].startToken();
    marker[0].setKind(clang::tok::annot_repl_input_end);
    marker[0].setLocation(where);
    marker[0].setAnnotationEndLoc(where);
    preprocessor_.EnterTokenStream(std::move(marker), 1, /*DisableMacroExpansion=*/true,
                                   /*IsReinject=*/false);
  }

  Preamble &preamble_;
  clang::Preprocessor &preprocessor_;
  clang::SourceManager &sources_;
};

Preamble::Preamble(const FrontendOptions &options, const std::vector<std::string> &arguments,
                   clang::CompilerInvocation &invocation, IntrusiveRefCntPtr<vfs::FileSystem> files)
    : cache_(options.preamble_cache, kCacheBytes), files_(new PreambleFileSystem(std::move(files))),
      source_path_(options.input) {
  if (options.preamble_cache.empty() || !has_parsed_preamble(options.output) || options.input == "-" ||
      options.language != "c" || !options.time_trace.empty() || !options.cc1_flags.empty() ||
      !options.forced_macros.empty() || any_of(options.clang_flags, needs_whole_source))
    return;
  auto source = MemoryBuffer::getFile(options.input);
  if (!source)
    return;
  bounds_ = preamble_bounds((*source)->getBuffer(), invocation.getLangOpts());
  if (!bounds_.size)
    return;
  key_ = key_of(options, arguments, (*source)->getBuffer().take_front(bounds_.size));
  stored_ = cache_.find(key_);
  if (!stored_) {
    recording_ = files_->recording = true;
    return;
  }
  for (const PreambleEntry::Header &header : stored_->entry.headers)
    if (std::string name = cleaned(header.path); name != header.path)
      files_->renamed[name] = header.path;
  files_->renamed[kSourcePath] = source_path_;
  files_->pch = stored_->pch;
  clang::PreprocessorOptions &preprocessor = invocation.getPreprocessorOpts();
  preprocessor.PrecompiledPreambleBytes = {bounds_.size, true};
  preprocessor.DisablePCHOrModuleValidation = clang::DisableValidationForModuleKind::PCH;
  preprocessor.UsePredefines = false;
  preprocessor.ImplicitPCHInclude = kAstPath;
}

void Preamble::begin(clang::CompilerInstance &compiler) {
  if (recording_)
    compiler.getPreprocessor().addPPCallbacks(std::make_unique<Watcher>(*this, compiler.getPreprocessor()));
  else if (stored_) // the source as it is now, before the reader can bring the text that the preamble was
                    // made from
    compiler.getSourceManager().getBufferData(compiler.getSourceManager().getMainFileID());
}

bool Preamble::swallow_message() {
  messages_ = true;
  cut_a_declaration_ |= at_end_;
  return cut_a_declaration_;
}

// clang::ParseAST, with a look at each token between two declarations.
void Preamble::parse(clang::CompilerInstance &compiler, const FrontendOutput &output) {
  clang::Sema &sema = compiler.getSema();
  clang::ASTConsumer &consumer = compiler.getASTConsumer();
  clang::Parser parser(compiler.getPreprocessor(), sema, /*SkipFunctionBodies=*/false);
  auto look = [&] {
    if (stored_ && parser.getCurToken().is(clang::tok::eof)) // the end of the source is dealt with next
      restore_externals(compiler);
    if (!at_end_ || parser.getCurToken().isNot(clang::tok::annot_repl_input_end))
      return;
    at_end_ = files_->recording = false;
    save(compiler, output);
    parser.ConsumeAnyToken();
  };

  compiler.getPreprocessor().EnterMainSourceFile();
  if (clang::ExternalASTSource *restored = sema.getASTContext().getExternalSource())
    restored->StartTranslationUnit(&consumer);
  parser.Initialize();
  clang::Sema::ModuleImportState imports;
  clang::Parser::DeclGroupPtrTy group;
  look();
  for (bool end = parser.ParseFirstTopLevelDecl(group, imports); !end && !cut_a_declaration_;
       end = parser.ParseTopLevelDecl(group, imports)) {
    if (group && !consumer.HandleTopLevelDecl(group.get()))
      return;
    look();
  }
  if (cut_a_declaration_)
    return;
  for (clang::Decl *decl : sema.WeakTopLevelDecls())
    consumer.HandleTopLevelDecl(clang::DeclGroupRef(decl));
  consumer.HandleTranslationUnit(sema.getASTContext());
}

// A name that only the source can have used is in the table of identifiers then; the others need no look into
// the file.
void Preamble::restore_externals(clang::CompilerInstance &compiler) const {
  clang::Sema &sema = compiler.getSema();
  clang::IdentifierTable &identifiers = compiler.getPreprocessor().getIdentifierTable();
  SmallVector<clang::DeclaratorDecl *, 8> used;
  for (const PreambleEntry::External &external : stored_->entry.externals) {
    if (!external.used && identifiers.find(external.name) == identifiers.end())
      continue;
    clang::NamedDecl *decl = sema.LookupSingleName(sema.TUScope, &identifiers.get(external.name),
                                                   clang::SourceLocation(), clang::Sema::LookupOrdinaryName);
    if (auto *declarator = dyn_cast_or_null<clang::DeclaratorDecl>(decl))
      used.push_back(cast<clang::DeclaratorDecl>(declarator->getCanonicalDecl()));
  }
  sema.ExternalDeclarations.insert(sema.ExternalDeclarations.begin(), used.begin(), used.end());
}

bool Preamble::restorable(clang::CompilerInstance &compiler) const {
  return restorable_ && !messages_ && !open_diagnostic_pushes_ &&
         compiler.getSema().PragmaAttributeStack.empty() && !renames_lines(compiler);
}

void Preamble::save(clang::CompilerInstance &compiler, const FrontendOutput &output) {
  if (!restorable(compiler))
    return;
  int reservation = cache_.reserve(key_);
  if (reservation < 0)
    return;
  if (::fork() == 0) {
    become_independent(reservation);
    write(compiler, output, reservation);
    _exit(0);
  }
  ::close(reservation);
}

// In the copy of the process.
void Preamble::write(clang::CompilerInstance &compiler, const FrontendOutput &output, int reservation) {
  clang::SourceManager &sources = compiler.getSourceManager();
  PreambleEntry entry;
  entry.declarations = output.declarations;
  for (const clang::DeclaratorDecl *decl : compiler.getSema().ExternalDeclarations)
    if (decl && !decl->isInvalidDecl() && !decl->getPreviousDecl() && decl->getIdentifier())
      entry.externals.push_back({decl->getName().str(), decl->isUsed()});
  entry.dependencies.assign(output.dependencies.begin() + 1, output.dependencies.end()); // not the source
  for (const auto &lookup : files_->lookups)
    if (lookup.getKey() != source_path_)
      entry.lookups.push_back({lookup.getKey().str(), lookup.second});
  std::ranges::sort(entry.lookups, {}, &PreambleEntry::Lookup::path);

  clang::FileID source_id = sources.getMainFileID();
  const clang::SrcMgr::ContentCache &source = sources.getSLocEntry(source_id).getFile().getContentCache();
  StringMap<std::string> names; // two spellings of one name cannot both be restored
  for (auto file = sources.fileinfo_begin(); file != sources.fileinfo_end(); ++file) {
    if (file->second == &source || is_embedded(file->first.getName()))
      continue;
    std::string path = file->first.getNameAsRequested().str();
    if (!names.try_emplace(cleaned(path), path).second)
      _exit(0);
    std::optional<StringRef> bytes = file->second->getBufferDataIfLoaded();
    if (!bytes)
      _exit(0);
    entry.headers.push_back({path, hash_bytes(*bytes)});
  }
  std::ranges::sort(entry.headers, {}, &PreambleEntry::Header::path);

  // The source gets its neutral name, and counts as replaced: its size will be another.
  auto &renamed = const_cast<clang::SrcMgr::ContentCache &>(source);
  renamed.OrigEntry =
      compiler.getFileManager().getVirtualFileRef(kSourcePath, static_cast<off_t>(source.getSize()), 0);
  renamed.BufferOverridden = true;
  files_->keep_relative = true;

  SmallVector<char, 0> bytes;
  BitstreamWriter stream(bytes);
  clang::InMemoryModuleCache modules;
  clang::ASTWriter writer(stream, bytes, modules, {}, /*IncludeTimestamps=*/false);
  writer.WriteAST(compiler.getSema(), /*OutputFile=*/"", /*WritingModule=*/nullptr, /*isysroot=*/"");
  entry.pch.assign(bytes.begin(), bytes.end());
  cache_.store(reservation, key_, entry);
}

} // namespace bpfcc
