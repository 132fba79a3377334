// SPDX-License-Identifier: MIT OR Apache-2.0
// Perf events as rings of samples, and the array that programs find them in.
#include "kernel/helpers/helpers.h"
#include "kernel/maps/perf_event_array.h"
#include "kernel/perf_event.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kTid = 2, kTime = 4, kCpu = 128, kRaw = 1024;
constexpr uint32_t kPerfEventArray = 4, kSample = 9, kLost = 2;

class PerfEventTest : public KernelTest {
protected:
  // An event's descriptor; ring() is its memory.
  int open_event(uint64_t sample_type = kRaw, int cpu = 0, uint32_t wakeup = 1, bool watermark = false,
                 bool disabled = false) {
    kbpf_perf_event_attr attr{cpu, wakeup, sample_type, watermark, disabled};
    EXPECT_EQ(kbpf_perf_event_create(&attr, &event_), 0);
    return kbpf_port_fd_install(event_, "[perf_event]", 1);
  }
  // A mapping of the event's pages, until the test ends.
  void map(uint64_t data_pages, bool writable = true) {
    ASSERT_EQ(kbpf_object_map(event_, 0, (1 + data_pages) * kPage, writable), 0);
    mapped_ = data_pages;
    header_ = static_cast<char *>(kbpf_object_page(event_, 0));
    data_ = static_cast<char *>(kbpf_object_page(event_, 1));
  }
  void unmap() {
    kbpf_object_unmap(event_, 0, (1 + mapped_) * kPage, 1);
    mapped_ = 0;
  }
  void TearDown() override {
    if (mapped_)
      unmap();
    KernelTest::TearDown();
  }
  uint64_t &field(size_t offset) { return *reinterpret_cast<uint64_t *>(header_ + offset); }
  uint64_t &head() { return field(1024); }
  uint64_t &tail() { return field(1032); }
  // The next record's bytes; empty where there is none.
  std::string next() {
    if (tail() == head())
      return {};
    uint64_t size = mapped_ * kPage;
    uint16_t length;
    memcpy(&length, data_ + tail() % size + 6, sizeof(length));
    std::string record(data_ + tail() % size, length);
    tail() += length;
    return record;
  }
  template <typename T> static T at(const std::string &record, size_t offset) {
    T value{};
    EXPECT_LE(offset + sizeof(T), record.size());
    if (offset + sizeof(T) <= record.size())
      memcpy(&value, record.data() + offset, sizeof(T));
    return value;
  }
  int64_t output(int64_t map_fd, uint64_t flags, std::string_view text) {
    Map *map = static_cast<Map *>(hostport::object_of(static_cast<int>(map_fd)));
    HelperFunction function =
        helper_environment(kKbpfProfile).helper(kKbpfProfile.helper("perf_event_output")->number);
    int64_t result;
    {
      ReadSection section;
      result = static_cast<int64_t>(
          function(0, map->ref().handle, flags, reinterpret_cast<uintptr_t>(text.data()), text.size()));
    }
    drop_reference(map);
    return result;
  }
  int64_t array_with(int event, uint32_t entries = 1) {
    int64_t map = make_map(kPerfEventArray, 4, 4, entries);
    uint32_t key = 0;
    EXPECT_EQ(update(map, &key, &event), 0);
    return map;
  }

  kbpf_object *event_ = nullptr;

private:
  uint64_t mapped_ = 0;
  char *header_ = nullptr, *data_ = nullptr;
};

TEST_F(PerfEventTest, ASampleHoldsItsBytes) {
  int64_t array = array_with(open_event());
  map(1);
  EXPECT_EQ(output(array, 0, "hello"), 0);
  std::string record = next();
  ASSERT_EQ(record.size(), 24u);
  EXPECT_EQ(at<uint32_t>(record, 0), kSample);
  EXPECT_EQ(at<uint32_t>(record, 8), 12u); // with padding, as Linux counts
  EXPECT_EQ(record.substr(12, 5), "hello");
  EXPECT_EQ(record.substr(17), std::string(7, '\0'));
  EXPECT_EQ(next(), "");
}

