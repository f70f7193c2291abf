"""Draw docs/theory/img/planning-*.svg: how the planner searches and proves, narrow enough for a phone."""

from __future__ import annotations

from pathlib import Path

OUT = Path(__file__).parents[1] / "docs/theory/img"
BLUE, RED, BROWN, GREY = "#2a6f97", "#c1121f", "#b5651d", "#666"
WIDTH = 400


class Drawing:
    """Lines of an SVG, top to bottom."""

    def __init__(self, height: int, title: str) -> None:
        self.lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            'font-family="sans-serif" font-size="14" role="img">',
            f"<title>{title}</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        ]

    def text(self, x: float, y: float, words: str, *, of: str = "#222", more: str = "") -> None:
        """Words at a place."""
        self.lines.append(f'<text x="{x}" y="{y}" fill="{of}" {more}>{words}</text>')

    def head(self, y: float, words: str) -> None:
        """A heading."""
        self.text(12, y, words, more='font-weight="bold"')

    def rect(
        self, x: float, y: float, w: float, h: float, of: str, more: str = "", fill: float = 0.14
    ) -> None:
        """A rectangle, faintly filled."""
        self.lines.append(
            f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{of}" fill-opacity="{fill}" '
            f'stroke="{of}" {more}/>'
        )

    def box(self, x: float, y: float, w: float, h: float, words: list[str], of: str) -> None:
        """A box with a bold first line."""
        self.rect(x, y, w, h, of, 'rx="6"', 0.10)
        for i, line in enumerate(words):
            bold = 'font-weight="bold"' if i == 0 else 'font-size="13"'
            self.text(x + w / 2, y + 20 + 18 * i, line, more=f'text-anchor="middle" {bold}')

    def line(self, points: list[tuple[float, float]], of: str, more: str = "") -> None:
        """Straight from point to point."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.lines.append(f'<polyline points="{path}" fill="none" stroke="{of}" {more}/>')

    def arrow(
        self, x0: float, y0: float, x1: float, y1: float, of: str = GREY, more: str = ""
    ) -> None:
        """A straight arrow."""
        dx, dy = x1 - x0, y1 - y0
        long = (dx * dx + dy * dy) ** 0.5
        ux, uy = dx / long, dy / long
        bx, by = x1 - 8 * ux, y1 - 8 * uy
        self.line([(x0, y0), (bx, by)], of, more)
        tip = f"{x1:g},{y1:g} {bx - 4 * uy:g},{by + 4 * ux:g} {bx + 4 * uy:g},{by - 4 * ux:g}"
        self.lines.append(f'<polygon points="{tip}" fill="{of}"/>')

    def dot(self, x: float, y: float, of: str, r: float = 3.5, fill: str = "") -> None:
        """A dot."""
        self.lines.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{r}" fill="{fill or of}" stroke="{of}"/>'
        )

    def save(self, name: str) -> None:
        """Write the file."""
        (OUT / name).write_text("\n".join([*self.lines, "</svg>", ""]))


def method() -> None:
    """The whole: search and bound side by side, or a choice under rows."""
    d = Drawing(640, "A search and a bound side by side")
    d.box(60, 10, 280, 48, ["Problem, all integers", "windows, options, rows, resources"], GREY)
    d.arrow(150, 58, 150, 92)
    d.text(142, 80, "time matters", more='text-anchor="end" font-size="13"')
    d.arrow(270, 58, 270, 270, more='stroke-dasharray="5 4"')
    d.text(278, 80, "it does not", more='font-size="13"')
    d.box(
        12,
        94,
        244,
        62,
        ["Search", "ruin a string, recreate, anneal;", "every rule kept at every step"],
        BLUE,
    )
    d.arrow(70, 156, 70, 196, BLUE)
    d.text(62, 181, "value", of=BLUE, more='text-anchor="end" font-size="13"')
    d.arrow(150, 196, 150, 156, BROWN)
    d.text(158, 181, "its paths, as plans", of=BROWN, more='font-size="13"')
    d.box(
        12,
        198,
        244,
        62,
        ["Bound", "prices, and a longest path a chain;", "prune, remember, enumerate"],
        BROWN,
    )
    d.box(
        12,
        272,
        376,
        62,
        ["Choice under rows", "lift rows, part, class by class: HiGHS", "beside it: annealing"],
        RED,
    )
    d.arrow(200, 334, 200, 362)
    d.head(384, "The plan rises, the bound falls")
    d.line([(40, 400), (40, 560), (388, 560)], GREY)
    d.text(388, 578, "time", of=GREY, more='text-anchor="end" font-size="13"')
    up = [
        (40, 540),
        (48, 540),
        (48, 505),
        (70, 505),
        (70, 490),
        (110, 490),
        (110, 482),
        (190, 482),
        (190, 478),
        (388, 478),
    ]
    down = [
        (40, 404), (60, 404), (60, 430), (85, 430), (85, 448), (130, 448), (130, 461), (210, 461), (210, 468),
        (300, 468), (300, 472), (388, 472),
    ]  # fmt: skip
    area = " ".join(f"{x},{y}" for x, y in [*up, *reversed(down)])
    d.lines.append(f'<polygon points="{area}" fill="#999" fill-opacity=".18"/>')
    d.line(up, BLUE, 'stroke-width="2"')
    d.line(down, BROWN, 'stroke-width="2"')
    d.text(140, 440, "what no plan can exceed", of=BROWN, more='font-size="13"')
    d.text(140, 512, "the best plan so far", of=BLUE, more='font-size="13"')
    d.text(140, 546, "between them: the gap", of=GREY, more='font-size="13"')
    d.box(60, 588, 280, 44, ["Plan, value, bound", "then the checker, which shares no code"], GREY)
    d.save("planning-method.svg")


def network() -> None:
    """The network of one chain, what a place in a sequence knows, and one move of the search."""
    d = Drawing(720, "The network of starts, the slack of a sequence, and one move of the search")
    d.head(24, "1  The network of one pass")
    rows = {"A": (70, 60, 16), "B": (112, 130, 14), "C": (154, 190, 12)}
    for name, (y, x, n) in rows.items():
        d.text(12, y + 5, name, of=BLUE, more='font-weight="bold"')
        d.line([(x, y), (x + 16 * (n - 1), y)], "#bbb")
        for k in range(n):
            d.dot(x + 16 * k, y, BLUE, 3, "#fff")
    for (x0, y0), (x1, y1) in [((76, 70), (162, 112)), ((194, 112), (286, 154))]:
        d.arrow(x0, y0, x1 - 3, y1 - 4, RED, 'stroke-width="2"')
        d.dot(x0, y0, RED, 4)
        d.dot(x1, y1, RED, 4)
    d.line([(162, 112), (194, 112)], RED, 'stroke-width="2"')
    d.text(66, 52, "turn to the least start after it, or wait there", of=RED, more='font-size="13"')
    d.arrow(194, 112, 249, 75, GREY, 'stroke-dasharray="4 3"')
    d.text(12, 186, "A dot is a start of a window. Grey: A again, straight", more='font-size="13"')
    d.text(12, 203, "after B. Two labels of different tasks at each dot", more='font-size="13"')
    d.text(12, 220, "forbid that; memories of tasks forbid longer ways", more='font-size="13"')
    d.text(12, 237, "round; prices make what is left dear.", more='font-size="13"')

    d.head(276, "2  What each place of a sequence knows")
    for name, early, late in (("A", 24, 66), ("B", 134, 176), ("C", 290, 338)):
        d.rect(early, 296, 34, 24, BLUE, 'rx="3"')
        d.rect(late, 296, 34, 24, BROWN, 'rx="3" stroke-dasharray="4 3"', 0.0)
        d.text(early + 12, 313, name, of=BLUE)
        d.text(late + 12, 313, name, of=BROWN)
    d.text(12, 342, "as early as it can be,", of=BLUE, more='font-size="13"')
    d.text(146, 342, "as late as it may be", of=BROWN, more='font-size="13"')
    d.arrow(279, 372, 279, 326, RED)
    d.rect(262, 372, 34, 24, RED, 'rx="3"', 0.0)
    d.text(274, 389, "N", of=RED)
    d.text(12, 418, "Does N fit in between? Behind the early B it can", more='font-size="13"')
    d.text(12, 435, "begin here, and the late C can follow: yes. Two", more='font-size="13"')
    d.text(12, 452, "looks into a table, however long the sequence.", more='font-size="13"')

    d.head(490, "3  One move: ruin and recreate")
    before = [("A", BLUE), ("B", RED), ("C", RED), ("D", RED), ("E", BLUE), ("F", BLUE)]
    after = [
        ("A", BLUE),
        ("P", BROWN),
        ("C", BROWN),
        ("Q", BROWN),
        ("R", BROWN),
        ("E", BLUE),
        ("F", BLUE),
    ]
    for y, sequence, wide in ((510, before, 60), (602, after, 52)):
        for i, (name, of) in enumerate(sequence):
            d.rect(14 + wide * i, y, 40, 26, of, 'rx="4"')
            d.text(34 + wide * i, y + 18, name, of=of, more='text-anchor="middle"')
    d.line([(70, 542), (70, 548), (238, 548), (238, 542)], RED)
    d.text(154, 564, "a string goes", of=RED, more='text-anchor="middle" font-size="13"')
    d.arrow(154, 572, 154, 598, GREY)
    d.text(166, 590, "who fits now? best first, a little blurred", more='font-size="13"')
    d.text(12, 656, "Worse plans are taken too, less and less often as", more='font-size="13"')
    d.text(12, 673, "it cools; else the move is undone, and", more='font-size="13"')
    d.text(12, 690, "the next one tried.", more='font-size="13"')
    d.save("planning-network.svg")


if __name__ == "__main__":
    method()
    network()
