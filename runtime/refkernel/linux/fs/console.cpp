// SPDX-License-Identifier: MIT OR Apache-2.0
// The console as a terminal: a line discipline (canonical lines with echo and erase, or raw), ^C, ^\ and ^Z
// to the foreground group, and the ioctls of termios. Lines end in \n on output, as ONLCR is off at first:
// what a program writes reaches the host unchanged.
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/machine/log.h"
#include <algorithm>

namespace refkernel {

namespace {

struct Termios { // struct termios of the kernel, 36 bytes
  uint32_t input, output, control, local;
  uint8_t line, chars[19];
};
static_assert(sizeof(Termios) == 36);
struct WindowSize {
  uint16_t rows, columns, x_pixels, y_pixels;
};

enum : uint32_t { // termios flags
  kInputNlToCr = 0100,
  kInputIgnoreCr = 0200,
  kInputCrToNl = 0400,
  kOutputProcess = 1,
  kOutputNlToCrNl = 4,
  kLocalSignals = 1,
  kLocalCanonical = 2,
  kLocalEcho = 010,
  kLocalEchoErase = 020,
  kLocalEchoNl = 0100,
  kLocalNoFlush = 0200,
  kLocalEchoControl = 01000,
};
enum : unsigned {
  kCharInterrupt,
  kCharQuit,
  kCharErase,
  kCharKill,
  kCharEof,
  kCharTime,
  kCharMin,
  kCharSuspend = 10,
  kCharEol = 11
};
enum : uint32_t { // ioctls
  kTcGets = 0x5401,
  kTcSets = 0x5402,
  kTcSetsWait = 0x5403,
  kTcSetsFlush = 0x5404,
  kTcSendBreak = 0x5409,
  kTcFlush = 0x540b,
  kTiocSetControlling = 0x540e,
  kTiocGetGroup = 0x540f,
  kTiocSetGroup = 0x5410,
  kTiocOutputQueue = 0x5411,
  kTiocGetWindow = 0x5413,
  kTiocSetWindow = 0x5414,
  kFionRead = 0x541b,
  kTiocNoTty = 0x5422,
  kTiocGetSession = 0x5429,
};

constexpr uint16_t kEndOfFile = 0x100; // in the queue: ^D was typed here

class Console {
public:
  void input(char raw);
  SysResult<size_t> read(IoCursor &to, bool wait);
  SysResult<size_t> write(IoCursor &from);
  SysResult<int64_t> ioctl(uint32_t command, uint64_t argument);
  bool readable() {
    SpinGuard guard(lock_);
    return ready();
  }
  uint32_t generation() const { return generation_.load(); }

private:
  static constexpr uint32_t kQueueSize = 4096;
  bool canonical() const { return termios_.local & kLocalCanonical; }
  bool ready() const { return tail_ != (canonical() ? committed_ : head_); }
  void echo(uint8_t c);
  int signal_of(uint8_t c) const;
  size_t take(char *to, size_t size, bool &line_done);
  void flush() { head_ = tail_ = committed_ = 0; }
  size_t available() const { return (canonical() ? committed_ : head_) - tail_; }

