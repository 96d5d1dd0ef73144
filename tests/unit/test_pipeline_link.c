// The pipeline table: linked crates that wait at their gates.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sequence.h"

static const struct sequence sequences[] = {
    {"codegen, then link",
     UNLIMITED,
     {"want 1 k A link -> first 1: start 1", "asked 1 -> answer 1 done by 1",
      "want 2 k A link -> taken 1: answer 2 done by 1", "candidate k A -> 1",
      "want 3 k A exit -> joined 1: open 1 for 3", "want 4 k A link -> taken 1: answer 4 done by 1",
      "end 1 good -> answer 3 done by 1, forget 1", "candidate k A -> 0"}},
    {"link before the linker is asked for",
     UNLIMITED,
     {"want 1 k A link -> first 1: start 1",
      "want 2 k A exit -> joined 1: ", "asked 1 -> answer 1 done by 1, open 1 for 2",
      "end 1 unfit -> ordinary 1 for 2", "want 3 k A link -> joined 1: ",
      "end 1 bad -> answer 2 failed by 1, answer 3 failed by 1, forget 1"}},
    {"gates are given up",
     UNLIMITED,
     {"want 1 a A link -> first 1: start 1", "want 2 b A link -> first 2: start 2",
      "want 3 c A link -> first 3: start 3", "asked 1 -> answer 1 done by 1",
      "asked 2 -> answer 2 done by 2", "want 4 b A exit -> joined 2: open 2 for 4",
      "release -> kill 1", "release -> ", "candidate a A -> 0",
      "want 5 a A exit -> first 4: start 4", "end 1 signal -> forget 1",
      "end 2 good -> answer 4 done by 2, forget 2", "asked 3 -> answer 3 done by 3",
      "release -> kill 3"}},
    {"other metadata came meanwhile",
     UNLIMITED,
     {"want 1 k A link -> first 1: start 1", "asked 1 -> answer 1 done by 1",
      "want 2 k A link afresh -> afresh 2: kill 1, start 2", "end 1 signal -> forget 1",
      "asked 2 -> answer 2 done by 2", "want 3 k A exit -> joined 2: open 2 for 3",
      "end 2 good -> answer 3 done by 2, forget 2"}},
};

static void sequences_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sequences); i++) {
        sequence_holds(&sequences[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sequences_hold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
