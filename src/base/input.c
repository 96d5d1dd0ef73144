#include "base/input.h"

#include <stdlib.h>
#include <string.h>

static int compare_path(const void *left, const void *right)
{
    return strcmp(((const struct input *)left)->path, ((const struct input *)right)->path);
}

void input_sort(struct input *inputs, size_t count)
{
    if (count > 1) {
        qsort(inputs, count, sizeof inputs[0], compare_path);
    }
}
