"""Draws what tests/bench/graph.py measured as an SVG: a panel for each case, and in it for each mode
the medians of wall and CPU time, with the range of the rounds as a line. Drawn by hand: matplotlib would
bring 477 MB of Debian packages for it, and no smaller one has panels or is seen by a Python of pyenv."""

import html
import statistics

WIDTH, PANELS_BESIDE = 960, 2
MARGIN, LABELS, NUMBERS = 20, 100, 60
HEAD, TITLE, BAR, GAP = 64, 30, 13, 10
INK, FAINT, PAPER = "#24292f", "#8c959f", "#ffffff"
COLUMNS = {"wall": ("wall", 1.0), "cpu": ("CPU", 0.35)}  # name, how strong its colour is
COLOURS = {"cargo": "#9a6700", "off": "#57606a", "hollow": "#8250df", "worker": "#1a7f37",
           "worker-link": "#0969da"}
OTHER_COLOUR = "#bf3989"


def element(name, text=None, **attributes):
    words = "".join(f' {key.replace("_", "-")}="{html.escape(str(value))}"'
                    for key, value in attributes.items())
    return f"<{name}{words}/>" if text is None else f"<{name}{words}>{html.escape(text)}</{name}>"


def words_at(x, y, words, size=12, **attributes):
    return element("text", words, x=round(x, 1), y=round(y, 1), font_size=size, fill=INK, **attributes)


def bar(x, y, pixels, numbers, look):
    """One median, as a bar with its range; `pixels` is how long a second is."""
    colour, opacity = look
    middle = statistics.median(numbers)
    low, high = (x + pixels * end for end in (min(numbers), max(numbers)))
    level = y + BAR / 2
    return [
        element("rect", x=x, y=y, width=round(pixels * middle, 1), height=BAR - 2, fill=colour,
                fill_opacity=opacity),
        element("line", x1=round(low, 1), y1=level - 1, x2=round(high, 1), y2=level - 1, stroke=INK,
                stroke_width=1),
        words_at(high + 5, y + BAR - 3, f"{middle:.1f}", 11),
    ]


def panel_height(of_modes):
    return TITLE + len(of_modes) * (len(COLUMNS) * BAR + GAP)


def panel(x, y, title, of_modes):
    """A case; panels have scales of their own."""
    most = max(one[name] for samples in of_modes.values() for one in samples for name in COLUMNS)
    room = WIDTH / PANELS_BESIDE - MARGIN - LABELS - NUMBERS
    pixels = room / (most or 1)
    parts = [words_at(x, y + 14, title, 14, font_weight="bold")]
    y += TITLE
    for mode, samples in of_modes.items():
        parts.append(words_at(x, y + 2 * BAR - 8, mode))
        for name, (_, opacity) in COLUMNS.items():
            look = COLOURS.get(mode, OTHER_COLOUR), opacity
            parts += bar(x + LABELS, y, pixels, [one[name] for one in samples], look)
            y += BAR
        y += GAP
    return parts


def legend(y):
    parts, x = [], MARGIN
    for name, opacity in COLUMNS.values():
        parts.append(element("rect", x=x, y=y - 10, width=24, height=BAR - 2, fill=INK,
                             fill_opacity=opacity))
        parts.append(words_at(x + 30, y, f"{name}, seconds"))
        x += 150
    return [*parts, words_at(x, y, "bars: medians; lines: range of the rounds", fill_opacity=0.7)]


def case_title(found, case):
    touch = found.get("touched", {}).get(case)
    return case if touch is None else f"{case}: after an edit of {touch['crate']}"


def draw(found, title):
    """The text of the SVG."""
    parts = [words_at(MARGIN, 26, title, 16, font_weight="bold"), *legend(50)]
    cases, y = list(found["cases"].items()), HEAD + MARGIN
    while cases:
        row, cases = cases[:PANELS_BESIDE], cases[PANELS_BESIDE:]
        for number, (case, of_modes) in enumerate(row):
            x = MARGIN + number * WIDTH / PANELS_BESIDE
            parts += panel(x, y, case_title(found, case), of_modes)
        y += max(panel_height(of_modes) for _, of_modes in row) + MARGIN
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" '
            f'height="{y}" font-family="sans-serif">')
    ground = element("rect", width=WIDTH, height=y, fill=PAPER, stroke=FAINT)
    return "\n".join([head, ground, *parts, "</svg>"]) + "\n"
