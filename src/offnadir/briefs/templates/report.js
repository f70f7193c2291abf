(() => {
  "use strict";
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const all = (what, within) => [...(within || document).querySelectorAll(what)];
  const data = JSON.parse(byId("data").textContent);
  root.classList.add("js");

  // Light and dark
  const theme = byId("theme");
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  try {
    const kept = localStorage.getItem("offnadir-theme");
    if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  } catch { /* storage is switched off */ }
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("offnadir-theme", root.dataset.theme); } catch { /* the same */ }
    nameTheme();
  });
  prefersDark.addEventListener("change", nameTheme);
  nameTheme();

  // Sorting: numbers by size, anything else as text; dashes always last
  const collator = new Intl.Collator("en", { numeric: true });
  const NOTHING = "\u2013";
  const cellText = (row, k) => row.cells[k].textContent.trim();
  const asNumber = (text) => {
    const plain = text.replace(/\u202f/g, "").split(" \u00d7 ")[0];
    return /^[-\u2212]?[\d.]+$/.test(plain) ? Number(plain) : NaN;
  };
  const sortBy = (table, k) => {
    const heads = table.tHead.rows[0].cells;
    const up = heads[k].getAttribute("aria-sort") !== "ascending";
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row, i) => {
      const text = cellText(row, k);
      return { row, i, text, number: asNumber(text) };
    });
    const numeric = keyed.every((e) => e.text === NOTHING || !Number.isNaN(e.number));
    keyed.sort((a, b) => {
      if ((a.text === NOTHING) !== (b.text === NOTHING)) return a.text === NOTHING ? 1 : -1;
      const order = numeric ? (a.number - b.number) || 0 : collator.compare(a.text, b.text);
      return (up ? order : -order) || a.i - b.i;
    });
    body.append(...keyed.map((e) => e.row));
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[k].setAttribute("aria-sort", up ? "ascending" : "descending");
  };
  for (const table of all("table.sorts")) {
    all("thead th", table).forEach((head, k) => { // the text stays, for paper
      const button = document.createElement("button");
      button.type = "button";
      button.append(...[...head.firstChild.childNodes].map((part) => part.cloneNode(true)));
      button.addEventListener("click", () => sortBy(table, k));
      head.prepend(button);
    });
  }

  // Filters: every word must occur
  for (const input of all("input[data-filter]")) {
    const table = byId(input.dataset.filter);
    if (!table) { input.closest("p").remove(); continue; }
    const rows = [...table.tBodies[0].rows];
    const texts = rows.map((row) => [...row.cells].map((c) => c.textContent).join(" ").toLowerCase());
    const tally = document.querySelector(`[data-count="${input.dataset.filter}"]`);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, i) => {
        const fits = words.every((word) => texts[i].includes(word));
        row.hidden = !fits;
        shown += fits;
      });
      tally.textContent = words.length ? `${shown} of ${rows.length}` : "";
    });
  }

  // Selecting: a request {r} or a picture {c}, in all views at once
  const panel = byId("chosen");
  const picturesOf = data.requests.map(() => []);
  data.pictures.forEach((picture, j) => picturesOf[picture[1]].push(j));
  const lanes = all("#timeline svg[data-s]");
  let chosen = null;
  const mark = (what, name) => all(what).forEach((e) => {
    e.classList.add(name);
    if (e.parentNode.matches(".footprints, .marks, .labels")) e.parentNode.append(e); // to the top
  });
  const light = (r) => {
    const found = lanes.map(() => "");
    const list = data.opportunities[r] || [];
    for (let k = 0; k < list.length; k += 3) {
      found[list[k]] += `M${list[k + 1]} 3h${Math.max(list[k + 2], 24)}v16h-${Math.max(list[k + 2], 24)}z`;
    }
    lanes.forEach((lane, i) => lane.querySelector(".lit").setAttribute("d", found[i]));
  };
  const choose = (next) => {
    all(".sel").forEach((e) => e.classList.remove("sel"));
    all(".also").forEach((e) => e.classList.remove("also"));
    chosen = next;
    panel.hidden = !next;
    if (!next) { light(-1); return; }
    const r = next.c === undefined ? next.r : data.pictures[next.c][1];
    const [name, reason, chances] = data.requests[r];
    light(r);
    mark(`.marks [data-r="${r}"], .labels [data-r="${r}"], .areas [data-r="${r}"], #why [data-r="${r}"]`, "sel");
    mark(`#requests-table tr[data-r="${r}"]`, "sel");
    if (next.c === undefined) {
      mark(`.footprints [data-r="${r}"], .tracks [data-r="${r}"], .sights [data-r="${r}"]`, "sel");
      mark(`#timeline .pic[data-r="${r}"], #pictures-table tr[data-r="${r}"]`, "sel");
    } else {
      mark(`[data-c="${next.c}"]`, "sel");
      mark(`#pictures-table tr[data-r="${r}"]:not(.sel)`, "also");
    }
    byId("chosen-name").textContent = name;
    const shown = next.c === undefined ? picturesOf[r] : [next.c];
    byId("chosen-text").textContent = shown.length
      ? shown.map((j) => `${data.pictures[j][0]}: ${data.pictures[j][2]}`).join("; ")
      : `not taken. ${reason} (${chances} opportunities)`;
  };
  const chooseFrom = (e) => {
    const { c, r } = e.dataset;
    if (c !== undefined) choose({ c: Number(c), r: Number(r) });
    else if (r !== undefined) choose({ r: Number(r) });
  };
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-r], li[data-r]");
    if (row && !String(window.getSelection())) chooseFrom(row);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && chosen) choose(null);
  });
  for (const lane of lanes) {
    lane.addEventListener("click", (event) => {
      const box = lane.getBoundingClientRect();
      let best = null;
      let least = 10;
      for (const tick of all(".pic", lane)) {
        const middle = tick.getBoundingClientRect();
        const away = Math.abs(middle.left + middle.width / 2 - event.clientX);
        if (away < least) { least = away; best = tick; }
      }
      if (best) { chooseFrom(best); return; }
      const at = (event.clientX - box.left) / box.width * 20000;
      const slack = 20000 / box.width * 4;
      const s = Number(lane.dataset.s);
      const hit = data.opportunities.findIndex((list) => {
        for (let k = 0; k < list.length; k += 3) {
          if (list[k] === s && at > list[k + 1] - slack && at < list[k + 1] + list[k + 2] + slack) return true;
        }
        return false;
      });
      if (hit >= 0) choose({ r: hit });
    });
  }

  // The map: only its view box moves
  const map = byId("map");
  const frame = byId("mapframe");
  const bar = frame.querySelector(".scale");
  const [, , W, H] = map.getAttribute("viewBox").split(" ").map(Number);
  const unitM = Number(map.dataset.unitM);
  const LEVELS = [0.35, 0.65, 1.1, 2.2, 4.4, 9, 18, 36]; // as in _labels.py
  const narrowest = Math.min(W, 4000 / unitM);
  const now = { x: 0, y: 0, w: W };
  const clamp = (v, low, high) => Math.min(Math.max(v, low), high);
  const draw = () => {
    now.w = clamp(now.w, narrowest, W);
    const h = now.w * H / W;
    now.x = clamp(now.x, 0, W - now.w);
    now.y = clamp(now.y, 0, H - h);
    map.setAttribute("viewBox", `${now.x} ${now.y} ${now.w} ${h}`);
    const width = frame.clientWidth || W;
    const perUnit = width / now.w;
    map.style.setProperty("--k", String(1 / perUnit));
    let z = 0;
    while (z + 1 < LEVELS.length && LEVELS[z + 1] <= perUnit * 1.02) z += 1;
    map.setAttribute("class", `z${z}`);
    frame.classList.toggle("zoomed", now.w < W * 0.999);
    if (bar) {
      const fifthKm = width / 5 / perUnit * unitM / 1000;
      const power = 10 ** Math.floor(Math.log10(fifthKm));
      const km = power * [5, 2, 1].find((step) => step * power <= fifthKm);
      bar.style.width = `${km * 1000 / unitM * perUnit}px`;
      bar.firstChild.textContent = km < 1 ? `${Math.round(km * 1000)} m` : `${km} km`;
    }
  };
  const zoom = (factor, px, py) => { // about a place, in shares of the frame
    const h = H / W;
    const w = clamp(now.w / factor, narrowest, W);
    now.x += (now.w - w) * px;
    now.y += (now.w - w) * h * py;
    now.w = w;
    draw();
  };
  const move = (dx, dy) => { now.x += dx * now.w; now.y += dy * now.w; draw(); };
  const acts = {
    in: () => zoom(1.6, 0.5, 0.5), out: () => zoom(1 / 1.6, 0.5, 0.5),
    left: () => move(-0.15, 0), right: () => move(0.15, 0), up: () => move(0, -0.15), down: () => move(0, 0.15),
    all: () => { now.x = 0; now.y = 0; now.w = W; draw(); },
  };
  for (const button of all("[data-map]")) button.addEventListener("click", acts[button.dataset.map]);
  const keys = {
    "+": "in", "=": "in", "-": "out", "_": "out", 0: "all",
    ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down",
  };
  frame.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    acts[act]();
  });
  const share = (event) => {
    const box = map.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  frame.addEventListener("wheel", (event) => {
    if (document.activeElement !== frame && !event.ctrlKey) return; // the page scrolls on
    event.preventDefault();
    zoom(Math.exp(-clamp(event.deltaY, -200, 200) * 0.0022), ...share(event));
  }, { passive: false });
  frame.addEventListener("dblclick", (event) => zoom(2, ...share(event)));
  const fingers = new Map();
  let travelled = 0;
  frame.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    if (!fingers.size) travelled = 0;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
  });
  frame.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const [x, y] = [event.clientX, event.clientY];
    const box = map.getBoundingClientRect();
    travelled += Math.hypot(x - before[0], y - before[1]);
    if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
      const is = Math.hypot(x - other[0], y - other[1]);
      if (was > 5) zoom(is / was, ((x + other[0]) / 2 - box.left) / box.width, ((y + other[1]) / 2 - box.top) / box.height);
    } else if (now.w < W && travelled > 4) {
      frame.classList.add("moving");
      frame.setPointerCapture(event.pointerId);
      move((before[0] - x) / box.width, (before[1] - y) / box.width);
    }
    fingers.set(event.pointerId, [x, y]);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    frame.addEventListener(end, (event) => {
      fingers.delete(event.pointerId);
      frame.classList.remove("moving");
    });
  }
  map.addEventListener("click", (event) => {
    if (travelled > 6) return;
    let best = null;
    let least = 14;
    for (const spot of all(".marks [data-r]", map)) {
      const box = spot.getBoundingClientRect();
      const away = Math.hypot(box.left + box.width / 2 - event.clientX, box.top + box.height / 2 - event.clientY);
      if (away < least) { least = away; best = spot; }
    }
    const under = event.target.closest("[data-c], [data-r]");
    if (best) chooseFrom(best);
    else if (under) chooseFrom(under);
    else choose(null);
  });
  window.addEventListener("resize", draw);
  window.addEventListener("beforeprint", () => { map.style.removeProperty("--k"); });
  // On paper everything is unfolded, and folded again afterwards.
  let unfolded = [];
  window.addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details:not([open])")];
    for (const fold of unfolded) fold.open = true;
  });
  window.addEventListener("afterprint", () => { for (const fold of unfolded) fold.open = false; });
  window.addEventListener("afterprint", draw);
  draw();

  // Bring the selected thing into view
  const scrollTo = (e, block) => e && e.scrollIntoView({ block, inline: "nearest" });
  const showOnMap = () => {
    const spot = document.querySelector(".marks .sel");
    if (!spot) return;
    const at = spot.transform.baseVal.consolidate().matrix;
    now.w = Math.min(now.w, W / 2.5);
    now.x = at.e - now.w / 2;
    now.y = at.f - now.w * H / W / 2;
    draw();
    scrollTo(frame, "center");
  };
  const go = {
    map: showOnMap,
    timeline: () => {
      const tick = document.querySelector("#timeline .pic.sel");
      const lane = tick && tick.closest(".lane");
      scrollTo(lane || byId("when"), lane ? "center" : "start");
      if (!tick) return;
      const chart = byId("timeline");
      const box = chart.getBoundingClientRect();
      chart.scrollLeft += tick.getBoundingClientRect().left - box.left - box.width / 2;
    },
    row: () => scrollTo(
      document.querySelector("#pictures-table tr.sel") || document.querySelector("#requests-table tr.sel"),
      "center",
    ),
    none: () => choose(null),
  };
  for (const button of all("[data-go]")) button.addEventListener("click", go[button.dataset.go]);

  // A longer time axis, with finer hours
  const chart = byId("timeline");
  const plot = chart.querySelector(".plot");
  const start = Number(plot.dataset.start);
  const span = Number(plot.dataset.stop) - start;
  const hours = plot.querySelector(".hours");
  const lines = plot.querySelector(".gr");
  const first = { hours: hours.innerHTML, lines: lines.getAttribute("d") };
  let longer = 1;
  const stretch = (factor, about) => {
    const before = plot.clientWidth;
    const place = (chart.scrollLeft + about) / before;
    longer = clamp(factor, 1, 128);
    plot.style.setProperty("--zoom", String(longer));
    chart.scrollLeft = place * plot.clientWidth - about;
    if (longer === 1) {
      hours.innerHTML = first.hours;
      lines.setAttribute("d", first.lines);
      return;
    }
    const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((m) => 60 * m);
    const step = steps.find((s) => span / s <= plot.clientWidth / 70) || 86400;
    hours.replaceChildren();
    let d = "";
    for (let at = Math.ceil(start / step) * step; at <= start + span; at += step) {
      const label = document.createElement("span");
      label.className = "hour";
      label.style.left = `${100 * (at - start) / span}%`;
      label.textContent = at % 86400 ? new Date(at * 1000).toISOString().slice(11, 16) : "";
      hours.append(label);
      d += `M${Math.round((at - start) / span * 20000)} 0V100`;
    }
    lines.setAttribute("d", d);
  };
  const stretchBy = {
    in: () => stretch(longer * 2, chart.clientWidth / 2),
    out: () => stretch(longer / 2, chart.clientWidth / 2),
    all: () => stretch(1, 0),
  };
  for (const button of all("[data-time]")) button.addEventListener("click", stretchBy[button.dataset.time]);
  chart.addEventListener("keydown", (event) => {
    const act = { "+": "in", "=": "in", "-": "out", 0: "all" }[event.key];
    if (!act || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    stretchBy[act]();
  });
})();
