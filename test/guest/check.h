/* SPDX-License-Identifier: MIT OR Apache-2.0
 * For the guest's test programs: a case is a function; CHECK ends it at the first thing that does not hold,
 * and says what and why. main() gives a table of cases to run_cases(), whose result is the exit status. */
#ifndef KBPF_TEST_CHECK_H
#define KBPF_TEST_CHECK_H
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct test_case {
  const char *name;
  int (*run)(void); /* 0: it holds */
};

#define CHECK(condition)                                                                                     \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      printf("%s:%d: %s (errno %d: %s)\n", __FILE__, __LINE__, #condition, errno, strerror(errno));          \
      return 1;                                                                                              \
    }                                                                                                        \
  } while (0)
#define CHECK_FAILS(call, expected) CHECK((call) == -1 && errno == (expected))

static inline int run_cases(const char *topic, const struct test_case *cases, size_t count) {
  int failed = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (size_t i = 0; i < count; i++) {
    errno = 0;
    int result = cases[i].run();
    printf("%s %s\n", result ? "not ok" : "ok", cases[i].name);
    failed += result != 0;
  }
  printf("%s: %d failed\n", topic, failed);
  return failed != 0;
}
#define RUN_CASES(topic, cases) run_cases(topic, cases, sizeof(cases) / sizeof(cases[0]))
#endif
