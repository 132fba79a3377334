// SPDX-License-Identifier: MIT OR Apache-2.0
// Helpers of both profiles, called as an engine calls them; and what they print.
#include "core/profile/profile.h"
#include "core/verifier/inline_call.h"
#include "kernel/epoch.h"
#include "kernel/helpers/helpers.h"
#include "kernel/helpers/printf.h"
#include "kernel/maps/map.h"
#include "kernel/trace.h"
#include "kernel_fixture.h"
#include <algorithm>

namespace kbpf::test {
namespace {

constexpr uint64_t kMinusOne = ~uint64_t{0};

class HelperTest : public KernelTest {
protected:
  // Runs a helper of a profile as a program would: inside a section.
  uint64_t call(const Profile &profile, std::string_view name, uint64_t r1 = 0, uint64_t r2 = 0,
                uint64_t r3 = 0, uint64_t r4 = 0, uint64_t r5 = 0) {
    const HelperProto *proto = profile.helper(name);
    EXPECT_NE(proto, nullptr);
    HelperFunction function = helper_environment(profile).helper(proto->number);
    EXPECT_NE(function, nullptr);
    ReadSection section;
    return function(r1, r2, r3, r4, r5);
  }
  uint64_t kbpf(std::string_view name, uint64_t r1 = 0, uint64_t r2 = 0, uint64_t r3 = 0, uint64_t r4 = 0,
                uint64_t r5 = 0) {
    return call(kKbpfProfile, name, r1, r2, r3, r4, r5);
  }
  uint64_t zcore(std::string_view name, uint64_t r1 = 0, uint64_t r2 = 0, uint64_t r3 = 0, uint64_t r4 = 0,
                 uint64_t r5 = 0) {
    return call(kZcoreProfile, name, r1, r2, r3, r4, r5);
  }
  Ref<Map> make(uint32_t type, uint32_t value_size, uint32_t max_entries) {
    Result<Ref<Map>> map = create_map({type, 4, value_size, max_entries, 0, {}});
    EXPECT_TRUE(map.ok());
    return *std::move(map);
  }
  // The text of a kbpf trace_printk, as the console shows it; its result goes to result.
  std::string printed(const std::string &format, std::vector<uint64_t> args = {}, int64_t *result = nullptr) {
    args.resize(3);
    uint64_t returned =
        kbpf("trace_printk", address(format.c_str()), format.size() + 1, args[0], args[1], args[2]);
    if (result)
      *result = static_cast<int64_t>(returned);
    return hostport::take_console();
  }
  std::string read_trace(uint64_t &position, size_t size = 100000) {
    std::string text(size, 0);
    text.resize(kbpf_trace_read(&position, text.data(), size));
    return text;
  }
};

TEST_F(HelperTest, EveryNumberOfAProfileHasAFunction) {
  for (const Profile *profile : {&kKbpfProfile, &kZcoreProfile})
    for (const HelperProto &proto : profile->helpers)
      if (proto.number != KBPF_HELPER_TAIL_CALL ||
          profile != &kKbpfProfile) // engines make that call themselves
        EXPECT_NE(helper_environment(*profile).helper(proto.number), nullptr) << proto.name;
}

TEST_F(HelperTest, NumbersThatAProfileDoesNotHaveHaveNone) {
  EXPECT_EQ(helper_environment(kKbpfProfile).helper(0), nullptr);
  EXPECT_EQ(helper_environment(kKbpfProfile).helper(999), nullptr);
  EXPECT_EQ(helper_environment(kZcoreProfile).helper(113), nullptr);
  EXPECT_EQ(helper_environment(kLinuxProfile).helper(1), nullptr);
}

TEST_F(HelperTest, KbpfLookupGivesTheValueItself) {
  Ref<Map> map = make(kHash, 8, 4);
  uint64_t handle = map->ref().handle, value = 5;
  uint32_t key = 1;
  EXPECT_EQ(kbpf("map_lookup_elem", handle, address(&key)), 0u);
  EXPECT_EQ(kbpf("map_update_elem", handle, address(&key), address(&value)), 0u);
  uint64_t found = kbpf("map_lookup_elem", handle, address(&key));
  ASSERT_NE(found, 0u);
  EXPECT_EQ(found % 8, 0u);
  *reinterpret_cast<uint64_t *>(found) = 6;
  EXPECT_TRUE(map->read_value(&key, &value).ok());
  EXPECT_EQ(value, 6u);
}

// Of each kind of hash table: what programs call for that very map does what the general helper does.
TEST_F(HelperTest, ATablesOwnHelpersDoWhatTheGeneralOnesDo) {
  hostport::set_cpu_count(2);
  for (uint32_t type : {kHash, kPerCpuHash, kLruHash, kLruPerCpuHash})
    for (uint32_t key_size : {1u, 4u, 7u, 8u, 12u, 16u, 20u})
      for (uint32_t value_size : {4u, 8u, 20u}) {
        SCOPED_TRACE(testing::Message() << type << " key " << key_size << " value " << value_size);
        Result<Ref<Map>> map = create_map({type, key_size, value_size, 2, 0, {}});
        ASSERT_TRUE(map.ok());
        const MapRef ref = (*map)->ref();
        HelperFunction look_up = helper_environment(kKbpfProfile).helper(ref.lookup_call);
        HelperFunction store = helper_environment(kKbpfProfile).helper(ref.update_call);
        ASSERT_NE(look_up, nullptr);
        ASSERT_NE(store, nullptr);
        char keys[2][21] = {"a key of some length", "b key of some length"};
        char values[2][21] = {"a value of 20 bytes.", "another of 20 bytes."};
        const auto update = [&](int key, int value, uint64_t flags) {
          ReadSection section;
          return static_cast<int64_t>(
              store(ref.handle, address(keys[key]), address(values[value]), flags, 0));
        };
        const auto expect_value = [&](int key, int value) {
          ReadSection section;
          const uint64_t found = look_up(ref.handle, address(keys[key]), 0, 0, 0);
          ASSERT_NE(found, 0u);
          EXPECT_EQ(found, address((*map)->lookup(keys[key])));
          EXPECT_EQ(memcmp(reinterpret_cast<void *>(found), values[value], value_size), 0);
        };
        EXPECT_EQ(look_up(ref.handle, address(keys[0]), 0, 0, 0), 0u);
        EXPECT_EQ(update(0, 0, KBPF_MAP_UPDATE_EXIST), -ENOENT);
        EXPECT_EQ(update(0, 0, KBPF_MAP_UPDATE_NOEXIST), 0);
        expect_value(0, 0);
        EXPECT_EQ(update(0, 1, KBPF_MAP_UPDATE_NOEXIST), -EEXIST);
        EXPECT_EQ(update(0, 1, KBPF_MAP_UPDATE_ANY), 0);
        expect_value(0, 1);
        EXPECT_EQ(update(0, 0, KBPF_MAP_UPDATE_EXIST), 0);
        EXPECT_EQ(update(1, 1, KBPF_MAP_UPDATE_ANY), 0);
        expect_value(0, 0);
        expect_value(1, 1);
        EXPECT_EQ(update(0, 0, 3), -EINVAL);
        EXPECT_EQ(update(0, 0, KBPF_MAP_ELEM_LOCK), -EINVAL);
        EXPECT_TRUE((*map)->remove(keys[0]).ok());
        EXPECT_EQ(look_up(ref.handle, address(keys[0]), 0, 0, 0), 0u);
      }
}

TEST_F(HelperTest, OnlyHashTablesHaveHelpersOfTheirOwn) {
  for (uint32_t type : {kArray, kPerCpuArray}) {
    const MapRef ref = make(type, 8, 4)->ref();
    EXPECT_EQ(ref.lookup_call, 0u);
    EXPECT_EQ(ref.update_call, 0u);
  }
  EXPECT_EQ(helper_environment(kKbpfProfile).helper(special_helper(1, 99)), nullptr);
  EXPECT_EQ(helper_environment(kKbpfProfile).helper(special_helper(3, 1)), nullptr);
}

TEST_F(HelperTest, KbpfMapErrorsAreNegativeErrno) {
  Ref<Map> map = make(kHash, 8, 1);
  uint64_t handle = map->ref().handle, value = 5;
  uint32_t key = 1, other = 2;
  EXPECT_EQ(static_cast<int64_t>(kbpf("map_delete_elem", handle, address(&key))), -ENOENT);
  EXPECT_EQ(static_cast<int64_t>(kbpf("map_update_elem", handle, address(&key), address(&value), 2)),
            -ENOENT);
  EXPECT_EQ(kbpf("map_update_elem", handle, address(&key), address(&value)), 0u);
  EXPECT_EQ(static_cast<int64_t>(kbpf("map_update_elem", handle, address(&key), address(&value), 1)),
            -EEXIST);
  EXPECT_EQ(static_cast<int64_t>(kbpf("map_update_elem", handle, address(&other), address(&value))), -E2BIG);
  EXPECT_EQ(kbpf("map_delete_elem", handle, address(&key)), 0u);
}

TEST_F(HelperTest, ZcoreLookupCopiesTheValueOut) {
  Ref<Map> map = make(kHash, 8, 4);
  uint32_t key = 1;
  uint64_t fd = zcore_fd(*map), value = 5, out = 0;
  EXPECT_GE(fd, KBPF_FD_BASE);
  EXPECT_EQ(zcore("map_lookup_elem", fd, address(&key), address(&out)), kMinusOne);
  EXPECT_EQ(zcore("map_update_elem", fd, address(&key), address(&value)), 0u);
  EXPECT_EQ(zcore("map_lookup_elem", fd, address(&key), address(&out)), 0u);
  EXPECT_EQ(out, 5u);
  EXPECT_EQ(zcore("map_delete_elem", fd, address(&key)), 0u);
  EXPECT_EQ(zcore("map_delete_elem", fd, address(&key)), kMinusOne);
}

TEST_F(HelperTest, ZcoreMapNumbersEndWithTheirMap) {
  uint32_t fd;
  {
    Ref<Map> map = make(kHash, 8, 4);
    fd = zcore_fd(*map);
  }
  uint32_t key = 1;
  EXPECT_EQ(zcore("map_delete_elem", fd, address(&key)), kMinusOne);
  EXPECT_EQ(zcore("map_delete_elem", 3, address(&key)), kMinusOne);
}

TEST_F(HelperTest, TheCurrentThreadIsReportedAsEachProfileSaysIt) {
  hostport::set_current({7, 9, 1000, 1001, "worker", 1, 0});
  EXPECT_EQ(kbpf("get_current_pid_tgid"), 7ull << 32 | 9);
  EXPECT_EQ(zcore("get_current_pid_tgid"), 7ull << 32 | 7);
  EXPECT_EQ(kbpf("get_current_uid_gid"), 1001ull << 32 | 1000);
}

TEST_F(HelperTest, CommIsCutTerminatedAndPadded) {
  hostport::set_current({7, 9, 0, 0, "worker", 1, 0});
  char name[16];
  memset(name, 'x', sizeof(name));
  EXPECT_EQ(kbpf("get_current_comm", address(name), sizeof(name)), 0u);
  EXPECT_EQ(std::string(name, 16), std::string("worker") + std::string(10, '\0'));
  EXPECT_EQ(zcore("get_current_comm", address(name), 4), 0u);
  EXPECT_STREQ(name, "wor");
}

TEST_F(HelperTest, TheCpuIsTheOneThatRuns) {
  hostport::set_cpu_count(3);
  hostport::BoundCpu bound(2);
  EXPECT_EQ(kbpf("get_smp_processor_id"), 2u);
  EXPECT_EQ(zcore("get_smp_processor_id"), 2u);
}

TEST_F(HelperTest, TimeIsTheMonotonicClock) {
  hostport::set_time_ns(1234567);
  EXPECT_EQ(kbpf("ktime_get_ns"), 1234567u);
  EXPECT_EQ(zcore("ktime_get_ns"), 1234567u);
}

TEST_F(HelperTest, RandomNumbersAre32BitsAndDiffer) {
  uint64_t first = kbpf("get_prandom_u32"), second = zcore("get_prandom_u32");
  EXPECT_LE(first, UINT32_MAX);
  EXPECT_NE(first, second);
}

TEST_F(HelperTest, ReadingBadKernelMemoryZeroesTheBuffer) {
  uint64_t source = 42, read = 1;
  EXPECT_EQ(kbpf("probe_read_kernel", address(&read), 8, address(&source)), 0u);
  EXPECT_EQ(read, 42u);
  EXPECT_EQ(static_cast<int64_t>(kbpf("probe_read_kernel", address(&read), 8, kBadAddress)), -EFAULT);
  EXPECT_EQ(read, 0u);
  EXPECT_EQ(kbpf("probe_read_kernel", address(&read), 0, kBadAddress), 0u);
  EXPECT_EQ(zcore("probe_read", address(&read), 8, kBadAddress), kMinusOne);
}

TEST_F(HelperTest, EachReaderCopiesMemoryOrZeroesTheBuffer) {
  for (const char *name : {"probe_read", "probe_read_user", "probe_read_kernel"}) {
    uint64_t source = 42, read = 1;
    EXPECT_EQ(kbpf(name, address(&read), 8, address(&source)), 0u) << name;
    EXPECT_EQ(read, 42u);
    EXPECT_EQ(static_cast<int64_t>(kbpf(name, address(&read), 8, kBadAddress)), -EFAULT) << name;
    EXPECT_EQ(read, 0u);
  }
}

TEST_F(HelperTest, StringsAreCutAndTerminated) {
  const std::string source = std::string(100, 'a') + "bc";
  for (const char *name : {"probe_read_str", "probe_read_user_str", "probe_read_kernel_str"}) {
    char text[128];
    memset(text, 'x', sizeof(text));
    EXPECT_EQ(kbpf(name, address(text), sizeof(text), address(source.c_str())), 103u) << name;
    EXPECT_STREQ(text, source.c_str());
    EXPECT_EQ(kbpf(name, address(text), 5, address(source.c_str())), 5u);
    EXPECT_STREQ(text, "aaaa");
    EXPECT_EQ(static_cast<int64_t>(kbpf(name, address(text), 8, kBadAddress)), -EFAULT);
    EXPECT_EQ(std::string(text, 8), std::string(8, '\0'));
    EXPECT_EQ(kbpf(name, address(text), 0, address(source.c_str())), 0u);
  }
}

TEST_F(HelperTest, ClocksAgree) {
  hostport::set_time_ns(8'000'000'000);
  EXPECT_EQ(kbpf("ktime_get_boot_ns"), 8'000'000'000u);
  EXPECT_EQ(kbpf("ktime_get_coarse_ns"), 8'000'000'000u);
  EXPECT_EQ(kbpf("jiffies64"), 2000u);
}

TEST_F(HelperTest, VprintkTakesItsArgumentsFromMemory) {
  const uint64_t words[5] = {1, 2, 3, 4, 5};
  const std::string format = "%d %d %d %d %d";
  EXPECT_GT(kbpf("trace_vprintk", address(format.c_str()), format.size() + 1, address(words), sizeof(words)),
            0u);
  EXPECT_EQ(hostport::take_console(), "1 2 3 4 5\n");
  for (uint64_t size : {7u, 104u})
    EXPECT_EQ(static_cast<int64_t>(
                  kbpf("trace_vprintk", address(format.c_str()), format.size() + 1, address(words), size)),
              -EINVAL);
  EXPECT_EQ(static_cast<int64_t>(kbpf("trace_vprintk", address(format.c_str()), format.size() + 1, 0, 8)),
            -EINVAL);
}

TEST_F(HelperTest, ZcoreNumbersThatDoNothingReturnZero) {
  for (uint32_t number : {9, 10, 11, 12, 13, 15})
    EXPECT_EQ(helper_environment(kZcoreProfile).helper(number)(1, 2, 3, 4, 5), 0u);
}

TEST_F(HelperTest, PrintkFormatsNumbers) {
  EXPECT_EQ(printed("%d %i %u", {static_cast<uint64_t>(-5), 6, 7}), "-5 6 7\n");
  EXPECT_EQ(printed("%x %X %o", {0xabc, 0xabc, 8}), "abc ABC 10\n");
  EXPECT_EQ(printed("%d %u %x", {0x1'ffff'ffff, 0x1'ffff'ffff, 0x1'ffff'ffff}), "-1 4294967295 ffffffff\n");
  EXPECT_EQ(printed("%ld %llu %lx", {kMinusOne, kMinusOne, kMinusOne}),
            "-1 18446744073709551615 ffffffffffffffff\n");
  EXPECT_EQ(printed("%lld", {uint64_t{1} << 63}), "-9223372036854775808\n");
}

TEST_F(HelperTest, PrintkHonoursWidths) {
  EXPECT_EQ(printed("[%5d][%-5d][%05d]", {42, 42, static_cast<uint64_t>(-42)}), "[   42][42   ][-0042]\n");
  EXPECT_EQ(printed("[%+d][% d][%2d]", {1, 1, 12345}), "[+1][ 1][12345]\n");
}

TEST_F(HelperTest, PrintkFormatsTextAndCharacters) {
  const char text[] = "some text";
  EXPECT_EQ(printed("%s|%c|%%", {address(text), 'q'}), "some text|q|%\n");
  EXPECT_EQ(printed("%pks.", {address(text)}), "some text.\n");
  EXPECT_EQ(printed("[%12s]", {address(text)}), "[   some text]\n");
  EXPECT_EQ(printed("%s", {kBadAddress}), "(fault)\n");
}

TEST_F(HelperTest, PrintkFormatsAddressesAndSymbols) {
  hostport::add_symbol("do_open", "do_open", 0x1000, 0x40);
  EXPECT_EQ(printed("%p", {0x1234}), "0000000000001234\n");
  EXPECT_EQ(printed("%px %pK", {1, 2}), "0000000000000001 0000000000000002\n");
  EXPECT_EQ(printed("%ps %pS", {0x1004, 0x1004}), "do_open do_open+0x4/0x40\n");
  EXPECT_EQ(printed("%pS", {0x9000}), "0x9000\n");
}

TEST_F(HelperTest, PrintkRefusesWhatItDoesNotKnow) {
  int64_t result = 0;
  for (const char *format : {"%", "%q", "%f", "%d %d %d %d", "%lllu", "%sx", "%phello", "%pksx", "\x01",
                             "\xff", "%5", "%l", "%999d", "%hd"}) {
    EXPECT_EQ(printed(format, {}, &result), "") << format;
    EXPECT_EQ(result, -EINVAL) << format;
  }
}

TEST_F(HelperTest, PrintkWantsATerminatedFormat) {
  const char format[] = {'a', 'b'};
  EXPECT_EQ(static_cast<int64_t>(kbpf("trace_printk", address(format), 2)), -EINVAL);
  EXPECT_EQ(hostport::take_console(), "");
}

TEST_F(HelperTest, PrintkReturnsTheNumberOfCharacters) {
  int64_t result = 0;
  EXPECT_EQ(printed("n=%d\n", {42}, &result), "n=42\n");
  EXPECT_EQ(result, 5);
}

TEST_F(HelperTest, ALongTextIsCut) {
  std::string format(3000, 'x');
  int64_t result = 0;
  EXPECT_EQ(printed(format, {}, &result), std::string(kMaxTraceText - 1, 'x') + "\n");
  EXPECT_EQ(result, static_cast<int64_t>(kMaxTraceText - 1));
}

TEST_F(HelperTest, ZcorePrintkFillsBracesWithUnsignedNumbers) {
  std::string format = "a {} b {} c {} d {}.\n";
  EXPECT_EQ(zcore("trace_printk", address(format.c_str()), format.size(), 1, kMinusOne, 3), 0u);
  EXPECT_EQ(hostport::take_console(), "a 1 b 18446744073709551615 c 3 d .\n");
}

TEST_F(HelperTest, ZcorePrintkAddsNothingToTheConsole) {
  for (std::string piece : {"kprobe ", "addr = {}\n"})
    zcore("trace_printk", address(piece.c_str()), piece.size() + 1, 7);
  EXPECT_EQ(hostport::take_console(), "kprobe addr = 7\n");
}

TEST_F(HelperTest, TheTraceFileHasLinesInLinuxForm) {
  hostport::set_current({7, 1234, 0, 0, "worker", 1, 0});
  hostport::set_time_ns(12'345'678'901);
  uint64_t position = 0;
  read_trace(position);
  printed("hello %d\n", {3});
  EXPECT_EQ(read_trace(position),
            "          worker-1234    [000] d..1.    12.345678: bpf_trace_printk: hello 3\n");
  EXPECT_EQ(read_trace(position), "");
}

TEST_F(HelperTest, TheTraceIsPendingUntilItIsRead) {
  uint64_t position = 0;
  read_trace(position);
  EXPECT_FALSE(kbpf_trace_pending(position));
  printed("x");
  EXPECT_TRUE(kbpf_trace_pending(position));
  EXPECT_GT(hostport::trace_wakes(), 0u);
  read_trace(position);
  EXPECT_FALSE(kbpf_trace_pending(position));
}

TEST_F(HelperTest, ASmallBufferGetsWholeLinesOrPiecesOfOne) {
  uint64_t position = 0;
  read_trace(position);
  uint64_t whole_position = position;
  printed("first");
  printed("second");
  std::string whole = read_trace(whole_position);
  std::string first = read_trace(position, whole.size() - 1);
  EXPECT_EQ(first.back(), '\n');
  EXPECT_LT(first.size(), whole.size() - 1);
  std::string pieces = first;
  for (std::string piece = read_trace(position, 7); !piece.empty(); piece = read_trace(position, 7))
    pieces += piece;
  EXPECT_EQ(pieces, whole);
}

TEST_F(HelperTest, AnOvertakenReaderIsToldWhatItLost) {
  uint64_t position = 0;
  read_trace(position);
  for (int i = 0; i < 5000; i++)
    printed("line %d", {static_cast<uint64_t>(i)});
  std::string text = read_trace(position, 1000000);
  EXPECT_EQ(text.substr(0, text.find(' ')), "[LOST");
  size_t lost = std::stoul(text.substr(6));
  size_t lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) - 1;
  EXPECT_EQ(lost + lines, 5000u);
  EXPECT_NE(text.find("line 4999\n"), std::string::npos);
}

TEST_F(HelperTest, AnyTracePositionIsHarmless) {
  char buffer[64];
  for (uint64_t position : {kMinusOne, kMinusOne >> 1, uint64_t{0xfff}, uint64_t{1} << 40}) {
    uint64_t at = position;
    EXPECT_LE(kbpf_trace_read(&at, buffer, sizeof(buffer)), sizeof(buffer));
  }
  uint64_t at = 0;
  EXPECT_EQ(kbpf_trace_read(&at, buffer, 0), 0u);
}

} // namespace
} // namespace kbpf::test
