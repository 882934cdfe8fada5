"""The documents as a site: site.py SOURCE ASSAY DOXYGENS_XML FOLDER [RESULTS.json]

Every docs/*.md, the README, the examples and data/origin.md become pages in the style of the reports; the page of the
algorithms comes from the catalogue (`assay list`), the headlines of the README, the verdicts of docs/claims.md and, if
there are any, the newest results; the pages of the headers from Doxygen; the picture of the layers from the source's
includes. A link that leads to no file of the source, and an algorithm without a headline, are errors. The Markdown is
converted by cmark-gfm.
"""

import html
import json
import os
import pathlib
import posixpath
import re
import shutil
import subprocess
import sys

import layers
import site_api

# The order of the documents that have a place in it; others follow by name.
FIRST = ["adding-an-algorithm", "reading-a-report", "architecture", "oracle", "statistics", "benchmarks", "claims", "campaign"]
ICON = ("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' "
        "r='7' fill='%23a67c1e'/%3E%3C/svg%3E")


def fail(*words):
    sys.exit("site: " + " ".join(str(w) for w in words))


class Site:
    def __init__(self, source, program, xml, out, results):
        self.source, self.program, self.out = source, program, out
        self.api = site_api.Api(xml)
        self.results = {a["algorithm"]: a for a in json.loads(results.read_text())["algorithms"]} if results else {}
        self.pages = {}  # source path: page
        self.titles = {}  # page: title
        self.leads = {}  # page: first paragraph, as HTML
        documents = [p.stem for p in source.glob("docs/*.md")]
        self.documents = [d for d in FIRST if d in documents] + sorted(d for d in documents if d not in FIRST)
        for name in self.documents:
            self.pages["docs/%s.md" % name] = name + ".html"
        self.pages["README.md"] = "index.html"
        self.pages["data/origin.md"] = "data.html"
        for path in sorted(source.glob("examples/**/*.md")):
            name = path.relative_to(source).as_posix()
            self.pages[name] = "examples%s.html" % "".join("-" + part for part in name.split("/")[1:-1])

    # ---- Markdown --------------------------------------------------------------------------------------------------

    def convert(self, name):
        text = (self.source / name).read_text()
        done = subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough"],
                              input=text, capture_output=True, text=True, check=True)
        return self.with_links(self.with_tables(with_anchors(done.stdout)), name)

    @staticmethod
    def with_tables(text):
        """Tables as those of the reports: they scroll by themselves, and on a telephone each row is a card."""
        def table(found):
            heads = [re.sub(r"<[^>]*>", "", h) for h in re.findall(r"<th[^>]*>(.*?)</th>", found.group(), re.S)]

            def row(cells):
                labels = iter(heads)
                return re.sub(r"<td( align=\"\w+\")?>", lambda m: '<td%s data-label="%s">' % (
                    m.group(1) or "", html.escape(html.unescape(next(labels, "")))), cells.group())
            many = " many" if len(heads) > 6 else ""  # columns, for which the page is made wider
            return '<div class="scroll%s">%s</div>' % (many, re.sub(r"<tr>.*?</tr>", row, found.group(), flags=re.S))
        return re.sub(r"<table>.*?</table>", table, text, flags=re.S)

    def with_links(self, text, name):
        def link(found):
            attribute, target = found.group(1), html.unescape(found.group(2))
            return '%s="%s"' % (attribute, html.escape(self.place(target, name)))

        def document(found):  # `docs/statistics.md` in code
            page = self.pages.get(found.group(1))
            return '<a href="%s"><code>%s</code></a>' % (page, found.group(1)) if page else found.group()
        text = re.sub(r'\b(href|src)="([^"]*)"', link, text)
        return re.sub(r"(?<!\">)<code>([\w./-]+\.md)</code>", document, text)

    def place(self, target, name):
        """Where a link of a document leads in the site."""
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            return target
        path, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        anchor = "#" + anchor if anchor else ""
        if path in self.pages:
            return self.pages[path] + anchor
        if path == "include/assay":
            return "api/index.html"
        if path.startswith("include/assay/") and posixpath.basename(path) in self.api.headers:
            return "api/%s.html" % posixpath.basename(path)[:-2]
        if not (self.source / path).is_file():
            fail("%s: the link \"%s\" leads to no file of the source" % (name, target))
        copy = self.out / "files" / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.source / path, copy)
        return "files/" + path

    # ---- Pages -----------------------------------------------------------------------------------------------------

    def write(self, page, title, content, on_page=True):
        up = "../" * page.count("/")
        if on_page:
            content = content.replace("</h1>", "</h1>\n" + contents(content), 1)
        here = lambda name: ' aria-current="page"' if page == name else ""
        navigation = "".join('<a href="%s%s"%s>%s</a>' % (up, to, here(to), words) for to, words in (
            ("algorithms.html", "Algorithms"), ("documents.html", "Documents"), ("api/index.html", "Headers"),
            ("examples.html", "Examples")))
        target = self.out / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="%s">