  SpinLock lock_;
  WaitQueue typed_;
  std::atomic<uint32_t> generation_{0};
  uint16_t queue_[kQueueSize] = {};
  uint32_t head_ = 0, tail_ = 0, committed_ = 0; // lines up to committed_ are complete
  uint32_t foreground_ = 0;                      // process group
  Termios termios_ = {kInputCrToNl,
                      kOutputProcess,
                      0277 /* 38400 baud, 8 bits, read */,
                      kLocalSignals | kLocalCanonical | kLocalEcho | kLocalEchoErase | kLocalEchoControl,
                      0,
                      {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22}};
  WindowSize window_ = {24, 80, 0, 0};
};

constinit Console console;

int Console::signal_of(uint8_t c) const {
  if (!(termios_.local & kLocalSignals) || c == 0)
    return 0;
  if (c == termios_.chars[kCharInterrupt])
    return kSigInt;
  if (c == termios_.chars[kCharQuit])
    return kSigQuit;
  return c == termios_.chars[kCharSuspend] ? kSigTstp : 0;
}

void Console::echo(uint8_t c) {
  if (!(termios_.local & kLocalEcho) && !(c == '\n' && (termios_.local & kLocalEchoNl)))
    return;
  if (c < 32 && c != '\n' && c != '\t' && (termios_.local & kLocalEchoControl)) {
    char pair[2] = {'^', static_cast<char>(c + 64)};
    console_write(pair, 2);
  } else {
    console_write(reinterpret_cast<char *>(&c), 1);
  }
}

void Console::input(char raw) {
  int signal = 0;
  uint32_t group = 0;
  {
    SpinGuard guard(lock_);
    auto c = static_cast<uint8_t>(raw);
    if (c == '\r' && (termios_.input & kInputIgnoreCr))
      return;
    if (c == '\r' && (termios_.input & kInputCrToNl))
      c = '\n';
    else if (c == '\n' && (termios_.input & kInputNlToCr))
      c = '\r';
    signal = signal_of(c);
    if (signal) {
      echo(c);
      if (!(termios_.local & kLocalNoFlush))
        flush();
      group = foreground_;
    } else if (canonical() && c && (c == termios_.chars[kCharErase] || c == termios_.chars[kCharKill])) {
      bool whole_line = c == termios_.chars[kCharKill];
      while (head_ != committed_) {
        --head_;
        if ((termios_.local & kLocalEcho) && (termios_.local & kLocalEchoErase))
          console_write("\b \b", 3);
        if (!whole_line)
          break;
      }
    } else if (head_ - tail_ < kQueueSize) {
      bool end_of_file = canonical() && c && c == termios_.chars[kCharEof];
      queue_[head_++ % kQueueSize] = end_of_file ? kEndOfFile : c;
      if (!end_of_file)
        echo(c);
      if (!canonical() || end_of_file || c == '\n' || (c && c == termios_.chars[kCharEol]))
        committed_ = head_;
      if (ready()) {
        generation_.fetch_add(1);
        typed_.wake_all();
      }
    }
  }
  if (signal)
    send_to_group(group, signal);
  notify_pollers();
}

size_t Console::take(char *to, size_t size, bool &line_done) {
  size_t count = 0;
  while (count < size && ready()) {
    uint16_t c = queue_[tail_ % kQueueSize];
    if (canonical() && c == kEndOfFile) { // alone it is an end of file, behind text it ends the read
      ++tail_;
      line_done = true;
      break;
    }
    ++tail_;
    to[count++] = static_cast<char>(c);
    if (canonical() && (c == '\n' || (c && c == termios_.chars[kCharEol]))) {
      line_done = true;
      break;
    }
  }
  return count;
}

SysResult<size_t> Console::read(IoCursor &to, bool wait) {
  if (!to.remaining())
    return size_t{0};
  {
    SpinGuard guard(lock_);
    uint64_t deadline = kNoDeadline;
    bool polls = !canonical() && termios_.chars[kCharMin] == 0; // VMIN 0: VTIME tenths of a second at most
    if (polls)
      deadline = now_ns() + termios_.chars[kCharTime] * (kNanosecondsPerSecond / 10);
    while (!ready()) {
      if (!wait)
        return Errno::eagain;
      WaitResult result = typed_.sleep(lock_, deadline);
      if (result == WaitResult::interrupted)
        return Errno::erestart;
      if (result == WaitResult::timed_out)
        return size_t{0};
    }
  }
  size_t total = 0;
  bool line_done = false;
  while (to.remaining() && !line_done) {
    char chunk[128];
    size_t count;
    {
      SpinGuard guard(lock_);
      count = take(chunk, std::min(sizeof(chunk), to.remaining()), line_done);
    }
    if (!count)
      break;
    KBPF_TRY(to.put(chunk, count));
    total += count;
  }
  return total;
}

SysResult<size_t> Console::write(IoCursor &from) {
  size_t total = 0;
  while (from.remaining()) {
    char chunk[256], cooked[512];
    size_t count = std::min(sizeof(chunk), from.remaining());
    KBPF_TRY(from.take(chunk, count));
    if ((termios_.output & kOutputProcess) && (termios_.output & kOutputNlToCrNl)) {
      size_t size = 0;
      for (size_t i = 0; i < count; ++i) {
        if (chunk[i] == '\n')
          cooked[size++] = '\r';
        cooked[size++] = chunk[i];
      }
      console_write(cooked, size);
    } else {
      console_write(chunk, count);
    }
    total += count;
  }
  return total;
}

SysResult<int64_t> Console::ioctl(uint32_t command, uint64_t argument) {
  Process &process = current_process();
  switch (command) {
  case kTcGets: {
    Termios copy;
    {
      SpinGuard guard(lock_);
      copy = termios_;
    }
    KBPF_TRY(UserPtr<Termios>{argument}.write(copy));
    return 0;
  }
  case kTcSets:
  case kTcSetsWait:
  case kTcSetsFlush: {
    Termios copy = KBPF_TRY(UserPtr<Termios>{argument}.read());
    SpinGuard guard(lock_);
    termios_ = copy;
    if (command == kTcSetsFlush)
      flush();
    if (!canonical())
      committed_ = head_;
    typed_.wake_all();
    return 0;
  }
  case kTcFlush: {
    SpinGuard guard(lock_);
    if (argument != 1) // TCOFLUSH: output is never queued
      flush();
    return 0;
  }
  case kTcSendBreak:
  case kTiocNoTty:
    return 0;
  case kTiocSetControlling: {
    SpinGuard guard(lock_);
    foreground_ = process.pgid;
    return 0;
  }
  case kTiocGetGroup:
    KBPF_TRY(UserPtr<uint32_t>{argument}.write(foreground_ ? foreground_ : process.pgid));
    return 0;
  case kTiocSetGroup: {
    uint32_t group = KBPF_TRY(UserPtr<uint32_t>{argument}.read());
    SpinGuard guard(lock_);
    foreground_ = group;
    return 0;
  }
  case kTiocGetSession:
    KBPF_TRY(UserPtr<uint32_t>{argument}.write(process.sid));
    return 0;
  case kTiocGetWindow:
    KBPF_TRY(UserPtr<WindowSize>{argument}.write(window_));
    return 0;
  case kTiocSetWindow:
    window_ = KBPF_TRY(UserPtr<WindowSize>{argument}.read());
    return 0;
  case kTiocOutputQueue:
    KBPF_TRY(UserPtr<int32_t>{argument}.write(0));
    return 0;
  case kFionRead: {
    size_t count;
    {
      SpinGuard guard(lock_);
      count = available();
    }
    KBPF_TRY(UserPtr<int32_t>{argument}.write(static_cast<int32_t>(count)));
    return 0;
  }
  }
  return Errno::enotty;
}

class ConsoleFile final : public HeapObject<ConsoleFile, File> {
public:
  ConsoleFile(Ref<Inode> inode, uint32_t flags) : HeapObject(std::move(inode), flags) {}
  SysResult<size_t> read(IoCursor &to, uint64_t) override { return console.read(to, !non_blocking()); }
  SysResult<size_t> write(IoCursor &from, uint64_t) override { return console.write(from); }
  uint32_t poll() override {
    return kPollOut | kPollWriteNormal | (console.readable() ? kPollIn | kPollReadNormal : 0);
  }
  uint32_t poll_generation() override { return console.generation(); }
  SysResult<int64_t> ioctl(uint32_t command, uint64_t argument) override {
    return console.ioctl(command, argument);
  }
};

} // namespace

void console_input(char c) { console.input(c); }

SysResult<Ref<File>> open_console(Ref<Inode> inode, uint32_t flags) {
  auto *file = try_make<ConsoleFile>(std::move(inode), flags);
  if (!file)
    return Errno::enomem;
  return Ref<File>::adopt(file);
}

} // namespace refkernel
