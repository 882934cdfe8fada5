"""The planted faults: each operator looks at a unit and yields (start, end, replacement) of places in the file."""

import re

from ctext import CLOSING, OPENING, PRAGMA, statement_end

INTEGER = re.compile(r"^(0[xX][0-9a-fA-F]+|[0-9]+)([uUlL]*)$")
FLOATING = re.compile(r"^(0[xX][0-9a-fA-F.]+[pP][+-]?[0-9]+|[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?)([fFlL]?)$")
TYPE = re.compile(r"^(unsigned|signed|long|short|int|char|float|double|bool|void|const|\w+_t|__m\w+|\*)$")
KEYWORDS = {"return", "case", "else", "do", "sizeof", "goto", "in", "if", "while", "for", "switch"}
LARGER_BY = "1.0009765625"  # 1 + 2^-10


def is_operand_end(unit, i):
    """Whether an expression may end at token i, so that what follows is a binary operator."""
    if i < 0:
        return False
    token = unit.tokens[i]
    if token.text == ")" and i in unit.partner:
        inner = unit.tokens[unit.partner[i] + 1 : i]
        before = unit.tokens[unit.partner[i] - 1] if unit.partner[i] > 0 else None
        is_cast = bool(inner) and all(TYPE.match(t.text) for t in inner)
        is_head = before is not None and before.text in ("if", "while", "for", "switch")
        return not is_cast and not is_head
    return token.text == "]" or token.kind == "number" or (token.kind == "name" and token.text not in KEYWORDS)


def is_binary(unit, i):
    follows = i + 1 < len(unit.tokens) and unit.tokens[i + 1].text not in CLOSING
    return follows and is_operand_end(unit, i - 1)


def primary_before(unit, i):
    """The index at which the primary expression begins that ends before token i."""
    k = i - 1
    while k >= 0:
        if unit.tokens[k].text in (")", "]"):
            if k not in unit.partner:
                return None
            k = unit.partner[k]
        elif unit.tokens[k].kind not in ("name", "number") or unit.tokens[k].text in KEYWORDS:
            return None
        if k > 0 and unit.tokens[k - 1].text in ("->", "."):
            k -= 2
        elif k > 0 and unit.tokens[k].text in ("[", "(") and is_operand_end(unit, k - 1):
            k -= 1
        else:
            return k
    return None


def primary_after(unit, i):
    """The index of the last token of the primary expression that begins after token i."""
    k = i + 1
    if k >= len(unit.tokens):
        return None
    if unit.tokens[k].text == "(":
        k = unit.partner.get(k)
        if k is None or not is_operand_end(unit, k) or source(unit, k + 1, k + 1) == "{":
            return None
    elif unit.tokens[k].kind not in ("name", "number") or unit.tokens[k].text in KEYWORDS:
        return None
    while k + 1 < len(unit.tokens):
        following = unit.tokens[k + 1].text
        if following in ("(", "["):
            k = unit.partner.get(k + 1)
            if k is None:
                return None
        elif following in ("->", "."):
            k += 2
        else:
            return k
    return k


def source(unit, first, last):
    """The tokens, with one space between them: to be compared."""
    return " ".join(t.text for t in unit.tokens[first : last + 1])


def written(unit, first, last):
    """The same as it stands in the file, without the line breaks of a macro."""
    text = unit.file[unit.tokens[first].start : unit.tokens[last].end]
    return re.sub(r"\s*\\?\n\s*", " ", text)


def arguments(unit, i):
    """The index ranges of the arguments of the call whose opening parenthesis is token i."""
    end = unit.partner.get(i)
    if end is None:
        return []
    ranges, begin, k = [], i + 1, i + 1
    while k < end:
        if unit.tokens[k].text in OPENING and k in unit.partner:
            k = unit.partner[k]
        elif unit.tokens[k].text == ",":
            ranges.append((begin, k - 1))
            begin = k + 1
        k += 1
    return ranges + [(begin, end - 1)] if end > begin else ranges


def replace(token, text):
    return token.start, token.end, text


def is_used(unit, i):
    """Whether the name i is called, or a constant of the compiler's; a variable may be called floor, too."""
    return unit.tokens[i].text.startswith("_") or (i + 1 < len(unit.tokens) and unit.tokens[i + 1].text == "(")


