// SPDX-License-Identifier: MIT OR Apache-2.0
// Remembers where each function and file-scope variable is declared. Relocator errors name symbols; this
// gives them a line of C to point at even where an object carries no line information for them.
#pragma once
#include "bpfcc/frontend/frontend.h"
#include "clang/AST/ASTConsumer.h"
#include <memory>

namespace bpfcc {

std::unique_ptr<clang::ASTConsumer>
make_declaration_recorder(std::map<std::string, SourceLocation> &declarations);

} // namespace bpfcc
