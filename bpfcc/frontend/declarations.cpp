// SPDX-License-Identifier: MIT OR Apache-2.0
// Only what can become a symbol of the object is recorded: definitions, and extern declarations. The hundreds
// of constant helper pointers in the embedded headers are neither, so they cost nothing.
#include "bpfcc/frontend/declarations.h"
#include "bpfcc/frontend/embedded_fs.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/Attr.h"
#include "clang/AST/Decl.h"
#include "clang/AST/DeclGroup.h"
#include "clang/Basic/SourceManager.h"

namespace bpfcc {
namespace {

class DeclarationRecorder : public clang::ASTConsumer {
public:
  explicit DeclarationRecorder(std::map<std::string, SourceLocation> &declarations)
      : declarations_(declarations) {}

  void Initialize(clang::ASTContext &context) override {
    sources_ = &context.getSourceManager();
    messages_ = &context.getDiagnostics();
  }

  bool HandleTopLevelDecl(clang::DeclGroupRef group) override {
    for (clang::Decl *decl : group) {
      refuse_attributes(*decl);
      if (auto *function = llvm::dyn_cast<clang::FunctionDecl>(decl))
        record(*function, function->isThisDeclarationADefinition());
      else if (auto *variable = llvm::dyn_cast<clang::VarDecl>(decl))
        record(*variable, variable->isThisDeclarationADefinition() != clang::VarDecl::DeclarationOnly);
    }
    return true;
  }

private:
  // The back end crashes at the first two, and would silently drop the others.
  void refuse_attributes(const clang::Decl &decl) {
    using Level = clang::DiagnosticsEngine::Level;
    auto say = [&](Level level, const clang::Attr &attribute, llvm::StringRef message) {
      messages_->Report(attribute.getLocation(), messages_->getDiagnosticIDs()->getCustomDiagID(
                                                     clang::DiagnosticIDs::Level(level), message));
    };
    if (const auto *alias = decl.getAttr<clang::AliasAttr>())
      say(Level::Error, *alias,
          "alias: a BPF object has no second names; write a function that calls the other");
    if (const auto *ifunc = decl.getAttr<clang::IFuncAttr>())
      say(Level::Error, *ifunc, "ifunc: nothing runs at a BPF object's load that could choose a function");
    if (const auto *constructor = decl.getAttr<clang::ConstructorAttr>())
      say(Level::Warning, *constructor, "constructor: nothing calls it in a BPF object");
    if (const auto *destructor = decl.getAttr<clang::DestructorAttr>())
      say(Level::Warning, *destructor, "destructor: nothing calls it in a BPF object");
  }

  void record(const clang::NamedDecl &decl, bool definition) {
    if (!decl.getIdentifier())
      return;
    clang::PresumedLoc where = sources_->getPresumedLoc(sources_->getExpansionLoc(decl.getLocation()));
    if (where.isInvalid() || is_embedded(where.getFilename()))
      return;
    const auto *label = decl.getAttr<clang::AsmLabelAttr>(); // __asm__("name"): the symbol's
    SourceLocation &slot = declarations_[label ? label->getLabel().str() : decl.getName().str()];
    if (slot.line && !definition)
      return;
    slot = {where.getFilename(), where.getLine(), where.getColumn(), line_text(decl.getLocation())};
  }

  std::string line_text(clang::SourceLocation location) {
    auto [file, offset] = sources_->getDecomposedExpansionLoc(location);
    llvm::StringRef text = sources_->getBufferData(file);
    size_t begin = text.take_front(offset).rfind('\n') + 1; // npos + 1 is 0: the first line
    return text.slice(begin, text.find('\n', offset)).rtrim('\r').str();
  }

  std::map<std::string, SourceLocation> &declarations_;
  const clang::SourceManager *sources_ = nullptr;
  clang::DiagnosticsEngine *messages_ = nullptr;
};

} // namespace

std::unique_ptr<clang::ASTConsumer>
make_declaration_recorder(std::map<std::string, SourceLocation> &declarations) {
  return std::make_unique<DeclarationRecorder>(declarations);
}

} // namespace bpfcc