<link rel="stylesheet" href="%sstyle.css">
<title>%s</title>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="site"><div class="inner"><a class="brand" href="%sindex.html">assay</a><nav aria-label="Site">%s</nav></div></header>
<main id="main" class="text">
%s
</main>
<footer><p>assay %s. <a href="%sindex.html">Front page</a></p></footer>
</body>
</html>
""" % (ICON, up, html.escape(title if title == "assay" else title + " – assay"), up, navigation, content,
       self.version, up))

    def document_pages(self):
        for name, page in self.pages.items():
            content = self.convert(name)
            if "<!-- layers -->" in content:
                content = content.replace("<!-- layers -->", '<figure class="drawing">%s</figure>' % self.drawing())
            title = re.search(r"<h1[^>]*>(.*?)</h1>", content, re.S)
            if not title:
                fail("%s has no heading" % name)
            lead = re.search(r"<p>(.*?)</p>", content, re.S)
            self.titles[page] = html.unescape(re.sub(r"<[^>]*>", "", title.group(1)))
            self.leads[page] = re.sub(r"</?a\b[^>]*>", "", first_sentence(lead.group(1))) if lead else ""
            self.write(page, self.titles[page], content, on_page=name.startswith("docs/"))

    def drawing(self):
        files, edges, places = layers.read(self.source)
        faults = layers.wrong(files, edges, places)
        if faults:
            fail("\n".join(faults))
        return layers.draw(files, edges)

    def documents_page(self):
        def entry(page):
            return '<dt><a href="%s">%s</a></dt><dd>%s</dd>' % (page, html.escape(self.titles[page]), self.leads[page])
        content = "<h1>Documents</h1>\n<dl class=\"entries\">%s</dl>\n" % "".join(
            entry(self.pages["docs/%s.md" % d]) for d in self.documents)
        content += "<dl class=\"entries\">%s</dl>\n" % "".join(
            entry(page) for name, page in self.pages.items() if name.startswith(("data/", "examples/")))
        self.write("documents.html", "Documents", content, on_page=False)

    def api_pages(self):
        for header in sorted(self.api.headers):
            title, _, content = self.api.page(header)
            self.write("api/%s.html" % header[:-2], title, content, on_page=False)
        self.write("api/index.html", "The public headers", self.api.index(), on_page=False)

    # ---- The algorithms ----------------------------------------------------------------------------------------------

    def headlines(self):
        """The headline of each algorithm, as HTML: the README has them."""
        readme = self.convert("README.md")
        section = re.search(r'<h2 id="the-algorithms">.*?<tbody>(.*?)</tbody>', readme, re.S)
        out = {}
        for row in re.findall(r"<tr>(.*?)</tr>", section.group(1) if section else "", re.S):
            cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
            out[re.sub(r"<[^>]*>", "", cells[0])] = (cells[-1], cells[1])
        return out

    def verdicts(self):
        """The verdicts on each algorithm's claims, in words: docs/claims.md has them."""
        path = self.source / "docs/claims.md"
        text = path.read_text().replace("\\_", "_") if path.exists() else ""
        return dict(re.findall(r"^## (\w+)\n.*?(\d+ reproduced, \d+ in part, \d+ not reproduced)", text, re.M | re.S))

    def algorithms_page(self):
        lines = subprocess.run([self.program, "list", "--format", "json"], capture_output=True, text=True, check=True).stdout
        catalogue = [json.loads(line) for line in lines.splitlines()]
        headlines, verdicts = self.headlines(), self.verdicts()
        for a in catalogue:
            if a["algorithm"] not in headlines:
                fail("the table of the README has no line for", a["algorithm"])
            if a["identifier"].startswith("arXiv:") and a["identifier"] not in headlines[a["algorithm"]][1]:
                fail("the README's line for %s does not name %s" % (a["algorithm"], a["identifier"]))
        for name in headlines.keys() - {a["algorithm"] for a in catalogue}:
            fail("the README has a line for %s, which is not in the catalogue" % name)
        content = "<h1>The algorithms</h1>\n<p>%d algorithms of research papers. Headlines are those of one run on one machine, the " \
                  "README says which; your own numbers come from <code>make report</code>.</p>\n" % len(catalogue)
        content += '<div class="scroll"><table><thead><tr><th>Algorithm</th><th>Headline, measured</th></tr></thead><tbody>%s</tbody></table></div>' % "".join(
            '<tr><td data-label="Algorithm"><a href="#%s"><code>%s</code></a></td><td data-label="Headline" class="prose">%s</td></tr>'
            % (a["algorithm"], a["algorithm"], headlines[a["algorithm"]][0]) for a in catalogue)
        content += "".join(self.algorithm(a, headlines[a["algorithm"]][0], verdicts.get(a["algorithm"])) for a in catalogue)
        self.write("algorithms.html", "The algorithms", content, on_page=False)

    def algorithm(self, a, headline, verdicts):
        name, kinds = a["algorithm"], {}
        for check in a["checks"]:
            kinds[check["kind"]] = kinds.get(check["kind"], 0) + 1
        identifier = html.escape(a["identifier"])
        if identifier.startswith("arXiv:"):
            identifier = '<a href="https://arxiv.org/abs/%s">%s</a>' % (identifier[6:], identifier)
        elif identifier.startswith("doi:"):
            identifier = '<a href="https://doi.org/%s">%s</a>' % (identifier[4:], identifier)
        peers = dict.fromkeys(p for w in a["workloads"] for p in w["peers"])
        headers = [h for h in sorted(self.api.headers) if h[:-2] == name or h.startswith(name + "_")]
        rows = [
            ("Paper", "%s, <em>%s</em>, %d, %s" % (html.escape(a["authors"]), html.escape(a["title"]), a["year"], identifier)),
            ("Headers", ", ".join('<a href="api/%s.html"><code>%s</code></a>' % (h[:-2], h) for h in headers)),
            ("CPU levels", ", ".join(i["name"] for i in a["implementations"])),
            ("Checks", ", ".join("%d %s" % (n, plural(k, n)) for k, n in kinds.items())),
            ("Claims", '<a href="claims.html#%s">%s</a>' % (name, verdicts) if verdicts else ""),
            ("Timed", ", ".join(html.escape(w["name"]) for w in a["workloads"])),
            ("Beside", ", ".join(html.escape(p) for p in peers)),
            ("Your data", html.escape(a["data"] or "")),
            ("Newest results", self.newest(name)),
        ]
        return '<section id="%s">\n<h2><code>%s</code></h2>\n<p class="lead">%s</p>\n<p>%s</p>\n<div class="scroll"><table><tbody>%s</tbody></table></div>\n</section>\n' % (
            name, name, html.escape(a["summary"]), headline,
            "".join("<tr><th scope=\"row\">%s</th><td data-label=\"\">%s</td></tr>" % row for row in rows if row[1]))

    def newest(self, name):
        """What the database says, if there is one: verdicts, and the best speedup with as many threads as the reference."""
        a = self.results.get(name)
        if not a:
            return ""
        tally = "%(passed)d checks passed, %(failed)d failed" % a["tally"]
        timings = [t for t in a["timings"] if not t["peer"] and not t["reference"] and t["threads"] == 1 and (t["speedup"] or {}).get("estimate")]
        if not timings:
            return tally
        best = max(timings, key=lambda t: t["speedup"]["estimate"])
        return "%s; at best %.3g times the reference (%s on %s of %d)" % (
            tally, best["speedup"]["estimate"], best["implementation"], html.escape(best["workload"]), best["size"])

    def build(self):
        self.version = re.search(r"^VERSION := (\S+)", (self.source / "Makefile").read_text(), re.M).group(1)
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        style = (self.source / "reports/assets/page.css").read_text() + (self.source / "docs/site.css").read_text()
        (self.out / "style.css").write_text(style)
        self.document_pages()
        self.documents_page()
        self.algorithms_page()
        self.api_pages()


