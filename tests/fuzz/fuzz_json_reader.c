// Our own reader of JSON beside cJSON: what ours accepts, that one reads too; texts as the same.
#include "base/json_reader.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { CJSON_NUMBER_MAX = 60 }; // it cuts longer ones

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *copy = calloc(1, size + 1);
    check(copy != NULL);
    memcpy(copy, data, size);
    struct json_reader reader;
    const char *text = NULL;
    size_t len = 0;
    json_reader_init(&reader, copy, size);
    bool is_text = json_reader_kind(&reader) == JSON_TEXT;
    bool read = is_text ? json_reader_text(&reader, &text, &len) : json_reader_skip(&reader);
    if (read && json_reader_end(&reader) && size <= CJSON_NUMBER_MAX) {
        cJSON *theirs = cJSON_ParseWithLength((const char *)data, size);
        check(theirs != NULL && cJSON_IsString(theirs) == is_text);
        check(!is_text || reader.has_nul || strcmp(text, theirs->valuestring) == 0);
        cJSON_Delete(theirs);
    }
    free(copy);
    return 0;
}