TEST_F(PerfEventTest, FieldsStandInLinuxOrder) {
  hostport::set_time_ns(99);
  int64_t array = array_with(open_event(kTid | kTime | kCpu | kRaw));
  map(1);
  EXPECT_EQ(output(array, 0, "abcd"), 0);
  std::string record = next();
  ASSERT_EQ(record.size(), 8u + 24 + 8);
  EXPECT_EQ(at<uint32_t>(record, 8), 100u);
  EXPECT_EQ(at<uint32_t>(record, 12), 101u);
  EXPECT_EQ(at<uint64_t>(record, 16), 99u);
  EXPECT_EQ(at<uint64_t>(record, 24), 0u);
  EXPECT_EQ(at<uint32_t>(record, 32), 4u);
  EXPECT_EQ(record.substr(36, 4), "abcd");
}

TEST_F(PerfEventTest, TheMappedPageTellsWhereTheDataIs) {
  open_event();
  map(4);
  EXPECT_EQ(field(1040), kPage);
  EXPECT_EQ(field(1048), 4 * kPage);
  EXPECT_EQ(kbpf_object_page(event_, 5), nullptr);
}

TEST_F(PerfEventTest, OnlyOneAndAPowerOfTwoOfPagesAreMapped) {
  open_event();
  EXPECT_EQ(kbpf_object_map(event_, 0, kPage, 1), -EINVAL);
  EXPECT_EQ(kbpf_object_map(event_, 0, 4 * kPage, 1), -EINVAL);
  EXPECT_EQ(kbpf_object_map(event_, kPage, 2 * kPage, 1), -EINVAL);
  map(2);
  EXPECT_EQ(kbpf_object_map(event_, 0, 2 * kPage, 1), -EINVAL); // another size while it is mapped
  EXPECT_EQ(kbpf_object_map(event_, 0, 3 * kPage, 1), 0);
  unmap();
  EXPECT_NE(kbpf_object_page(event_, 0), nullptr);
  kbpf_object_unmap(event_, 0, 3 * kPage, 1);
  EXPECT_EQ(kbpf_object_page(event_, 0), nullptr);
}

TEST_F(PerfEventTest, SamplesThatDoNotFitAreCountedAndToldLater) {
  int64_t array = array_with(open_event());
  map(1);
  int fitted = 0;
  while (output(array, 0, std::string(100, 'x')) == 0)
    fitted++;
  EXPECT_EQ(fitted, 4095 / 112);
  EXPECT_EQ(output(array, 0, std::string(100, 'x')), -ENOSPC);
  for (int i = 0; i < fitted; i++)
    EXPECT_EQ(at<uint32_t>(next(), 0), kSample);
  EXPECT_EQ(output(array, 0, "more"), 0);
  std::string lost = next();
  EXPECT_EQ(at<uint32_t>(lost, 0), kLost);
  EXPECT_EQ(at<uint64_t>(lost, 16), 2u);
  EXPECT_EQ(at<uint32_t>(next(), 0), kSample);
}

TEST_F(PerfEventTest, RecordsAcrossTheEndAreWhole) {
  int64_t array = array_with(open_event());
  map(1);
  for (int round = 0; round < 200; round++) {
    std::string text(1000 + static_cast<size_t>(round), static_cast<char>('a' + round % 26));
    ASSERT_EQ(output(array, 0, text), 0);
    // What lies behind the end is at the start: the second view is the kernel's alone.
    uint64_t begin = tail() % kPage;
    std::string record = next();
    std::string wrapped;
    for (size_t i = 0; i < record.size(); i++)
      wrapped += static_cast<char *>(kbpf_object_page(event_, 1))[(begin + i) % kPage];
    ASSERT_EQ(wrapped.substr(12, text.size()), text);
  }
}

TEST_F(PerfEventTest, TailsThatTheReaderMakesUpDoNoHarm) {
  int64_t array = array_with(open_event());
  map(1);
  for (uint64_t made_up : {~uint64_t{0}, uint64_t{1} << 63, uint64_t{3}, uint64_t{4097}})
    for (int i = 0; i < 100; i++) {
      tail() = made_up;
      output(array, 0, std::string(100, 'x'));
    }
}

TEST_F(PerfEventTest, AReadOnlyMappingIsOverwrittenWithoutEnd) {
  int64_t array = array_with(open_event());
  map(1, false);
  for (int i = 0; i < 1000; i++)
    ASSERT_EQ(output(array, 0, std::string(100, 'x')), 0);
  EXPECT_EQ(head(), 112000u);
}

