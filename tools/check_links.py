"""check_links.py FOLDER: whether every link and picture of the pages below FOLDER leads somewhere.

Links within the site must lead to a file, and to an id in it if they have an anchor; others must be well-formed
addresses, which nobody is asked about. Each fault is printed with its page; exit status 1 if there is one.
"""

import collections
import html.parser
import pathlib
import re
import sys
import urllib.parse

ADDRESS = re.compile(r"https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?(/[^\s\"<>]*)?(#[^\s\"<>]*)?$|mailto:\S+@\S+$|data:image/[^\"<>]+$")


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.links = collections.Counter(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.ids[value] += 1
            if name in ("href", "src"):
                self.links.append((self.getpos()[0], value or ""))


def faults_of(folder):
    pages = {path: Page(path.read_text()) for path in sorted(folder.rglob("*.html"))}
    for path, page in pages.items():
        for name, count in page.ids.items():
            if count > 1:
                yield "%s: the id \"%s\" is there %d times" % (path, name, count)
        for line, link in page.links:
            where = "%s:%d: \"%s\"" % (path, line, link)
            address = urllib.parse.urlsplit(link)
            if address.scheme or link.startswith("//"):
                if not ADDRESS.match(link):
                    yield where + " is no well-formed address"
                continue
            target = (path.parent / urllib.parse.unquote(address.path)).resolve() if address.path else path.resolve()
            if folder.resolve() not in target.parents:
                yield where + " leads out of the site"
            elif not target.is_file():
                yield where + " leads to no file"
            elif address.fragment:
                other = next((p for q, p in pages.items() if q.resolve() == target), None)
                if other is None or urllib.parse.unquote(address.fragment) not in other.ids:
                    yield where + " leads to no place in its page"
    if not pages:
        yield "%s: there is no page" % folder


def main():
    folder = pathlib.Path(sys.argv[1])
    faults = list(faults_of(folder))
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
