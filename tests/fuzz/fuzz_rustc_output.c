// Any line on rustc's stderr, shown in every format.
#include "rustc/rustc_output.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    for (int format = OUTPUT_RAW; format <= OUTPUT_JSON; format++) {
        struct rustc_line line = {0};
        rustc_line_read((const char *)data, size, (enum output_format)format, &line);
        rustc_line_finish(&line);
    }
    return 0;
}
