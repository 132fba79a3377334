// SPDX-License-Identifier: MIT OR Apache-2.0
// The ring that a process fills and programs drain: what they get of it, what a process may map, and rings that
// a process wrote nonsense into. Run under TSan too.
#include "insn_builders.h"
#include "kernel/epoch.h"
#include "kernel/maps/user_ringbuf.h"
#include "kernel_fixture.h"
#include <array>
#include <atomic>
#include <thread>

namespace kbpf::test {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint32_t kUserRing = 31, kClassifier = 3, kBusyBit = 1u << 31, kDiscardBit = 1u << 30;
constexpr uint64_t kNoWakeup = 1, kForceWakeup = 2;

// A process that has the ring mapped.
class Writer {
public:
  explicit Writer(Map &ring)
      : consumer_(*page<std::atomic<uint64_t>>(ring, 0)), producer_(*page<std::atomic<uint64_t>>(ring, 1)),
        data_(page<char>(ring, 2)), size_(ring.spec().max_entries) {}

  // False where there is no room. bits: of the header, besides the length.
  bool write(std::string_view text, uint32_t bits = 0) {
    const uint64_t at = producer_.load(), total = (8 + text.size() + 7) / 8 * 8;
    if (at - consumer_.load(std::memory_order_acquire) + total > size_)
      return false;
    header(at).store(kBusyBit);
    for (size_t i = 0; i < text.size(); i++)
      data_[(at + 8 + i) % size_] = text[i];
    header(at).store(static_cast<uint32_t>(text.size()) | bits, std::memory_order_release);
    producer_.store(at + total, std::memory_order_release);
    return true;
  }
  std::atomic<uint32_t> &header(uint64_t at) {
    return *reinterpret_cast<std::atomic<uint32_t> *>(data_ + at % size_);
  }
  std::atomic<uint64_t> &producer() { return producer_; }
  std::atomic<uint64_t> &consumer() { return consumer_; }

private:
  template <typename T> static T *page(Map &ring, uint64_t index) {
    return static_cast<T *>(kbpf_object_page(&ring, index));
  }
  std::atomic<uint64_t> &consumer_, &producer_;
  char *data_;
  uint64_t size_;
};

class UserRing : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    fd_ = make_map(kUserRing, 0, 0, kPage);
    ASSERT_GE(fd_, 0);
    map_ = Ref<Map>::adopt(static_cast<Map *>(hostport::object_of(static_cast<int>(fd_))));
  }
  void TearDown() override {
    map_.reset();
    KernelTest::TearDown();
  }
  // What drain gives, joined by blanks, and its result: the count or a negative errno. Stops behind stop_at.
  int64_t drain(uint64_t flags = 0, std::string_view stop_at = {}) {
    struct Taken {
      std::string &text;
      std::string_view stop_at;
    } taken{text_, stop_at};
    text_.clear();
    ReadSection section;
    Result<uint64_t> count = static_cast<maps::UserRingBufferMap &>(*map_).drain(
        [](void *user, std::byte *sample, uint32_t bytes) {
          auto &taken = *static_cast<Taken *>(user);
          const std::string_view text(reinterpret_cast<const char *>(sample), bytes);
          taken.text.append(text).push_back(' ');
          return taken.stop_at.empty() || text != taken.stop_at;
        },
        &taken, flags);
    return count.ok() ? static_cast<int64_t>(*count) : -to_errno(count.error());
  }
  uint32_t events(uint32_t *generation = nullptr) { return kbpf_object_poll(map_.get(), generation); }

  int64_t fd_ = -1;
  Ref<Map> map_;
  std::string text_;
};

TEST_F(UserRing, SamplesComeOutAsTheyWentIn) {
  Writer writer(*map_);
  EXPECT_EQ(drain(), 0);
  EXPECT_TRUE(writer.write("one") && writer.write("") && writer.write("gone", kDiscardBit) &&
              writer.write("a longer one"));
  EXPECT_EQ(drain(), 3);
  EXPECT_EQ(text_, "one  a longer one ");
  EXPECT_EQ(writer.consumer(), writer.producer());
  for (int i = 0; i < 2000; i++) { // round and round
    const std::string text(i % 60, static_cast<char>('a' + i % 26));
    EXPECT_TRUE(writer.write(text));
    EXPECT_EQ(drain(), 1);
    EXPECT_EQ(text_, text + " ");
  }
}

