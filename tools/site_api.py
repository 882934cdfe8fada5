"""Pages of the public headers, from Doxygen's XML: one for each, in the order of the header."""

import html
import re
import xml.etree.ElementTree as ElementTree

PLAIN = {"bold": "strong", "emphasis": "em", "computeroutput": "code", "itemizedlist": "ul", "orderedlist": "ol",
         "listitem": "li", "superscript": "sup", "subscript": "sub"}
NOTHING = {"linebreak": "<br>", "sp": " ", "ndash": "–", "mdash": "—", "nonbreakablespace": " "}


class Api:
    def __init__(self, folder):
        self.folder = folder
        self.headers = {}  # file name: its compound
        self.structures = {}  # refid: compound
        self.places = {}  # refid: "header.html#anchor"
        self.names = {}  # identifier: the same, for prototypes
        for entry in ElementTree.parse(folder / "index.xml").getroot():
            if entry.get("kind") not in ("file", "struct", "union", "page"):
                continue
            compound = ElementTree.parse(folder / (entry.get("refid") + ".xml")).getroot()[0]
            if entry.get("kind") == "file" and compound.findtext("compoundname").endswith(".h"):
                self.headers[compound.findtext("compoundname")] = compound
            elif entry.get("kind") in ("struct", "union"):
                self.structures[entry.get("refid")] = compound
            elif entry.get("refid") == "indexpage":
                self.front = compound
        for name, compound in sorted(self.headers.items()):
            self.places[compound.get("id")] = name[:-2] + ".html"
            for member in compound.iter("memberdef"):
                self.enter(name, member.get("id"), anchor_of(member))
                for value in member.iter("enumvalue"):
                    self.enter(name, value.get("id"), value.findtext("name"), anchor_of(member, value))
            for inner in compound.findall("innerclass"):
                self.enter(name, inner.get("refid"), inner.text)
                for member in self.structures[inner.get("refid")].iter("memberdef"):
                    self.places[member.get("id")] = "%s.html#%s" % (name[:-2], inner.text)

    def enter(self, header, refid, name, anchor=None):
        self.places[refid] = self.names[name] = "%s.html#%s" % (header[:-2], anchor or name)

    # ---- Text ------------------------------------------------------------------------------------------------------

    def inside(self, element):
        out = html.escape(element.text or "", quote=False)
        for child in element:
            out += self.text(child) + html.escape(child.tail or "", quote=False)
        return out

    def text(self, e):
        tag = e.tag
        if tag == "para":
            content = self.inside(e).strip()
            blocks = re.match(r"^<(ul|ol|pre|dl|p)\b", content)
            return content if blocks or not content else "<p>%s</p>" % content
        if tag in PLAIN:
            return "<%s>%s</%s>" % (PLAIN[tag], self.inside(e), PLAIN[tag])
        if tag in NOTHING:
            return NOTHING[tag]
        if tag == "ref":
            place = self.places.get(e.get("refid"))
            return '<a href="%s">%s</a>' % (place, self.inside(e)) if place else self.inside(e)
        if tag == "ulink":
            return '<a href="%s">%s</a>' % (html.escape(e.get("url")), self.inside(e))
        if tag == "verbatim" or tag == "preformatted":
            return "<pre>%s</pre>" % html.escape(e.text or "", quote=False)
        if tag == "programlisting":
            return "<pre>%s</pre>" % "\n".join(self.inside(line) for line in e.iter("codeline"))
        if tag == "highlight":
            return self.inside(e)
        if tag == "simplesect":
            return "<p><strong>%s:</strong></p>%s" % (e.get("kind").capitalize(), self.inside(e))
        if tag in ("sect1", "sect2"):
            return self.inside(e)
        if tag in ("title", "heading"):
            return "<p><strong>%s</strong></p>" % self.inside(e)
        if tag == "anchor":
            return ""
        raise SystemExit("Doxygen's <%s> is not known to tools/site_api.py" % tag)

    def description(self, e):
        parts = [e.find(kind) for kind in ("briefdescription", "detaileddescription")]
        return "".join(self.inside(p).strip() for p in parts if p is not None)

    def code(self, text, own):
        """Text of C, with links to what it names, but for what it declares."""
        def link(found):
            place = self.names.get(found.group()) if found.group() != own else None
            return '<a href="%s">%s</a>' % (place, found.group()) if place else found.group()
        return re.sub(r"\b[A-Za-z_]\w*\b(?!;)", link, html.escape(text, quote=False))

    # ---- What is declared --------------------------------------------------------------------------------------------

    def members(self, compound):
        """Everything that a header declares, in its order: (line, name, element)."""
        out = []
        for member in compound.iter("memberdef"):
            out.append((int(member.find("location").get("line")), member.findtext("name"), member))
        for inner in compound.findall("innerclass"):
            structure = self.structures[inner.get("refid")]
            out.append((int(structure.find("location").get("line")), inner.text, structure))
        # `typedef enum x {...} x;` is one declaration.
        declared = {name for _, name, e in out if e.tag == "compounddef" or e.get("kind") == "enum"}
        return [m for m in sorted(out, key=lambda m: m[:2]) if m[1] not in declared or m[2].get("kind") != "typedef"]

    def prototype(self, e):
        kind = e.get("kind")
        name = e.findtext("name") or e.findtext("compoundname")
        if e.tag == "compounddef":
            lines = ["    %s;" % self.field(m) for m in e.iter("memberdef")]
            return "%s %s {\n%s\n}" % (kind, name, "\n".join(lines)) if lines else "%s %s" % (kind, name)
        if kind == "define":
            parameters = [p.findtext("defname") or "" for p in e.findall("param")]
            return "#define %s%s %s" % (name, "(%s)" % ", ".join(parameters) if parameters else "",
                                        short("".join(e.find("initializer").itertext()) if e.find("initializer") is not None else ""))
        if kind == "enum":
            values = ["    %s%s" % (v.findtext("name"), " " + v.findtext("initializer") if v.findtext("initializer") else "")
                      for v in e.findall("enumvalue")]
            return "enum%s {\n%s\n}" % ("" if name.startswith("@") or not name else " " + name, ",\n".join(values))
        return e.findtext("definition") + (e.findtext("argsstring") or "")

    @staticmethod
    def field(member):
        kind = "".join(member.find("type").itertext())
        return "%s%s%s%s" % (kind, "" if kind.endswith(("*", "(*")) else " ", member.findtext("name"), member.findtext("argsstring") or "")

    def parts(self, e):
        """Fields of a structure and values of an enumeration, with what is said of each."""
        rows = [(m.findtext("name"), self.description(m)) for m in e.iter("memberdef")] if e.tag == "compounddef" else \
               [(v.findtext("name"), self.description(v)) for v in e.findall("enumvalue")]
        if not any(said for _, said in rows):
            return ""
        return "<dl>%s</dl>" % "".join(
            '<dt%s><code>%s</code></dt><dd>%s</dd>' % ('' if e.tag == "compounddef" else ' id="%s"' % name, name, said)
            for name, said in rows)

    def page(self, header):
        """Title, first sentence, and the page's content."""
        compound = self.headers[header]
        brief = self.inside(compound.find("briefdescription")).strip()
        out = '<h1>%s</h1>\n<div class="lead">%s</div>\n' % (header, brief)
        out += "<pre>#include &lt;assay/%s&gt;</pre>\n" % header
        out += self.inside(compound.find("detaileddescription"))
        members = self.members(compound)
        functions = [name for _, name, e in members if e.get("kind") == "function"]
        if functions:
            out += '<p class="hint">Functions: %s</p>\n' % ", ".join(
                '<a href="#%s"><code>%s</code></a>' % (f, f) for f in functions)
        for _, name, e in members:
            out += '<section class="declared" id="%s">\n<pre>%s</pre>\n%s%s</section>\n' % (
                anchor_of(e), self.code(self.prototype(e), name), self.description(e), self.parts(e))
        return header, re.sub(r"<[^>]*>", "", brief), out

    def index(self):
        out = "<h1>The public headers</h1>\n" + self.inside(self.front.find("detaileddescription"))
        rows = "".join('<tr><td data-label="Header"><a href="%s.html"><code>%s</code></a></td><td data-label="For">%s</td></tr>\n'
                       % (h[:-2], h, re.sub(r"</?p>", "", self.inside(c.find("briefdescription")))) for h, c in sorted(self.headers.items()))
        return out + '<div class="scroll"><table><thead><tr><th>Header</th><th>For</th></tr></thead><tbody>\n%s</tbody></table></div>' % rows


def anchor_of(e, value=None):
    """The id of what is declared, or of a value of it that has words of its own. An enumeration without a name has that of
    its first value."""
    if value is not None and any("".join(d.itertext()).strip() for d in value if d.tag.endswith("description")):
        return value.findtext("name")
    name = e.findtext("name") or e.findtext("compoundname") or ""
    return e.find("enumvalue").findtext("name") + "_" if not name or name.startswith("@") else name


def short(text):
    """The text of a macro, unless it is long: how it is done is not what is promised."""
    return text if "\n" not in text and len(text) < 60 else "..."