# ---- Text ------------------------------------------------------------------------------------------------------------

def with_anchors(text):
    """Ids of headings as GitHub makes them, so that links between documents work in both places."""
    seen = {}

    def heading(found):
        words = html.unescape(re.sub(r"<[^>]*>", "", found.group(2))).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = seen[slug] = seen.get(slug, -1) + 1
        return '<h%s id="%s">%s</h%s>' % (found.group(1), slug + ("-%d" % count if count else ""), found.group(2), found.group(1))
    return re.sub(r"<h([1-6])>(.*?)</h\1>", heading, text, flags=re.S)


def contents(text):
    """The headings of a page, if there are several."""
    headings = re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', text, re.S)
    if len(headings) < 3:
        return ""
    return '<nav class="contents" aria-label="On this page">%s</nav>' % "".join(
        '<a href="#%s">%s</a>' % (anchor, re.sub(r"</?a\b[^>]*>", "", words)) for anchor, words in headings)


def first_sentence(text):
    found = re.match(r".*?\.(?=\s|$)", text, re.S)
    return found.group() if found else text.rstrip(":")


def plural(kind, n):
    return kind if n == 1 else {"law": "laws", "claim": "claims"}.get(kind, kind + "s")


def main():
    source, program, xml, out = sys.argv[1:5]
    results = pathlib.Path(sys.argv[5]) if len(sys.argv) > 5 else None
    Site(pathlib.Path(source), os.path.abspath(program), pathlib.Path(xml), pathlib.Path(out), results).build()


if __name__ == "__main__":
    main()
