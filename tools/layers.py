"""The layers of the source as they include each other: a drawing, and whether each knows only those below it.

    layers.py SOURCE [SVG]

What includes what is read from the source. A public header belongs to the layer that implements it. An include that goes
upwards, or a folder that has no place in the drawing, is an error.
"""

import collections
import pathlib
import re
import sys

# From the top down: a layer may include what stands below it. Whose it is, and what it does.
LAYERS = {
    "cli": ("the assay command", "the commands"),
    "bench/<family>": ("the assay command", "what is timed"),
    "verify/<family>": ("the assay command", "what must hold"),
    "reports": ("libassay-harness", "store and pages"),
    "bench": ("libassay-harness", "measures"),
    "verify": ("libassay-harness", "checks, oracles"),
    "optimized": ("libassay", "SIMD, threads"),
    "reference": ("libassay", "the plain form"),
    "core": ("libassay", "what all share"),
}
ORDER = list(LAYERS)
FAMILIES = ("verify", "bench")
FOLDERS = ("cli", "reports", "bench", "verify", "optimized", "reference", "core")


def layer_of(path):
    parts = path.split("/")
    return parts[0] + "/<family>" if parts[0] in FAMILIES and len(parts) > 2 else parts[0]


def layer_of_header(name, algorithms):
    """Who implements include/assay/NAME.h."""
    if name in ("verify", "bench"):
        return [name]
    if any(name == a or name.startswith(a + "_") for a in algorithms):
        return ["optimized", "reference"]
    return ["core"]


def read(source):
    """Numbers of files of each layer, and of include lines between two of them; where one is wrong, with its place."""
    source = pathlib.Path(source)
    algorithms = {p.stem for p in source.glob("reference/*/*.c")}
    files, edges, places = collections.Counter(), collections.Counter(), {}
    for folder in FOLDERS:
        for path in sorted(source.glob(folder + "/**/*.[ch]*")):
            name = path.relative_to(source).as_posix()
            if path.suffix not in (".c", ".h", ".cc"):
                continue
            own = layer_of(name)
            files[own] += 1
            for line, text in enumerate(path.read_text().splitlines(), 1):
                found = re.match(r'\s*#\s*include\s*"([^"]+)"', text)
                if not found:
                    continue
                header = found.group(1)
                if header.startswith("assay/"):
                    targets = layer_of_header(header[6:-2], algorithms)
                    if own in targets:
                        targets = [own]
                elif "/" in header:
                    targets = [layer_of(header)]
                else:
                    targets = [own]  # beside it, or generated
                for target in targets:
                    if target != own:
                        edges[own, target] += 1
                        places.setdefault((own, target), "%s:%d: includes %s" % (name, line, header))
    return files, edges, places


def wrong(files, edges, places):
    faults = ["%s has no place in the drawing of the layers" % f for f in files if f not in LAYERS]
    for (own, target), _ in sorted(edges.items()):
        place = places[own, target]
        if target not in LAYERS:
            faults.append("%s, which is no layer" % place)
        elif own in LAYERS and ORDER.index(target) <= ORDER.index(own):
            faults.append("%s: %s must not know %s, which is not below it" % (place, own, target))
    return faults


# ---- The drawing: layers down a diagonal, and for each "includes" a line to the right and then down -----------------

STEP_X, STEP_Y, WIDTH, HEIGHT, MARGIN = 99, 62, 132, 46, 16
STYLE = """
.layers { font: 13px system-ui, sans-serif; color: var(--ink, #22211d); }
.layers .band { fill: var(--faint, #f3f0e7); }
.layers .box { fill: var(--card, #fff); stroke: var(--accent, #8c6510); stroke-width: 1.5; }
.layers .edge { fill: none; stroke: var(--soft, #69665c); stroke-width: 1.2; }
.layers .dot { fill: var(--card, #fff); stroke: var(--soft, #69665c); }
.layers text { fill: var(--ink, #22211d); text-anchor: middle; }
.layers .name { font-weight: 600; }
.layers .soft { fill: var(--soft, #69665c); font-size: 11px; }
.layers .start { text-anchor: start; }
"""


def box_of(layer):
    i = ORDER.index(layer)
    return MARGIN + i * STEP_X, MARGIN + i * STEP_Y


def drawn_bands():
    out = ""
    for band in dict.fromkeys(owner for owner, _ in LAYERS.values()):
        members = [box_of(layer) for layer, (owner, _) in LAYERS.items() if owner == band]
        (x, y), (right, bottom) = members[0], members[-1]
        out += '<rect class="band" x="%d" y="%d" width="%d" height="%d" rx="10"/>' % (
            x - 8, y - 8, right - x + WIDTH + 16, bottom - y + HEIGHT + 16)
        out += '<text class="soft start" x="%d" y="%d">%s</text>' % (x, bottom + HEIGHT - 2, band)
    return out


def drawn_edges(edges):
    lines = dots = ""
    for (own, target), count in sorted(edges.items()):
        (x, y), (to_x, to_y) = box_of(own), box_of(target)
        corner_x, corner_y = to_x + WIDTH // 2, y + HEIGHT // 2
        lines += '<path class="edge" d="M%d %dH%dV%d"/>' % (x + WIDTH, corner_y, corner_x, to_y)
        dots += '<rect class="dot" x="%d" y="%d" width="34" height="20" rx="10"/>' % (corner_x - 17, corner_y - 10)
        dots += '<text class="soft" x="%d" y="%d">%d</text>' % (corner_x, corner_y + 4, count)
    return lines + dots


def drawn_boxes(files):
    out = ""
    for layer, (_, words) in LAYERS.items():
        x, y = box_of(layer)
        out += '<rect class="box" x="%d" y="%d" width="%d" height="%d" rx="6"/>' % (x, y, WIDTH, HEIGHT)
        out += '<text class="name" x="%d" y="%d">%s</text>' % (
            x + WIDTH // 2, y + 19, layer.replace("<", "&lt;").replace(">", "&gt;"))
        out += '<text class="soft" x="%d" y="%d">%s: %d</text>' % (x + WIDTH // 2, y + 36, words, files[layer])
    return out


def draw(files, edges):
    width, height = (n - 1 + MARGIN + d for n, d in zip(box_of("core"), (WIDTH, HEIGHT)))
    words = "The layers of assay: %s." % "; ".join(
        "%s includes %s" % (own, ", ".join(t for o, t in sorted(edges) if o == own)) for own in ORDER if any(o == own for o, _ in edges))
    return (
        '<svg class="layers" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">'
        % (width, height, words.replace("<", "&lt;").replace(">", "&gt;"))
        + "<style>%s</style>" % STYLE + drawn_bands() + drawn_edges(edges) + drawn_boxes(files) + "</svg>\n"
    )


def main():
    files, edges, places = read(sys.argv[1])
    faults = wrong(files, edges, places)
    if faults:
        sys.exit("\n".join(faults))
    if len(sys.argv) > 2:
        pathlib.Path(sys.argv[2]).write_text(draw(files, edges))


if __name__ == "__main__":
    main()
