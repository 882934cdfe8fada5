#include "assay/status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char detail[512];

const char *assay_status_name(assay_status status)
{
    switch (status) {
    case ASSAY_OK: return "ok";
    case ASSAY_INVALID_ARGUMENT: return "invalid argument";
    case ASSAY_OUT_OF_RANGE: return "out of range";
    case ASSAY_NO_MEMORY: return "no memory";
    case ASSAY_IO: return "input/output error";
    case ASSAY_BAD_DATA: return "bad data";
    case ASSAY_MISMATCH: return "mismatch";
    case ASSAY_NOT_CONVERGED: return "not converged";
    case ASSAY_UNSUPPORTED: return "unsupported";
    case ASSAY_INTERRUPTED: return "interrupted";
    case ASSAY_SINGULAR: return "singular";
    }
    return "unknown status";
}

const char *assay_error(void)
{
    return detail;
}

assay_status assay_fail(assay_status status, const char *format, ...)
{
    /* By way of a second buffer, so that the previous message may be an argument of the new one. */
    char text[sizeof detail];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* A message may quote a file, and is printed on terminals: control characters would act there. */
    for (unsigned char *c = (unsigned char *)text; *c; c++)
        *c = *c < ' ' || *c == 0x7f ? '?' : *c;
    snprintf(detail, sizeof detail, "%s", text);
    return status;
}
