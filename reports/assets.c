/* The files of reports/assets/ as data of the program. The assembler reads them from the folder that make runs in. */
#include "reports/assets.h"

#define EMBED(SYMBOL, FILE)                                                                                            \
    __asm__(".pushsection .rodata\n"                                                                                   \
            ".global " #SYMBOL "\n" #SYMBOL ":\n"                                                                      \
            ".incbin \"" FILE "\"\n"                                                                                   \
            ".L" #SYMBOL "_end:\n"                                                                                     \
            ".byte 0\n"                                                                                                \
            ".balign 8\n"                                                                                              \
            ".global " #SYMBOL "_length\n" #SYMBOL "_length:\n"                                                        \
            ".quad .L" #SYMBOL "_end - " #SYMBOL "\n"                                                                  \
            ".popsection\n")

_Static_assert(sizeof(size_t) == 8, ".quad above is a size_t");

EMBED(report_page_css, "reports/assets/page.css");
EMBED(report_page_js, "reports/assets/page.js");
EMBED(report_watch_js, "reports/assets/watch.js");
