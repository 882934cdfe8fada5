"""C as text: tokens with their places, and the units (functions, macros, tables) that can be mutated."""

import re

TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<directive>^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
  | (?P<number>\.?[0-9](?:[eEpP][+-]|[\w.])*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark>\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^\s\\])
    """,
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
MACRO = re.compile(r"[ \t]*#\s*define\s+(\w+)\([^)]*\)")
PRAGMA = re.compile(r"[ \t]*#\s*pragma\s+omp\b")
OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = {")": "(", "]": "[", "}": "{"}

# What is inside the parentheses of these is no arithmetic of the algorithm: messages, assertions, layout.
NOT_MUTATED = {"assay_fail", "static_assert", "_Static_assert", "__attribute__", "_Alignas", "sizeof", "snprintf"}
# A condition that leads to one of these is true only when memory runs out.
NO_MEMORY = {"ASSAY_NO_MEMORY"}


class Token:
    """One token: what it is, its text, where it begins and ends in the file."""

    __slots__ = ("kind", "text", "start", "end")

    def __init__(self, kind, text, start):
        self.kind, self.text, self.start, self.end = kind, text, start, start + len(text)

    def __repr__(self):
        return f"{self.kind}:{self.text}"


def tokens_of(text, start=0, end=None):
    """All tokens but comments."""
    found = TOKEN.finditer(text, start, len(text) if end is None else end)
    return [Token(m.lastgroup, m.group(), m.start()) for m in found if m.lastgroup != "comment"]


class Unit:
    """A function's body, a macro's body, the initialiser of a table, or a directive of OpenMP in a function."""

    def __init__(self, kind, name, file, tokens):
        self.kind, self.name, self.file, self.tokens = kind, name, file, tokens
        self.partner = match_brackets(tokens)
        self.skipped = find_skipped(tokens, self.partner)
        self.text = " ".join(t.text for t in tokens)

    def closing(self, index):
        """The index of the bracket that closes the one at index; None if it is not in this unit."""
        return self.partner.get(index)


def match_brackets(tokens):
    partner, open_ones = {}, []
    for i, token in enumerate(tokens):
        if token.text in OPENING:
            open_ones.append(i)
        elif token.text in CLOSING and open_ones and tokens[open_ones[-1]].text == CLOSING[token.text]:
            begin = open_ones.pop()
            partner[begin], partner[i] = i, begin
    return partner


def statement_end(tokens, partner, index):
    """The index of the last token of the statement that begins at index."""
    while index < len(tokens):
        text = tokens[index].text
        if text == ";":
            return index
        if text in OPENING and index in partner:
            index = partner[index]
            if text == "{":
                return index
        index += 1
    return len(tokens) - 1


def find_skipped(tokens, partner):
    """The indices of tokens that no operator may touch."""
    skipped = set()
    for i, token in enumerate(tokens):
        opens = i + 1 < len(tokens) and tokens[i + 1].text == "(" and i + 1 in partner
        if token.kind in ("string", "directive"):
            skipped.add(i)
        elif opens and token.text in NOT_MUTATED:
            skipped.update(range(i, partner[i + 1] + 1))
        elif opens and token.text == "if":
            end = statement_end(tokens, partner, partner[i + 1] + 1)
            body = {t.text for t in tokens[partner[i + 1] + 1 : end + 1]}
            condition = [t.text for t in tokens[i + 2 : partner[i + 1]]]
            if body & NO_MEMORY or ("NULL" in body and "return" in body and condition[:1] == ["!"]):
                skipped.update(range(i, end + 1))
    return skipped


def macro_units(text, directive):
    """The body of a macro with parameters."""
    m = MACRO.match(directive.text)
    if not m:
        return []
    tokens = tokens_of(text, directive.start + m.end(), directive.end)
    return [Unit("macro", m.group(1), text, tokens)] if tokens else []


def head_name(head):
    """The name of the function whose head this is."""
    for i in range(1, len(head)):
        if head[i].text == "(" and head[i - 1].kind == "name" and head[i - 1].text not in NOT_MUTATED:
            return head[i - 1].text
    return ""


def classify(head):
    """What begins with these tokens and a brace: function, table (with an initialiser), or nothing to mutate."""
    texts = [t.text for t in head]
    if "=" in texts or "enum" in texts:
        return "table"
    if texts and texts[-1] == ")" and head_name(head):
        return "function"
    return None


def units_of(text):
    """The units of a file, in order."""
    units, head = [], []
    tokens = tokens_of(text)
    partner = match_brackets(tokens)
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if token.kind == "directive":
            units += macro_units(text, token)
            i += 1
            continue
        if token.text == "{" and i in partner:
            kind, end = classify(head), partner[i]
            body = tokens[i : end + 1]
            if kind:
                name = head_name(head) if kind == "function" else table_name(head, body)
                units.append(Unit(kind, name, text, body))
            for inner in body:
                if inner.kind == "directive":
                    units += macro_units(text, inner)
            i = end + 1
            if kind != "table":
                head = []
            continue
        if token.text == ";":
            texts = [t.text for t in head]
            values = head[texts.index("=") :] if "=" in texts and "typedef" not in texts else []
            if any(t.kind == "number" for t in values):
                units.append(Unit("table", table_name(head, head), text, values))
            head = []
        else:
            head.append(token)
        i += 1
    return units


def table_name(head, body):
    names = [t.text for t in head if t.kind == "name"]
    for i, token in enumerate(head):
        if token.text == "=" or token.text == "[":
            before = [t.text for t in head[:i] if t.kind == "name"]
            return before[-1] if before else ""
    if "enum" in names:
        inner = [t.text for t in body if t.kind == "name"]
        return inner[0] if inner else "enum"
    return names[-1] if names else ""


def line_of(text, place):
    return text.count("\n", 0, place) + 1
