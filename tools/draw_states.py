"""Draw the states of an order from their table: the figure and the steps in docs/guide/orders.md."""

from __future__ import annotations

import itertools
from pathlib import Path

from offnadir.tasking.states import FINAL, MEANING, STEPS, State, Step

DOCS = Path(__file__).parents[1] / "docs/guide"
FIGURE, GUIDE = DOCS / "img/order-states.svg", DOCS / "orders.md"
BEGIN, END = "<!-- steps: written by tools/draw_states.py -->\n", "<!-- end of steps -->"
CHAIN = (
    State.RECEIVED,
    State.ACCEPTED,
    State.SCHEDULED,
    State.TASKED,
    State.PROCESSING,
    State.COMPLETED,
)
WIDTH, ROW, TOP = 860, 104, 78
LEFT, RIGHT, BOX = 330, 460, 44  # the chain's edges, and how high a box is
HELD = (20, 110)  # edges of the tall box
ENDS = 650  # where the ends of each state are written
COLOURS = {"checks": "#b5651d", "releaser": "#c1121f", "planner": "#2a6f97", "customer": "#3a7d44"}
GREY, INK = "#888", "#222"


def colour(step: Step) -> str:
    return COLOURS[step.who[0]]


def text(x: float, y: float, words: str, of: str = INK, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="{of}" {more}>{words}</text>'


def box(x: float, y: float, w: float, h: float, name: str) -> list[str]:
    middle = 'text-anchor="middle" font-weight="bold" font-size="14"'
    return [
        f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="6" fill="#f4f6f8" stroke="{GREY}"/>',
        text(x + w / 2, y + h / 2 + 5, name, more=middle),
    ]


def arrow(x0: float, y0: float, x1: float, y1: float, of: str) -> list[str]:
    head = f'marker-end="url(#{of[1:]})"'
    return [f'<path d="M{x0:g} {y0:g} L{x1:g} {y1:g}" stroke="{of}" fill="none" {head}/>']


def row_of(state: State) -> float:
    """Middle of a state's box."""
    return TOP + ROW * CHAIN.index(state) + BOX / 2


def groups(steps: list[Step]) -> list[tuple[State, State, list[Step]]]:
    """Steps between the same two states."""
    key = lambda step: (list(State).index(step.before), list(State).index(step.after))  # noqa: E731
    found = []
    for _, same in itertools.groupby(sorted(steps, key=key), key=key):
        one = list(same)
        found.append((one[0].before, one[0].after, one))
    return found


def codes(x: float, y: float, steps: list[Step], anchor: str) -> list[str]:
    """Reason codes, each in the colour of who takes the step."""
    parts = [f'<tspan fill="{colour(step)}">{step.code}</tspan>' for step in steps]
    halo = 'stroke="#fff" stroke-width="3" paint-order="stroke"'
    return [f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" {halo}>{", ".join(parts)}</text>']


def along(before: State, after: State, steps: list[Step], lane: int) -> list[str]:
    """An arrow within the chain: straight to the next state, else by a lane at its right side."""
    of, gap = colour(steps[0]), row_of(after) - row_of(before)
    if gap == ROW:
        y0, y1 = row_of(before) + BOX / 2, row_of(after) - BOX / 2
        x = (LEFT + RIGHT) / 2
        return [*arrow(x, y0, x, y1 - 2, of), *codes(x + 8, (y0 + y1) / 2 + 4, steps, "start")]
    x = RIGHT + 40 + 34 * lane
    y0, y1 = row_of(before) + 7, row_of(after) + (-7 if gap > 0 else 12)
    path = f"M{RIGHT} {y0:g} H{x - 8:g} Q{x:g} {y0:g} {x:g} {y0 + (8 if gap > 0 else -8):g} "
    path += f"V{y1 + (-8 if gap > 0 else 8):g} Q{x:g} {y1:g} {x - 8:g} {y1:g} H{RIGHT + 2}"
    line = f'<path d="{path}" stroke="{of}" fill="none" marker-end="url(#{of[1:]})"/>'
    return [line, *codes(RIGHT + 8, y1 - 5 if gap > 0 else y0 + 15, steps, "start")]


def beside(state: State, steps: list[Step], is_into: bool) -> list[str]:
    """An arrow between the chain and the tall box of what is held."""
    of = colour(steps[0])
    y = row_of(state) + (-9 if is_into else 11)
    ends = (LEFT, HELD[1] + 2) if is_into else (HELD[1], LEFT - 2)
    return [
        *arrow(ends[0], y, ends[1], y, of),
        *codes((LEFT + HELD[1]) / 2, y - 5 if is_into else y + 14, steps, "middle"),
    ]


def figure() -> str:
    """The whole drawing."""
    height = TOP + ROW * len(CHAIN)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12" role="img">',
        "<title>The states of an order and the steps between them</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/><defs>',
        *(
            f'<marker id="{of[1:]}" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
            f'<path d="M0 0 L8 4 L0 8 z" fill="{of}"/></marker>'
            for of in COLOURS.values()
        ),
        "</defs>",
        text(20, 24, "Who takes the step, first of all:"),
    ]
    for n, (who, of) in enumerate(COLOURS.items()):
        lines.append(text(215 + 90 * n, 24, who, of, 'font-weight="bold"'))
    lines.append(text(ENDS, 54, "ends as", GREY))
    for state in CHAIN:
        lines += box(LEFT, row_of(state) - BOX / 2, RIGHT - LEFT, BOX, state.value)
    lines += box(HELD[0], TOP, HELD[1] - HELD[0], ROW * 5 - ROW + BOX, State.HELD.value)
    first = [step for step in STEPS if step.before is None]
    x = (LEFT + RIGHT) / 2
    lines += [*arrow(x, 44, x, TOP - 2, colour(first[0])), *codes(x + 8, 60, first, "start")]
    lanes = 0
    ends: dict[State, list[str]] = {}
    for before, after, steps in groups([step for step in STEPS if step.before is not None]):
        if after in FINAL and after not in CHAIN:
            told = ", ".join(f'<tspan fill="{colour(one)}">{one.code}</tspan>' for one in steps)
            ends.setdefault(before, []).append(f"{after.value}: {told}")
        elif before is State.HELD and after is State.HELD:
            lines.append(
                text(HELD[0] + 45, TOP + ROW * 2 + 74, "again:", GREY, 'text-anchor="middle"')
            )
            for n, one in enumerate(steps):
                lines += codes(HELD[0] + 45, TOP + ROW * 2 + 92 + 16 * n, [one], "middle")
        elif before is State.HELD:
            lines += beside(after, steps, is_into=False)
        elif after is State.HELD:
            lines += beside(before, steps, is_into=True)
        else:
            lines += along(before, after, steps, lanes)
            lanes += row_of(after) - row_of(before) != ROW
    for state, told in ends.items():
        at_left = state is State.HELD
        x, y = (20.0, TOP + ROW * 5 - 38.0) if at_left else (float(ENDS), row_of(state) - 24)
        lines += [text(x, y + 16 * n, one) for n, one in enumerate(told)]
    return "\n".join([*lines, "</svg>", ""])


def table() -> str:
    """The steps as a table in Markdown."""
    states = ["| state | means |", "|---|---|"]
    states += [f"| `{state.value}` | {MEANING[state]} |" for state in State]
    lines = ["| from | to | code | who | words |", "|---|---|---|---|---|"]
    key = lambda step: (step.after, step.code, step.who, step.words)  # noqa: E731
    for (after, code, who, words), same in itertools.groupby(STEPS, key=key):
        before = ", ".join(f"`{step.before.value}`" if step.before else "" for step in same)
        lines.append(f"| {before} | `{after.value}` | `{code}` | {', '.join(who)} | {words} |")
    return "\n".join([*states, "", *lines, ""])


def guide() -> str:
    """The guide with the table in its place."""
    before, _, rest = GUIDE.read_text("utf-8").partition(BEGIN)
    return before + BEGIN + "\n" + table() + "\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    FIGURE.write_text(figure(), "utf-8")
    GUIDE.write_text(guide(), "utf-8")
