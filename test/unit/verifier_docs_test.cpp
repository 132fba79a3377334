// SPDX-License-Identifier: MIT OR Apache-2.0
// docs/verifier.md explains every refusal, with the id, name, errno and text that the code has.
#include "core/verifier/reject.h"
#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sstream>
#include <string>

namespace kbpf {
namespace {

const std::map<int, std::string> kErrnoNames = {{7, "E2BIG"}, {13, "EACCES"}, {22, "EINVAL"}};

TEST(VerifierDocs, ExplainEveryRefusal) {
  std::ifstream file(VERIFIER_DOCS);
  std::stringstream docs;
  docs << file.rdbuf();
  size_t rows = 0;
#define KBPF_REJECTION(id, identifier, name, error, text)                                                    \
  {                                                                                                          \
    char row[512];                                                                                           \
    snprintf(row, sizeof(row), "| V%03d | `%s` | %s | %s |", id, name,                                       \
             kErrnoNames.at(to_errno(Error::error)).c_str(), text);                                          \
    EXPECT_NE(docs.str().find(row), std::string::npos) << row;                                               \
    rows++;                                                                                                  \
  }
#include "core/verifier/rejections.def"
#undef KBPF_REJECTION
  size_t documented = 0;
  for (size_t at = docs.str().find("\n| V"); at != std::string::npos; at = docs.str().find("\n| V", at + 1))
    documented++;
  EXPECT_EQ(documented, rows) << "a refusal that no longer exists is still described";
}

} // namespace
} // namespace kbpf
