// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs the verifier on a program that a test has put together, with maps and a profile of its choice.
#pragma once
#include "core/verifier/verifier.h"
#include "image_bytes.h"
#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <regex>
#include <string>
#include <vector>

namespace kbpf::test {

inline BlockSource malloc_source() {
  return {[](void *, size_t size) { return std::malloc(size); },
          [](void *, void *block, size_t) { std::free(block); }, nullptr};
}

// A program and what surrounds it. Maps are referred to by their index.
struct ProgramUnderTest {
  std::vector<Insn> insns;
  std::vector<MapRef> maps = {};
  const Profile *profile = &kKbpfProfile;
  bool gpl_compatible = true;
  VerifyOptions options = {};
  uint32_t type = 2; // kprobe
  uint32_t told = 0; // RawProgram::told

  static MapRef hash_map(uint32_t key_size, uint32_t value_size) {
    return {1, key_size, value_size, 16, 0, 0x1000, 0, 0, 0, {}};
  }
  static MapRef array_map(uint32_t value_size, uint32_t entries) {
    return {2, 4, value_size, entries, 0, 0x2000, 0, 0, 0, {}};
  }
  static MapRef data_map(uint32_t value_size) {
    return {2, 4, value_size, 1, 0, 0x3000, 0x12345678000, 0, 0, {}};
  }
  static MapRef fd_map(uint32_t key_size, uint32_t value_size, uint32_t fd) {
    return {1, key_size, value_size, 16, 0, 0x1000, 0, 0x55550000, fd, {}};
  }
};

// What verify() said. The verified program lives as long as the verdict.
struct Verdict {
  std::unique_ptr<Arena> arena = std::make_unique<Arena>(malloc_source(), size_t{64} << 20);
  Rejection rejection{};
  VerifyStats stats{};
  std::string log;
  std::unique_ptr<VerifiedProgram> program; // null where refused
  Error error{};

  explicit operator bool() const { return program != nullptr; }
  std::string_view name() const { return rejection.name ? rejection.name : "(accepted)"; }
  std::string message() const { return std::string(name()) + ": " + rejection.message; }
};

// Counts what it is told, and keeps what steps did.
class PathRecorder final : public PathObserver {
public:
  void begin(uint32_t length) override { expected = length; }
  void instruction(const State &) override { told++; }
  void step(const PathStep &step, const State &) override { steps.push_back(step); }
  uint32_t expected = 0, told = 0;
  std::vector<PathStep> steps;
};

// The last line of a log that lists registers; ids, which go on counting, left out.
inline std::string last_registers(const std::string &log) {
  size_t at = std::max(log.rfind("\n    r") + 1, log.rfind("\n    no reg") + 1) - 1;
  std::string line = at == std::string::npos ? "" : log.substr(at + 1, log.find('\n', at + 1) - at - 1);
  return std::regex_replace(line, std::regex("id=[0-9]+"), "id");
}

// A refused program's path can be told, and leads to the state that was refused.
inline void expect_path(const RawProgram &raw, VerifyOptions options, const Verdict &verdict) {
  constexpr uint32_t kMostInsns = 2000; // of a walk: the log of everything grows with it
  if (!verdict.rejection.id || verdict.stats.processed_insns > kMostInsns)
    return;
  std::string registers[2];
  for (uint32_t level : {1, 2}) {
    StringSink log;
    PathRecorder path;
    Arena scratch(malloc_source(), size_t{256} << 20), result_arena(malloc_source(), size_t{64} << 20);
    Rejection rejection{};
    VerifyStats stats{};
    options.log = &log;
    options.log_level = level;
    options.observer = &path;
    EXPECT_FALSE(verify(raw, options, scratch, result_arena, rejection, stats).ok());
    EXPECT_STREQ(rejection.message, verdict.rejection.message);
    EXPECT_EQ(rejection.insn, verdict.rejection.insn);
    EXPECT_EQ(stats.processed_insns, verdict.stats.processed_insns);
    EXPECT_EQ(path.told, path.expected) << log.text();
    if (path.told == 0) // it needed no walk
      return;
    EXPECT_EQ(path.steps.size() + 1, path.told);
    registers[level - 1] = last_registers(log.text());
  }
  const std::string_view name = verdict.rejection.name;
  if (name != "too-complex" && name != "infinite-loop" && name != "call-depth")
    EXPECT_EQ(registers[0], registers[1]) << name;
}

inline Verdict run_verifier(const ProgramUnderTest &test) {
  Verdict verdict;
  StringSink log;
  Arena scratch(malloc_source(), size_t{256} << 20);
  RawProgram raw{test.insns,          test.maps, test.profile, test.profile->prog_type(test.type),
                 test.gpl_compatible, false};
  raw.told = test.told;
  VerifyOptions options = test.options;
  options.log = &log;
  Result<VerifiedProgram> result =
      verify(raw, options, scratch, *verdict.arena, verdict.rejection, verdict.stats);
  verdict.log = log.text();
  if (result.ok())
    verdict.program = std::make_unique<VerifiedProgram>(*result);
  else
    verdict.error = result.error();
  expect_path(raw, options, verdict);
  return verdict;
}

} // namespace kbpf::test