def by_table(table):
    """An operator that exchanges tokens; patterns of names are tried in order."""

    def operate(unit):
        for i, token in enumerate(unit.tokens):
            if i in unit.skipped:
                continue
            if token.kind == "mark" and token.text in table and is_binary(unit, i):
                yield replace(token, table[token.text])
            elif token.kind == "name" and table.get("names") and is_used(unit, i):
                for pattern, new in table["names"]:
                    if re.search(pattern, token.text):
                        yield replace(token, re.sub(pattern, new, token.text, count=1))
                        break

    return operate


def is_declared_size(unit, i):
    """Whether number i is the size of an array in its declaration."""
    if unit.tokens[i - 1].text != "[" or i < 3:
        return False
    name, before = unit.tokens[i - 2], unit.tokens[i - 3]
    return name.kind == "name" and (before.text == "*" or before.kind == "name") and before.text not in KEYWORDS


ALLOCATING = {"assay_allocate", "malloc", "calloc"}


def constant(unit):
    sizes = set()
    for i, token in enumerate(unit.tokens[:-1]):
        if token.text in ALLOCATING and i + 1 in unit.partner:
            sizes.update(range(i, unit.partner[i + 1]))
    for i, token in enumerate(unit.tokens):
        if token.kind != "number" or i in unit.skipped or i in sizes or is_declared_size(unit, i):
            continue
        if i and unit.tokens[i - 1].text in ("#", "##"):
            continue
        whole = INTEGER.match(token.text)
        if whole:
            value = int(whole.group(1), 0 if whole.group(1)[:2] in ("0x", "0X") else 10) + 1
            yield replace(token, (hex(value) if whole.group(1)[:2] in ("0x", "0X") else str(value)) + whole.group(2))
            continue
        real = FLOATING.match(token.text)
        if real and re.search(r"[1-9a-fA-F]", real.group(1).lower().replace("0x", "").split("p")[0]):
            yield replace(token, f"({token.text} * {LARGER_BY}{real.group(2)})")


NON_COMMUTATIVE = re.compile(r"_(sub|subs|div|andnot|unpacklo|unpackhi|permute2x128|permute2f128|shuffle)_|^(SUBTRACT|DIVIDE)$")


def operands(unit):
    for i, token in enumerate(unit.tokens):
        if i in unit.skipped:
            continue
        if token.text in ("-", "/", "%", "<<", ">>") and is_binary(unit, i):
            first, last = primary_before(unit, i), primary_after(unit, i)
            if first is None or last is None or source(unit, first, i - 1) == source(unit, i + 1, last):
                continue
            swapped = f"{written(unit, i + 1, last)} {token.text} {written(unit, first, i - 1)}"
            yield unit.tokens[first].start, unit.tokens[last].end, swapped
        elif token.kind == "name" and NON_COMMUTATIVE.search(token.text) and i + 1 < len(unit.tokens):
            given = arguments(unit, i + 1) if unit.tokens[i + 1].text == "(" else []
            if len(given) >= 2 and source(unit, *given[0]) != source(unit, *given[1]):
                swapped = f"{written(unit, *given[1])}, {written(unit, *given[0])}"
                yield unit.tokens[given[0][0]].start, unit.tokens[given[1][1]].end, swapped


sign = by_table({"+": "-", "-": "+", "+=": "-=", "-=": "+=",
                 "names": [(r"_add_(?!mask)", "_sub_"), (r"_sub_(?!mask)", "_add_"), (r"_fmadd_", "_fnmadd_"),
                           (r"_fnmadd_", "_fmadd_"), (r"^ADD$", "SUBTRACT"), (r"^SUBTRACT$", "ADD")]})
comparison = by_table({"==": "!=", "!=": "==", "<": ">", ">": "<", "<=": ">", ">=": "<",
                       "names": [(r"^fmin", "fmax"), (r"^fmax", "fmin"), (r"_min_", "_max_"), (r"_max_", "_min_"),
                                 (r"^LARGER$", "SMALLER"), (r"^SMALLER$", "LARGER"), (r"LEAST$", "MOST"),
                                 (r"MOST$", "LEAST"), (r"^MAX$", "MIN"), (r"^MIN$", "MAX"), (r"_cmpgt_", "_cmpeq_"),
                                 (r"^_CMP_GT_", "_CMP_LE_"), (r"^_CMP_LT_", "_CMP_GE_"), (r"^_CMP_EQ_", "_CMP_NEQ_")]})
