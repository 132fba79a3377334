// SPDX-License-Identifier: MIT OR Apache-2.0
// The ring buffer: its memory as a process maps it, records, room, wake-ups; and many writers at once.
#include "kernel/maps/ringbuf.h"
#include "kernel_fixture.h"
#include <atomic>
#include <thread>

namespace kbpf::test {
namespace {

constexpr uint32_t kPage = 4096;
constexpr uint32_t kBusyBit = 1u << 31, kDiscardBit = 1u << 30;
enum Query : uint64_t { kAvailable, kSize, kConsumer, kProducer };

// A process's view of a ring: what libbpf does with the two mappings.
class Reader {
public:
  explicit Reader(maps::RingBufferMap &ring)
      : consumer_(reinterpret_cast<std::atomic<uint64_t> *>(kbpf_object_page(&ring, 0))),
        producer_(reinterpret_cast<std::atomic<uint64_t> *>(kbpf_object_page(&ring, 1))),
        data_(static_cast<char *>(kbpf_object_page(&ring, 2))), mask_(ring.spec().max_entries - 1) {}

  // The next record that was not discarded; false where there is none.
  bool next(std::string &record) {
    for (;;) {
      uint64_t at = consumer_->load();
      if (at >= producer_->load())
        return false;
      char *header = data_ + (at & mask_);
      uint32_t length = reinterpret_cast<std::atomic<uint32_t> *>(header)->load(std::memory_order_acquire);
      if (length & kBusyBit)
        return false;
      uint32_t bytes = length & ~kDiscardBit;
      record.assign(header + 8, bytes);
      consumer_->store(at + (8 + bytes + 7) / 8 * 8);
      if (!(length & kDiscardBit))
        return true;
    }
  }
  std::atomic<uint64_t> &consumer() { return *consumer_; }

private:
  std::atomic<uint64_t> *consumer_, *producer_;
  char *data_;
  uint64_t mask_;
};

class RingBufferTest : public KernelTest {
protected:
  static Ref<Map> make(uint32_t size) {
    Result<Ref<Map>> map = create_map({27, 0, 0, size, 0, {}});
    EXPECT_TRUE(map.ok());
    return *std::move(map);
  }
  static maps::RingBufferMap &ring(const Ref<Map> &map) { return static_cast<maps::RingBufferMap &>(*map); }
  static void *reserve(const Ref<Map> &map, uint64_t size) {
    ReadSection section;
    return ring(map).reserve(size);
  }
  static void commit(void *record, uint64_t flags = 0, bool discard = false) {
    ReadSection section;
    maps::RingBufferMap::commit(record, flags, discard);
  }
  static bool put(const Ref<Map> &map, std::string_view text) {
    void *record = reserve(map, text.size());
    if (!record)
      return false;
    memcpy(record, text.data(), text.size());
    commit(record);
    return true;
  }
};

TEST_F(RingBufferTest, OnlyPowersOfTwoOfPagesWithoutKeysAreMade) {
  EXPECT_EQ(make_map(27, 0, 0, kPage - 1), -EINVAL);
  EXPECT_EQ(make_map(27, 0, 0, 3 * kPage), -EINVAL);
  EXPECT_EQ(make_map(27, 0, 0, 0), -EINVAL);
  EXPECT_EQ(make_map(27, 4, 0, kPage), -EINVAL);
  EXPECT_EQ(make_map(27, 0, 8, kPage), -EINVAL);
  EXPECT_EQ(make_map(27, 0, 0, kPage, KBPF_MAP_F_NO_PREALLOC), -EINVAL);
  EXPECT_GE(make_map(27, 0, 0, 2 * kPage), 0);
}

TEST_F(RingBufferTest, RecordsComeOutAsTheyWentIn) {
  Ref<Map> map = make(kPage);
  Reader reader(ring(map));
  std::string record;
  EXPECT_FALSE(reader.next(record));
  EXPECT_TRUE(put(map, "one"));
  EXPECT_TRUE(put(map, ""));
  EXPECT_TRUE(put(map, "another one"));
  ASSERT_TRUE(reader.next(record));
  EXPECT_EQ(record, "one");
  ASSERT_TRUE(reader.next(record));
  EXPECT_EQ(record, "");
  ASSERT_TRUE(reader.next(record));
  EXPECT_EQ(record, "another one");
  EXPECT_FALSE(reader.next(record));
}

TEST_F(RingBufferTest, ARecordThatIsStillWrittenHidesLaterOnes) {
  Ref<Map> map = make(kPage);
  Reader reader(ring(map));
  void *first = reserve(map, 8);
  EXPECT_TRUE(put(map, "second"));
  std::string record;
  EXPECT_FALSE(reader.next(record));
  memcpy(first, "complete", 8);
  commit(first);
  ASSERT_TRUE(reader.next(record));
  EXPECT_EQ(record, "complete");
  ASSERT_TRUE(reader.next(record));
  EXPECT_EQ(record, "second");
}

TEST_F(RingBufferTest, DiscardedRecordsAreSkipped) {
  Ref<Map> map = make(kPage);
  Reader reader(ring(map));
  commit(reserve(map, 100), 0, true);
  EXPECT_TRUE(put(map, "kept"));
  std::string record;
  ASSERT_TRUE(reader.next(record));
  EXPECT_EQ(record, "kept");
}

TEST_F(RingBufferTest, RecordsAcrossTheEndLieInOnePiece) {
  Ref<Map> map = make(kPage);
  Reader reader(ring(map));
  std::string text(1000, 0), record;
  for (int round = 0; round < 100; round++) {
    for (char &c : text)
      c = static_cast<char>(round + (&c - text.data()));
    ASSERT_TRUE(put(map, text));
    ASSERT_TRUE(reader.next(record));
    ASSERT_EQ(record, text) << round;
  }
}

TEST_F(RingBufferTest, WhatIsNotReadIsNeverOverwritten) {
  Ref<Map> map = make(kPage);
  Reader reader(ring(map));
  int count = 0;
  while (put(map, "0123456789abcdef"))
    count++;
  EXPECT_EQ(count, 4096 / 24);
  std::string record;
  ASSERT_TRUE(reader.next(record));
  EXPECT_TRUE(put(map, "0123456789abcdef"));
  EXPECT_FALSE(put(map, "0123456789abcdef"));
}

TEST_F(RingBufferTest, AReservedRecordIsNotOverwrittenWhateverTheReaderClaims) {
  Ref<Map> map = make(kPage);
  Reader reader(ring(map));
  void *busy = reserve(map, 1000);
  ASSERT_NE(busy, nullptr);
  ASSERT_TRUE(put(map, std::string(2000, 'x')));
  reader.consumer() = 3032; // skips the busy one
  EXPECT_EQ(reserve(map, 2000), nullptr);
  commit(busy);
  EXPECT_NE(reserve(map, 2000), nullptr);
}

TEST_F(RingBufferTest, PositionsThatTheReaderMakesUpDoNoHarm) {
  Ref<Map> map = make(kPage);
  Reader reader(ring(map));
  for (uint64_t position : {~uint64_t{0}, uint64_t{1} << 63, uint64_t{4097}, uint64_t{7}}) {
    reader.consumer() = position;
    for (int i = 0; i < 300; i++)
      put(map, "0123456789abcdef");
  }
}

TEST_F(RingBufferTest, TooLargeRecordsHaveNoRoom) {
  Ref<Map> map = make(kPage);
  EXPECT_EQ(reserve(map, kPage - 8), nullptr); // it would fill the ring to the last byte
  EXPECT_EQ(reserve(map, kPage), nullptr);
  EXPECT_EQ(reserve(map, uint64_t{1} << 32), nullptr);
  EXPECT_EQ(reserve(map, ~uint64_t{0}), nullptr);
  EXPECT_NE(reserve(map, kPage - 16), nullptr);
}

TEST_F(RingBufferTest, QueryTellsPositions) {
  Ref<Map> map = make(2 * kPage);
  Reader reader(ring(map));
  put(map, "12345");
  put(map, "1");
  std::string record;
  reader.next(record);
  EXPECT_EQ(ring(map).query(kAvailable), 16u);
  EXPECT_EQ(ring(map).query(kSize), 2 * kPage);
  EXPECT_EQ(ring(map).query(kConsumer), 16u);
  EXPECT_EQ(ring(map).query(kProducer), 32u);
  EXPECT_EQ(ring(map).query(4), 0u);
}

TEST_F(RingBufferTest, AReaderThatHasEverythingIsWoken) {
  Ref<Map> map = make(kPage);
  Reader reader(ring(map));
  EXPECT_EQ(kbpf_object_poll(map.get(), nullptr), 0u);
  put(map, "first");
  EXPECT_EQ(hostport::poll_wakes(), 1u);
  EXPECT_EQ(kbpf_object_poll(map.get(), nullptr), 0x41u);
  put(map, "second"); // the reader has not come to it: it will see it
  EXPECT_EQ(hostport::poll_wakes(), 1u);
  std::string record;
  while (reader.next(record))
    ;
  EXPECT_EQ(kbpf_object_poll(map.get(), nullptr), 0u);
  put(map, "third");
  EXPECT_EQ(hostport::poll_wakes(), 2u);
  uint32_t generation = 0;
  kbpf_object_poll(map.get(), &generation);
  EXPECT_EQ(generation, 2u);
}

TEST_F(RingBufferTest, WakeupsAreForcedAndForbidden) {
  Ref<Map> map = make(kPage);
  commit(reserve(map, 8), maps::kRingNoWakeup);
  EXPECT_EQ(hostport::poll_wakes(), 0u);
  commit(reserve(map, 8), maps::kRingForceWakeup);
  EXPECT_EQ(hostport::poll_wakes(), 1u);
}

TEST_F(RingBufferTest, OnlyTheConsumersPageIsMappedWritable) {
  Ref<Map> map = make(2 * kPage);
  EXPECT_EQ(kbpf_object_map(map.get(), 0, kPage, 1), 0);
  EXPECT_EQ(kbpf_object_map(map.get(), 0, 2 * kPage, 1), -EPERM);
  EXPECT_EQ(kbpf_object_map(map.get(), kPage, kPage, 1), -EPERM);
  EXPECT_EQ(kbpf_object_map(map.get(), kPage, 5 * kPage, 0), 0); // producer, data twice
  EXPECT_EQ(kbpf_object_map(map.get(), kPage, 6 * kPage, 0), -EINVAL);
  EXPECT_EQ(kbpf_object_page(map.get(), 6), nullptr);
  kbpf_object_unmap(map.get(), 0, kPage, 1);
}

TEST_F(RingBufferTest, ElementsAreNotOfTheRing) {
  int64_t fd = make_map(27, 0, 0, kPage);
  uint32_t key = 0;
  uint64_t value = 0;
  EXPECT_EQ(lookup(fd, nullptr, &value), -524);
  EXPECT_EQ(update(fd, nullptr, &value), -524);
  EXPECT_EQ(remove(fd, nullptr), -524);
  EXPECT_EQ(next_key(fd, nullptr, &key), -524);
}

TEST_F(RingBufferTest, NothingIsLostOrTornUnderLoad) {
  constexpr uint32_t kWriters = 3, kRecords = 20000;
  hostport::set_cpu_count(kWriters + 1);
  Ref<Map> map = make(kPage);
  std::atomic<uint32_t> written{0}, running{kWriters};
  std::vector<std::thread> writers;
  for (uint32_t cpu = 0; cpu < kWriters; cpu++)
    writers.emplace_back([&, cpu] {
      hostport::BoundCpu bound(cpu);
      for (uint32_t i = 0; i < kRecords; i++) {
        ReadSection section;
        uint64_t words = 1 + i % 7;
        auto *record = static_cast<uint64_t *>(ring(map).reserve(words * 8));
        if (!record)
          continue;
        for (uint64_t w = 0; w < words; w++)
          record[w] = uint64_t{cpu} << 32 | i;
        bool discard = i % 11 == 0;
        maps::RingBufferMap::commit(record, 0, discard);
        written += !discard;
      }
      running--;
    });
  Reader reader(ring(map));
  std::string record;
  uint32_t read = 0;
  uint64_t last[kWriters] = {};
  for (bool more = true; more;) {
    more = running != 0;
    while (reader.next(record)) {
      read++;
      std::vector<uint64_t> words(record.size() / 8);
      memcpy(words.data(), record.data(), record.size());
      ASSERT_FALSE(words.empty());
      for (uint64_t word : words)
        ASSERT_EQ(word, words[0]);
      uint32_t cpu = static_cast<uint32_t>(words[0] >> 32), number = static_cast<uint32_t>(words[0]);
      ASSERT_LT(cpu, kWriters);
      ASSERT_EQ(words.size(), 1 + number % 7);
      ASSERT_GT(number, last[cpu]); // in each writer's order; number 0 is discarded
      last[cpu] = number;
    }
    std::this_thread::yield();
  }
  for (std::thread &writer : writers)
    writer.join();
  EXPECT_EQ(read, written);
  EXPECT_GT(read, 0u);
}

} // namespace
} // namespace kbpf::test
