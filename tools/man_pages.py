"""Manual pages of the public headers, from what Doxygen writes: one page for each header, assay_NAME.h(3).

    man_pages.py DOXYGENS_FOLDER ASSAY.1 FOLDER

Doxygen names pages by files, which would be memory.h(3), and makes a page of its own for a structure that has pointers
to functions. Here the structures go into the page of their header, the names say whose they are, the synopsis is what a
program writes, and date and version are those of assay(1).
"""

import pathlib
import re
import sys


def section(page, name):
    """The text between .SH "name" and the next .SH, or nothing."""
    found = re.search(r'^\.SH "?%s"?\n(.*?)(?=^\.SH |\Z)' % re.escape(name), page, re.M | re.S)
    return found.group(1) if found else ""


def structure(page, name):
    """What a page of its own says about a structure, as a part of another page."""
    details = re.sub(r"^\.PP\s*\n", "", section(page, "Detailed Description"))
    fields = re.search(r'^\.SS "Data Fields"\n(.*?)(?=^\.SH )', page, re.M | re.S).group(1)
    more = section(page, "Field Documentation")
    more = re.sub(r'^\.SS "(.*)"$', r".TP\n.B \1", more, flags=re.M)
    more = re.sub(r"^\.PP\s*\n", "", more, flags=re.M)
    return '.SS "struct %s"\n.PP\n%s\n.PP\n%s\n%s\n' % (name, details.strip(), fields.strip(), more.strip())


def tidy(text):
    """As man(7) wants it: text that begins with a quote is text, blank lines are paragraphs only between lines of text,
    the font of typewriters is bold, and no paragraph is empty."""
    text = re.sub(r"[ \t]+$", "", text, flags=re.M)
    text = re.sub(r"^'", r"\\&'", text, flags=re.M)
    text = text.replace(r"\fC", r"\fB")
    text = re.sub(r"(?<=[^\n])\n\n+(?=[^.\n])", "\n.PP\n", text)
    text = re.sub(r"\n{2,}", "\n", text)
    text = re.sub(r"^(\.S[SH] .*\n)(\.(PP|br)\n)+", r"\1", text, flags=re.M)
    text = re.sub(r"^(\.br\n)+(?=\.(br|PP)\n)", "", text, flags=re.M)
    return re.sub(r"^(\.PP\n)+(?=\.(PP|SS|SH|TP|RE|in)\b)|^\.PP\n\.br\n", "", text, flags=re.M)


def manual_page(source, folder, heading):
    page = source.read_text()
    header = source.stem  # readers.h
    title = "assay_" + header
    brief = re.search(r"^\S+ \\- (.*)$", section(page, "NAME"), re.M)
    if not brief:
        sys.exit("%s: there is no @file with a brief description" % header)
    words = re.sub(r"\\&", "", brief.group(1)).strip().rstrip(".")
    start = page.index("\n.SS ", page.index(".SH SYNOPSIS"))
    body = page[start:page.index('.SH "Author"')]
    body = re.sub(r'^\.SH "((?:struct|union) [^"]*)"$', r'.SS "\1"', body, flags=re.M)
    apart = ""
    for name in re.findall(r'^\.RI "struct \\fB(\w+)\\fP"$', body, re.M):
        own = folder / (name + ".3")
        if own.exists():
            apart += structure(own.read_text(), name)
    if apart:
        if '.SH "Data Structure Documentation"' not in body:
            apart = '.SH "Data Structure Documentation"\n.PP\n' + apart
            at = re.search(r'^\.SH "(?!Detailed)', body, re.M)
            at = at.start() if at else len(body)
        else:
            at = body.index('.SH "Data Structure Documentation"')
            at = re.compile(r"^\.SH ", re.M).search(body, at + 1)
            at = at.start() if at else len(body)
        body = body[:at] + apart + body[at:]
    summary, documentation = re.split(r'^(?=\.SH "Detailed Description")', body, maxsplit=1, flags=re.M)
    details, rest = re.match(r'\.SH "Detailed Description"\n(.*?)(?=^\.SH |\Z)(.*)', documentation, re.M | re.S).groups()
    return tidy(
        '.TH "%s" 3 %s\n' % (title, heading)
        + ".ad l\n.nh\n"
        + ".SH NAME\n%s \\- %s\n" % (title, words)
        + ".SH SYNOPSIS\n.nf\n.B #include <assay/%s>\n.fi\n.PP\n" % header
        + "Compile and link with \\fI$(pkg-config \\-\\-cflags \\-\\-libs %s)\\fP.\n"
        % ("assay\\-harness" if header in ("verify.h", "bench.h") else "assay")
        + ".SH DESCRIPTION\n"
        + details.strip()
        + '\n.SH "WHAT IS DECLARED"'
        + summary.rstrip()
        + "\n"
        + rest.rstrip()
        + '\n.SH "SEE ALSO"\n.BR assay (1)\n'
    )


def main():
    doxygen, assay_1, out = map(pathlib.Path, sys.argv[1:])
    _, date, version = re.match(r'\.TH ASSAY 1 ("([^"]*)" "([^"]*)")', assay_1.read_text()).groups()
    headers = sorted(doxygen.glob("*.h.3"))
    if not headers:
        sys.exit("%s: Doxygen wrote no page of a header" % doxygen)
    for source in headers:
        heading = '"%s" "%s" "Library Functions Manual"' % (date, version)
        (out / ("assay_" + source.name)).write_text(manual_page(source, doxygen, heading))


main()
