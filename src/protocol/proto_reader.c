#include "protocol/proto_reader.h"

enum { VARINT_MAX_BYTES = 10, TAG_MAX_BYTES = 5, LENGTH_MAX_BYTES = 5 };
enum { KIND_BITS = 3, KIND_MASK = 7 };

// With seven bits in each byte, one of the 64 is left for the tenth.
static bool fits_64_bits(size_t at, unsigned char byte)
{
    return at < VARINT_MAX_BYTES - 1 || byte <= 1;
}

static bool read_varint(struct proto_reader *reader, size_t max_bytes, uint64_t *value)
{
    uint64_t number = 0;
    for (size_t i = 0; i < max_bytes && reader->at < reader->end; i++) {
        unsigned char byte = (unsigned char)*reader->at++;
        if (!fits_64_bits(i, byte)) {
            return false;
        }
        number |= (uint64_t)(byte & 0x7fU) << (7 * i);
        if (byte < 0x80) {
            *value = number;
            return true;
        }
    }
    return false;
}

static bool skip(struct proto_reader *reader, size_t count)
{
    bool fits = (size_t)(reader->end - reader->at) >= count;
    reader->at += fits ? count : 0;
    return fits;
}

static void close_text(const struct proto_reader *reader)
{
    if (*reader->text_end != NULL) {
        **reader->text_end = '\0';
        *reader->text_end = NULL;
    }
}

static bool read_text(struct proto_reader *reader, struct proto_field *field)
{
    uint64_t len = 0;
    if (!read_varint(reader, LENGTH_MAX_BYTES, &len)) {
        return false;
    }
    field->text = reader->at;
    field->len = (size_t)len;
    return skip(reader, field->len);
}

static bool read_value(struct proto_reader *reader, struct proto_field *field)
{
    switch (field->kind) {
    case PROTO_VARINT:
        return read_varint(reader, VARINT_MAX_BYTES, &field->value);
    case PROTO_FIXED64:
        return skip(reader, sizeof(uint64_t));
    case PROTO_TEXT:
        return read_text(reader, field);
    case PROTO_FIXED32:
        return skip(reader, sizeof(uint32_t));
    }
    return false;
}

enum proto_status proto_reader_next(struct proto_reader *reader, struct proto_field *field)
{
    if (reader->at == reader->end) {
        return PROTO_END;
    }
    uint64_t tag = 0;
    if (!read_varint(reader, TAG_MAX_BYTES, &tag)) {
        return PROTO_BROKEN;
    }
    close_text(reader);
    field->number = (uint32_t)(tag >> KIND_BITS);
    field->kind = (enum proto_kind)(tag & KIND_MASK);
    return field->number != 0 && read_value(reader, field) ? PROTO_FIELD : PROTO_BROKEN;
}

// Behind the last text of all lies the NUL of the memory itself.
char *proto_reader_take(struct proto_reader *reader, const struct proto_field *field)
{
    *reader->text_end = field->text + field->len;
    return field->text;
}

struct proto_reader proto_reader_within(const struct proto_reader *reader,
                                        const struct proto_field *field)
{
    return (struct proto_reader){
        .at = field->text, .end = field->text + field->len, .text_end = reader->text_end};
}