bits = by_table({"&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<"})
inclusive = by_table({"<": "<=", "<=": "<", ">": ">=", ">=": ">"})


def bound(unit):
    yield from inclusive(unit)
    for i, token in enumerate(unit.tokens):
        if token.text not in ("<", ">=") or i in unit.skipped or not is_binary(unit, i):
            continue
        last = primary_after(unit, i)
        if last is not None and last + 1 < len(unit.tokens) and unit.tokens[last + 1].text == ";":
            yield unit.tokens[last].end, unit.tokens[last].end, " - 1"


def loop_parts(unit, i):
    """The indices of the two semicolons of the for whose keyword is token i, and of its closing parenthesis."""
    end = unit.partner.get(i + 1)
    if unit.tokens[i].text != "for" or end is None:
        return None
    marks, k = [], i + 2
    while k < end:
        if unit.tokens[k].text in OPENING and k in unit.partner:
            k = unit.partner[k]
        elif unit.tokens[k].text == ";":
            marks.append(k)
        k += 1
    return (*marks, end) if len(marks) == 2 else None


def remainder(unit):
    steps = "+=" in unit.text
    for i, token in enumerate(unit.tokens):
        if i in unit.skipped or i + 1 >= len(unit.tokens):
            continue
        if token.text == "for":
            parts = loop_parts(unit, i)
            # Not the loop over whole vectors: what it leaves, the tail loop does.
            if parts and parts[0] == i + 2 and parts[1] > parts[0] + 1 and "++" in source(unit, parts[1], parts[2]):
                place = unit.tokens[parts[0] + 1].start
                yield place, unit.tokens[parts[1] - 1].end, f"0 && ({written(unit, parts[0] + 1, parts[1] - 1)})"
        elif token.text == "if" and steps and i + 1 in unit.partner:
            condition = source(unit, i + 2, unit.partner[i + 1] - 1)
            if re.match(r"^\w+ [<>] \w+$|^rest$", condition):
                yield unit.tokens[i + 2].start, unit.tokens[unit.partner[i + 1] - 1].end, f"0 && ({condition})"
        elif token.text == "(" and source(unit, i, i + 2).endswith("<<") and i in unit.partner:
            end = unit.partner[i]
            if source(unit, end + 1, end + 2) == "- 1" and unit.tokens[i + 1].text in ("1", "1u", "1U"):
                yield token.start, unit.tokens[end + 2].end, "~0u"
                yield token.start, unit.tokens[end + 2].end, "0u"
        elif token.text == "<":
            yield from capped(unit, i)


def capped(unit, i):
    """`a < b ? a : b` made b: what is beyond the end is taken too."""
    question = next((k for k in range(i + 1, min(i + 12, len(unit.tokens))) if unit.tokens[k].text == "?"), None)
    if question is None:
        return
    size = question - i - 1
    colon = next((k for k in range(question + 1, min(question + 14, len(unit.tokens))) if unit.tokens[k].text == ":"), None)
    if colon is None:
        return
    first = i - (colon - question - 1)
    a, b = source(unit, question + 1, colon - 1), source(unit, i + 1, question - 1)
    if first >= 0 and source(unit, first, i - 1) == a and source(unit, colon + 1, colon + size) == b:
        yield unit.tokens[first].start, unit.tokens[colon + size].end, written(unit, i + 1, question - 1)


def parallel(unit):
    """Directives of OpenMP: mutual exclusion removed, barriers removed, reductions removed, a loop not shared."""
    for token in unit.tokens:
        if token.kind != "directive" or not PRAGMA.match(token.text):
            continue
        text = token.text
        if re.search(r"omp\s+(critical|atomic|ordered|barrier)", text):
            yield token.start, token.end, ""
        if re.search(r"\breduction\s*\(", text) and "simd" not in text:
            yield token.start, token.end, re.sub(r"\s*reduction\s*\([^)]*\)", "", text)
        if re.search(r"omp\s+for\b", text):
            yield token.start, token.end, ""
            if "nowait" not in text:
                yield token.start, token.end, text + " nowait"


