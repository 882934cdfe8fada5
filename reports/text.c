/* Text under construction: buffer and escapes. */
#include "reports/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

void report_text_free(report_text *t)
{
    free(t->data);
    *t = (report_text){0};
}

static bool reserve(report_text *t, size_t more)
{
    if (t->failed || more >= SIZE_MAX / 2 - t->length) {
        t->failed = true;
        return false;
    }
    size_t needed = t->length + more + 1;
    if (needed <= t->capacity)
        return true;
    size_t capacity = t->capacity ? t->capacity : 4096;
    while (capacity < needed)
        capacity *= 2;
    char *data = realloc(t->data, capacity);
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->capacity = capacity;
    return true;
}

void report_text_bytes(report_text *t, const char *bytes, size_t count)
{
    if (!reserve(t, count))
        return;
    memcpy(t->data + t->length, bytes, count);
    t->length += count;
    t->data[t->length] = '\0';
}

void report_text_add(report_text *t, const char *s)
{
    report_text_bytes(t, s, strlen(s));
}

void report_text_format(report_text *t, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        t->failed = true;
    else if (reserve(t, (size_t)length)) {
        vsnprintf(t->data + t->length, (size_t)length + 1, format, again);
        t->length += (size_t)length;
    }
    va_end(again);
}

void report_text_html(report_text *t, const char *s)
{
    for (; *s; s++) {
        switch (*s) {
        case '&': report_text_add(t, "&amp;"); break;
        case '<': report_text_add(t, "&lt;"); break;
        case '>': report_text_add(t, "&gt;"); break;
        case '"': report_text_add(t, "&quot;"); break;
        case '\'': report_text_add(t, "&#39;"); break;
        default: report_text_bytes(t, s, 1);
        }
    }
}

void report_text_xml(report_text *t, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '\n' || c == '\t' || c == '\r') {
            report_text_format(t, "&#%u;", c); /* attributes would turn them into blanks */
        } else if (c < 0x20) {
            report_text_add(t, replacement); /* XML 1.0 has no way to say it */
        } else if (strncmp(s, "\xEF\xBF\xBE", 3) == 0 || strncmp(s, "\xEF\xBF\xBF", 3) == 0) {
            report_text_add(t, replacement); /* U+FFFE and U+FFFF neither */
            s += 2;
        } else if (strchr("&<>\"'", c)) {
            char one[2] = {(char)c, '\0'};
            report_text_html(t, one);
        } else {
            report_text_bytes(t, s, 1);
        }
    }
}

void report_text_markdown(report_text *t, const char *s)
{
    for (; *s; s++) {
        if (strchr("\\`*_[]|~#$", *s)) {
            report_text_bytes(t, "\\", 1);
            report_text_bytes(t, s, 1);
        } else if (strchr("&<>", *s)) {
            char one[2] = {*s, '\0'};
            report_text_html(t, one);
        } else if ((unsigned char)*s < 0x20) {
            report_text_bytes(t, " ", 1);
        } else {
            report_text_bytes(t, s, 1);
        }
    }
}

void report_text_markdown_code(report_text *t, const char *s)
{
    size_t longest = 0, run = 0;
    for (const char *p = s; *p; p++) {
        run = *p == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    for (size_t i = 0; i <= longest; i++)
        report_text_add(t, "`");
    report_text_add(t, longest ? " " : "");
    for (; *s; s++) {
        if (*s == '|')
            report_text_add(t, "\\|"); /* tables are split into cells before code spans are seen */
        else
            report_text_bytes(t, (unsigned char)*s < 0x20 ? " " : s, 1);
    }
    report_text_add(t, longest ? " " : "");
    for (size_t i = 0; i <= longest; i++)
        report_text_add(t, "`");
}

/* U+2028 and U+2029 end a line in older JavaScript. */
static bool is_line_separator(const char *s)
{
    return strncmp(s, "\xE2\x80\xA8", 3) == 0 || strncmp(s, "\xE2\x80\xA9", 3) == 0;
}

void report_text_json(report_text *t, const char *s)
{
    report_text_add(t, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x20 || c == 0x7f || strchr("\"\\<>&'", c)) {
            report_text_format(t, "\\u%04x", c);
        } else if (is_line_separator(s)) {
            report_text_format(t, "\\u%04x", s[2] == '\xA8' ? 0x2028 : 0x2029);
            s += 2;
        } else {
            report_text_bytes(t, s, 1);
        }
    }
    report_text_add(t, "\"");
}

void report_text_json_number(report_text *t, double x)
{
    if (isfinite(x))
        report_text_format(t, "%.9g", x);
    else
        report_text_add(t, "null");
}

void report_text_script(report_text *t, const char *script, size_t length)
{
    size_t done = 0;
    for (size_t i = 0; i + 1 < length; i++) {
        /* "</script" ends the element, "<!--" changes how its end is found; in strings and regular expressions, the
         * only places where either can stand, a backslash in between says the same. */
        if (script[i] == '<' && (script[i + 1] == '/' || script[i + 1] == '!')) {
            report_text_bytes(t, script + done, i + 1 - done);
            report_text_add(t, "\\");
            done = i + 1;
        }
    }
    report_text_bytes(t, script + done, length - done);
}

/* Length of the valid UTF-8 sequence at @p s; 0 if there is none (RFC 3629: shortest form, no surrogates). */
static size_t sequence_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xC2 && s[0] <= 0xDF   ? 2
                    : s[0] >= 0xE0 && s[0] <= 0xEF ? 3
                    : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                                   : 0;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    bool outside = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF0 && s[1] < 0x90) ||
                   (s[0] == 0xF4 && s[1] > 0x8F);
    return outside ? 0 : length;
}

void report_valid_utf8(char *out, const char *s)
{
    while (*s) {
        size_t length = sequence_length((const unsigned char *)s);
        const char *from = length ? s : replacement;
        size_t count = length ? length : 3;
        memcpy(out, from, count);
        out += count;
        s += length ? length : 1;
    }
    *out = '\0';
}
