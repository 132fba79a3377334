// SPDX-License-Identifier: MIT OR Apache-2.0
// Messages in clang's form, edit distance, and the make rule.
#include "bpfcc/diag.h"
#include "bpfcc/files.h"
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace {

using namespace bpfcc;

std::string report(Diagnostics &diag, Severity severity, const SourceLocation &where,
                   std::string_view message) {
  testing::internal::CaptureStderr();
  diag.report(severity, where, message);
  return testing::internal::GetCapturedStderr();
}

TEST(Diagnostics, CaretStandsUnderTheColumn) {
  Diagnostics diag(false);
  EXPECT_EQ(report(diag, Severity::error, {"a.c", 12, 3, "\tx = y;"}, "no y"),
            "a.c:12:3: error: no y\n   12 | \tx = y;\n      | \t ^\n");
}

TEST(Diagnostics, FixItStandsBelowWhatItReplaces) {
  Diagnostics diag(false);
  testing::internal::CaptureStderr();
  diag.report(Severity::error, {"a.c", 1, 9, "\tcal(x, y);"}, "m", {2, 3, "call"});
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "a.c:1:9: error: m\n    1 | \tcal(x, y);\n      | \t~~~    ^\n      | \tcall\n");
  testing::internal::CaptureStderr();
  diag.report(Severity::error, {"a.c", 1, 1, "cal x;"}, "m", {1, 4, ""});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a.c:1:1: error: m\n    1 | cal x;\n      | ^~~~\n");
}

TEST(Diagnostics, UnknownPartsAreLeftOut) {
  Diagnostics diag(false);
  EXPECT_EQ(report(diag, Severity::note, {"a.o", 0, 0, {}}, "m"), "a.o: note: m\n");
  EXPECT_EQ(report(diag, Severity::error, {"a.c", 4, 0, "line"}, "m"), "a.c:4: error: m\n    4 | line\n");
  EXPECT_EQ(report(diag, Severity::error, {}, "m"), "bpfcc: error: m\n");
}

TEST(Diagnostics, OnlyErrorsCount) {
  Diagnostics diag(false);
  report(diag, Severity::warning, {}, "w");
  EXPECT_EQ(diag.errors(), 0u);
  diag.set_warnings_are_errors(true);
  EXPECT_EQ(report(diag, Severity::warning, {}, "w"), "bpfcc: error: w\n");
  EXPECT_EQ(diag.errors(), 1u);
  diag.set_warnings_off(true);
  EXPECT_EQ(report(diag, Severity::warning, {}, "w"), "");
  EXPECT_EQ(diag.errors(), 1u);
}

TEST(EditDistance, IsLevenshteins) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("scan", "sacn"), 2u);
}

TEST(NearestName, IsEmptyWhereNothingIsNear) {
  std::vector<std::string_view> names = {"scan", "resolve", "apply"};
  EXPECT_EQ(nearest_name("resolv", names), "resolve");
  EXPECT_EQ(nearest_name("synthesize", names), "");
}

TEST(MakeRule, QuotesAndLeavesSystemFilesOut) {
  DepfileOptions options;
  options.targets = {"x.o"};
  options.phony_targets = true;
  std::vector<FrontendOutput::Dependency> files = {{"a.c", false}, {"my dir/h#.h", false}, {"s.h", true}};
  options.system_files = false;
  EXPECT_EQ(make_rule(options, files), "x.o: a.c \\\n  my\\ dir/h\\#.h\n\nmy\\ dir/h\\#.h:\n");
  options.system_files = true;
  options.phony_targets = false;
  EXPECT_EQ(make_rule(options, files), "x.o: a.c \\\n  my\\ dir/h\\#.h \\\n  s.h\n");
}

TEST(WriteFile, ReplacesWholeFilesWithDefaultModes) {
  std::string path = testing::TempDir() + "driver_write_file";
  ASSERT_EQ(write_file(path, "one"), "");
  ASSERT_EQ(write_file(path, "second"), "");
  std::string bytes;
  ASSERT_EQ(read_file(path, bytes), "");
  EXPECT_EQ(bytes, "second");
  mode_t mask = umask(0);
  umask(mask);
  struct stat status;
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0666 & ~mask);
  ASSERT_EQ(remove(path.c_str()), 0);
}

TEST(WriteFile, SaysWhatFailed) {
  EXPECT_EQ(write_file("/no/such/directory/x.o", ""),
            "cannot create '/no/such/directory/x.o': No such file or directory");
  std::string bytes;
  EXPECT_EQ(read_file("/no/such/x.o", bytes), "cannot open '/no/such/x.o': No such file or directory");
}

} // namespace