ROUNDING = by_table({"names": [(r"^_MM_FROUND_TO_NEAREST_INT$", "_MM_FROUND_TO_ZERO"), (r"^floor", "ceil"),
                               (r"^ceil", "floor"), (r"^l*(rint|round|nearbyint)(f?)$", r"trunc\2"),
                               (r"_cvtps_epi", "_cvttps_epi"), (r"_cvtpd_epi", "_cvttpd_epi"), (r"_NEAREST$", "_TRUNCATE")]})


def rounding(unit):
    yield from ROUNDING(unit)
    for i, token in enumerate(unit.tokens):  # (n + 7) / 8: up made down
        if token.text != "/" or i in unit.skipped or unit.tokens[i - 1].text != ")" or i - 1 not in unit.partner:
            continue
        begin = unit.partner[i - 1]
        inner = [k for k in range(begin + 1, i - 1) if unit.tokens[k].text == "+"]
        if inner and not is_operand_end(unit, begin - 1):
            yield unit.tokens[inner[-1]].start, unit.tokens[i - 2].end, ""


STORES = re.compile(r"^(memset|memcpy|memmove)$|store|^STORE$|stream_", re.IGNORECASE)
ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "|=", "&=", "^=", "<<=", ">>="}


def is_head_end(unit, i):
    """Whether token i closes the parentheses of if, for, while or switch."""
    begin = unit.partner.get(i, 0)
    return unit.tokens[i].text == ")" and begin > 0 and unit.tokens[begin - 1].text in ("if", "for", "while", "switch")


def stale(unit):
    """A statement that writes, dropped."""
    heads = set()
    for i in range(len(unit.tokens) - 1):
        if unit.tokens[i].text == "for" and i + 1 in unit.partner:
            heads.update(range(i, unit.partner[i + 1]))
    for i, token in enumerate(unit.tokens):
        begins = i > 0 and (unit.tokens[i - 1].text in (";", "{", "}", "else", ":") or
                            unit.tokens[i - 1].kind == "directive" or
                            is_head_end(unit, i - 1))
        if not begins or i in unit.skipped or i in heads or (token.kind != "name" and token.text != "*"):
            continue
        if token.kind == "name" and (token.text in KEYWORDS or i + 1 >= len(unit.tokens)):
            continue
        end = statement_end(unit.tokens, unit.partner, i)
        if unit.tokens[end].text != ";":
            continue
        top, k = [], i
        while k < end:
            top.append(unit.tokens[k])
            k = unit.partner[k] if unit.tokens[k].text in OPENING and k in unit.partner else k
            k += 1
        is_declaration = len(top) > 1 and top[0].kind == "name" and (
            top[1].kind == "name" or (top[1].text == "*" and len(top) > 2 and top[2].kind == "name" and top[0].text != "*"))
        is_store = token.kind == "name" and STORES.search(token.text) and unit.tokens[i + 1].text == "("
        if is_store or (not is_declaration and any(t.text in ASSIGNMENTS for t in top)):
            yield token.start, unit.tokens[end].start, ""


def logic(unit):
    for i, token in enumerate(unit.tokens):
        if i in unit.skipped:
            continue
        if token.text in ("&&", "||"):
            yield replace(token, "||" if token.text == "&&" else "&&")
        elif token.text == "!":
            yield replace(token, "")
        elif token.text == "~":
            yield replace(token, "")


OPERATORS = {
    "constant": constant, "operands": operands, "sign": sign, "bound": bound, "remainder": remainder,
    "comparison": comparison, "parallel": parallel, "rounding": rounding, "stale": stale, "logic": logic, "bits": bits,
}
WORDS = {
    "constant": "n to n + 1, x to x (1 + 2^-10)",
    "operands": "operands of -, /, %, << and >>, or arguments of such intrinsics, swapped",
    "sign": "+ and - exchanged, also in intrinsics and fused multiply-adds",
    "bound": "< and <=, > and >= exchanged; a loop's end less one",
    "remainder": "tail loop not run, tail mask full or empty, length not capped",
    "comparison": "== and != exchanged, < to >, minimum and maximum exchanged",
    "parallel": "critical section, atomic, barrier, reduction or sharing of a loop removed",
    "rounding": "to nearest made to zero, up made down",
    "stale": "a statement that writes dropped",
    "logic": "&& and || exchanged, a negation dropped",
    "bits": "& and | exchanged, ^ to |, << and >> exchanged",
}
# In tables only the numbers are code.
OF_TABLES = ("constant",)