TEST_F(UserRing, AProgramMayStop) {
  Writer writer(*map_);
  for (const char *text : {"a", "b", "c"})
    EXPECT_TRUE(writer.write(text));
  EXPECT_EQ(drain(0, "b"), 2);
  EXPECT_EQ(text_, "a b ");
  EXPECT_EQ(drain(), 1);
  EXPECT_EQ(text_, "c ");
}

TEST_F(UserRing, ASampleThatIsStillWrittenEndsTheDrain) {
  Writer writer(*map_);
  EXPECT_TRUE(writer.write("whole") && writer.write("half", kBusyBit) && writer.write("later"));
  EXPECT_EQ(drain(), 1);
  EXPECT_EQ(text_, "whole ");
  writer.header(16).store(4, std::memory_order_release);
  EXPECT_EQ(drain(), 2);
  EXPECT_EQ(text_, "half later ");
}

TEST_F(UserRing, NonsenseIsRefused) {
  Writer writer(*map_);
  writer.producer() = 12; // no multiple of 8
  EXPECT_EQ(drain(), -EINVAL);
  writer.producer() = 16;
  writer.header(0) = 100; // reaches beyond what was produced
  EXPECT_EQ(drain(), -EINVAL);
  writer.producer() = uint64_t{1} << 40;
  writer.header(0) = kPage; // beyond the ring
  EXPECT_EQ(drain(), -E2BIG);
  writer.header(0) = 0x3fffffff;
  EXPECT_EQ(drain(), -E2BIG);
  writer.header(0) = 8;
  const int64_t count = drain(0, "12345678"); // old bytes again and again: bounded
  EXPECT_TRUE(count == -EINVAL || count == -E2BIG || count > 0) << count;
  writer.producer() = 0; // behind the consumer
  EXPECT_EQ(drain(), 0);
}

TEST_F(UserRing, ProcessesMapWhatIsTheirs) {
  kbpf_object *ring = map_.get();
  EXPECT_EQ(kbpf_object_map(ring, 0, kPage, 1), -EPERM); // the consumer's page
  EXPECT_EQ(kbpf_object_map(ring, 0, kPage, 0), 0);
  EXPECT_EQ(kbpf_object_map(ring, kPage, 3 * kPage, 1), 0); // the producer's, and the data twice
  EXPECT_EQ(kbpf_object_map(ring, kPage, 4 * kPage, 1), -EINVAL);
  EXPECT_NE(kbpf_object_page(ring, 3), nullptr);
  EXPECT_EQ(kbpf_object_page(ring, 4), nullptr);
  kbpf_object_unmap(ring, 0, kPage, 0);
  kbpf_object_unmap(ring, kPage, 3 * kPage, 1);
  uint32_t key = 0;
  uint64_t value = 0;
  EXPECT_LT(lookup(fd_, &key, &value), 0);
  EXPECT_LT(update(fd_, &key, &value), 0);
  EXPECT_EQ(make_map(kUserRing, 0, 0, kPage + 1), -EINVAL);
  EXPECT_EQ(make_map(kUserRing, 4, 0, kPage), -EINVAL);
}

TEST_F(UserRing, TellsItsWritersOfRoom) {
  constexpr uint32_t kWritable = 0x104;
  Writer writer(*map_);
  EXPECT_EQ(events(), kWritable);
  const std::string half(kPage / 2 - 8, 'x');
  EXPECT_TRUE(writer.write(half) && writer.write(half));
  EXPECT_FALSE(writer.write(""));
  EXPECT_EQ(events(), 0u);
  uint32_t before, after;
  events(&before);
  EXPECT_EQ(drain(kNoWakeup), 2);
  EXPECT_EQ(events(&after), kWritable);
  EXPECT_EQ(before, after);
  EXPECT_EQ(drain(kForceWakeup), 0);
  events(&after);
  EXPECT_NE(before, after);
  before = after;
  EXPECT_TRUE(writer.write("x"));
  EXPECT_EQ(drain(), 1);
  events(&after);
  EXPECT_NE(before, after);
}