TEST_F(PerfEventTest, OutputNeedsAMappingTheEventsCpuAndAnEnabledEvent) {
  hostport::set_cpu_count(2);
  int64_t array = array_with(open_event());
  EXPECT_EQ(output(array, 0, "x"), -ENOENT);
  map(1);
  {
    hostport::BoundCpu other(1);
    EXPECT_EQ(output(array, 0, "x"), -EOPNOTSUPP);
  }
  EXPECT_EQ(kbpf_perf_event_enable(event_, 0), 0);
  EXPECT_EQ(output(array, 0, "x"), -EOPNOTSUPP);
  EXPECT_EQ(kbpf_perf_event_enable(event_, 1), 0);
  EXPECT_EQ(output(array, 0, "x"), 0);
}

TEST_F(PerfEventTest, FlagsChooseTheEvent) {
  int64_t array = array_with(open_event(), 2);
  map(1);
  EXPECT_EQ(output(array, 0xffff'ffff, "this CPU's"), 0);
  EXPECT_EQ(output(array, 1, "empty"), -ENOENT);
  EXPECT_EQ(output(array, 2, "beyond"), -E2BIG);
  EXPECT_EQ(output(array, uint64_t{1} << 32, "flag"), -EINVAL);
}

TEST_F(PerfEventTest, ReadersAreWokenByNumberAndBySize) {
  int64_t array = array_with(open_event(kRaw, 0, 3));
  map(1);
  EXPECT_EQ(kbpf_object_poll(event_, nullptr), 0u);
  output(array, 0, "1");
  output(array, 0, "2");
  EXPECT_EQ(hostport::poll_wakes(), 0u);
  EXPECT_EQ(kbpf_object_poll(event_, nullptr), 0u);
  output(array, 0, "3");
  EXPECT_EQ(hostport::poll_wakes(), 1u);
  EXPECT_EQ(kbpf_object_poll(event_, nullptr), 0x41u);
  while (!next().empty())
    ;
  EXPECT_EQ(kbpf_object_poll(event_, nullptr), 0u);
  output(array, 0, std::string(2100, 'x')); // more than half of the ring
  EXPECT_EQ(hostport::poll_wakes(), 2u);
}

TEST_F(PerfEventTest, AWatermarkIsInBytes) {
  int64_t array = array_with(open_event(kRaw, 0, 100, true));
  map(1);
  output(array, 0, std::string(60, 'x'));
  EXPECT_EQ(hostport::poll_wakes(), 0u);
  output(array, 0, std::string(60, 'x'));
  EXPECT_EQ(hostport::poll_wakes(), 1u);
}

TEST_F(PerfEventTest, ArraysTakeEventsOnly) {
  EXPECT_EQ(make_map(kPerfEventArray, 8, 4, 1), -EINVAL);
  EXPECT_EQ(make_map(kPerfEventArray, 4, 8, 1), -EINVAL);
  EXPECT_EQ(make_map(kPerfEventArray, 4, 4, 1, KBPF_MAP_F_RDONLY_PROG), -EINVAL);
  EXPECT_GE(make_map(kPerfEventArray, 4, 4, 1, KBPF_MAP_F_PRESERVE_ELEMS), 0);
  int event = open_event();
  int64_t array = make_map(kPerfEventArray, 4, 4, 2), hash = make_map(kHash, 4, 4, 1);
  uint32_t key = 0, beyond = 2;
  int none = 1000, foreign = hostport::open_foreign_fd();
  EXPECT_EQ(update(array, &key, &hash), -EINVAL);
  EXPECT_EQ(update(array, &key, &none), -EBADF);
  EXPECT_EQ(update(array, &key, &foreign), -EINVAL);
  EXPECT_EQ(update(array, &beyond, &event), -E2BIG);
  EXPECT_EQ(update(array, &key, &event, KBPF_MAP_UPDATE_EXIST), -EINVAL);
  EXPECT_EQ(remove(array, &key), -ENOENT);
  EXPECT_EQ(update(array, &key, &event), 0);
  EXPECT_EQ(lookup(array, &key, &none), -524);
  EXPECT_EQ(remove(array, &key), 0);
}

TEST_F(PerfEventTest, TheArrayKeepsAnEventAlive) {
  int event = open_event();
  int64_t array = array_with(event);
  map(1);
  hostport::close_fd(event);
  EXPECT_EQ(output(array, 0, "still there"), 0);
  EXPECT_EQ(next().substr(12, 11), "still there");
}

TEST_F(PerfEventTest, SampleTypesThatAreNotHereAreRefused) {
  kbpf_perf_event_attr attr{0, 1, kRaw | 1u << 5, 0, 0};
  EXPECT_EQ(kbpf_perf_event_create(&attr, &event_), -EINVAL);
}

} // namespace
} // namespace kbpf::test