// A program adds up what its function finds in the samples.
TEST_F(UserRing, AProgramDrainsIt) {
  const std::vector<Insn> code = assemble(
      {store_imm(KBPF_SIZE_DW, R10, -8, 0), ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, fd_, 0),
       ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 8, 0), mov64_reg(R3, R10), add64_imm(R3, -8), mov64_imm(R4, 0),
       call_helper(209), jump_imm(KBPF_JMP_JSLT, R0, 0, 1), load(KBPF_SIZE_DW, R0, R10, -8), exit_insn(),
       // the function: *r2 += a word of the sample
       mov64_reg(R6, R2), mov64_imm(R2, 0), mov64_imm(R3, 8), call_helper(203),
       jump_imm(KBPF_JMP_JEQ, R0, 0, 4), load(KBPF_SIZE_DW, R1, R0, 0), load(KBPF_SIZE_DW, R2, R6, 0),
       add64_reg(R2, R1), store_reg(KBPF_SIZE_DW, R6, 0, R2), mov64_imm(R0, 0), exit_insn()});
  std::vector<char> log(4096);
  kbpf_attr_prog_load attr{};
  attr.prog_type = kClassifier;
  attr.insns = address(code.data());
  attr.insn_cnt = static_cast<uint32_t>(code.size());
  attr.license = address("GPL");
  attr.log_buf = address(log.data());
  attr.log_size = static_cast<uint32_t>(log.size());
  attr.log_level = 1;
  const int64_t program = bpf(PROG_LOAD, attr);
  ASSERT_GE(program, 0) << log.data();
  Writer writer(*map_);
  for (uint64_t number : {5u, 7u, 30u})
    EXPECT_TRUE(writer.write({reinterpret_cast<const char *>(&number), sizeof(number)}));
  std::array<uint8_t, 64> packet{};
  kbpf_attr_prog_test_run run{};
  run.prog_fd = static_cast<uint32_t>(program);
  run.data_in = address(packet.data());
  run.data_size_in = packet.size();
  EXPECT_EQ(bpf(PROG_TEST_RUN, run), 0);
  EXPECT_EQ(run.retval, 42u);
  EXPECT_EQ(drain(), 0);
}

// A process writes while programs drain on two CPUs: each sample comes once, in order, and one of two programs at a
// time is told that the ring is busy.
TEST_F(UserRing, NothingIsLostOrTornUnderLoad) {
  constexpr uint32_t kSamples = 20000;
  hostport::set_cpu_count(3);
  std::atomic<uint32_t> seen{0}, wrong{0};
  struct Order {
    std::atomic<uint32_t> &seen, &wrong;
  } order{seen, wrong};
  std::vector<std::thread> readers;
  for (uint32_t cpu = 0; cpu < 2; cpu++)
    readers.emplace_back([&, cpu] {
      hostport::BoundCpu bound(cpu);
      while (seen < kSamples && !wrong) {
        {
          ReadSection section;
          Result<uint64_t> count = static_cast<maps::UserRingBufferMap &>(*map_).drain(
              [](void *user, std::byte *sample, uint32_t bytes) {
                auto &order = *static_cast<Order *>(user);
                uint32_t words[16] = {};
                memcpy(words, sample, std::min<size_t>(bytes, sizeof(words)));
                const uint32_t number = order.seen.load();
                order.wrong += bytes != 4 * (1 + number % 9);
                for (uint32_t i = 0; i < 1 + number % 9; i++)
                  order.wrong += words[i] != number;
                order.seen.store(number + 1);
                return true;
              },
              &order, 0);
          wrong += !count.ok() && count.error() != Error::busy;
        }
        std::this_thread::yield();
      }
    });
  Writer writer(*map_);
  for (uint32_t i = 0; i < kSamples && !wrong;) {
    uint32_t words[9];
    std::fill(std::begin(words), std::end(words), i);
    if (writer.write({reinterpret_cast<const char *>(words), 4 * (1 + i % 9)}))
      i++;
    else
      std::this_thread::yield();
  }
  for (std::thread &reader : readers)
    reader.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(seen, kSamples);
}

} // namespace
} // namespace kbpf::test
