// Theme, keys, search and drawer; and the one way in which markup talks to the server:
// data-turn changes the query of the page in place, data-do asks for something by name.
(() => {
  "use strict";
  const root = document.documentElement;
  const base = new URL("..", document.currentScript.src).pathname;
  const stored = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const theme = stored("lanecast-theme");
  if (theme) root.dataset.theme = theme;

  // The server tells times in the zone of the browser.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const cookie = `lanecast_zone=${encodeURIComponent(zone)}`;
  if (!document.cookie.split("; ").includes(cookie)) {
    document.cookie = `${cookie}; Path=/; SameSite=Strict; Max-Age=31536000`;
    const known = document.cookie.split("; ").includes(cookie);
    if (known && !location.pathname.endsWith("/sign-in")) location.reload();
  }

  const one = (selector) => document.querySelector(selector);
  const typing = (element) => element.matches("input, select, textarea, [contenteditable]");
  let before = 0; // when g was pressed
  let focused = "";
  let turns = 0; // changes of the query

  const turn = (search) => {
    delete root.dataset.ready;
    held = null; // what was in hand belongs to what was seen before
    focused = document.activeElement?.id || "";
    emitEvent("turn", search, ++turns);
  };

  // When the data changes, the page is drawn anew: what somebody has in hand is held meanwhile,
  // and given back afterwards; what says something else than before is marked for a moment.
  const ACTS = "a[href], button, input, select, textarea, summary";
  const inParts = (selector) => [...document.querySelectorAll(`.part :is(${selector})`)];
  const name = (e) => [e.tagName, e.id, e.getAttribute("href"), e.form?.dataset.do, e.name, e.dataset.do, e.dataset.value,
    e.matches("button") ? e.value : e.matches("summary") ? e.textContent : "", e.closest("tr")?.querySelector("th")?.textContent].join("|");
  const typed = (e) => e.matches("textarea, input:not([type=hidden])") ? e.value !== e.defaultValue : e.matches("select") && ![...e.options].some((o) => o.defaultSelected && o.selected);
  const told = (e) => e.querySelector("a")?.href ?? (e.matches("li") ? e.textContent : e.firstElementChild?.textContent);
  const said = () => [...document.querySelectorAll(".part [data-row], .part .figure, .part .timeline li")].map((e) => [told(e), e]);
  let held = null, announced = 0;
  const hold = () => {
    if (document.hidden || !root.dataset.ready || one("dialog[open]") || !getSelection().isCollapsed) return false;
    const active = document.activeElement;
    held = {
      focus: active?.closest(".part") ? name(active) : "",
      caret: active?.matches("textarea, input[type=search], input:not([type])") ? [active.selectionStart, active.selectionEnd] : null,
      typed: new Map(inParts("input, select, textarea").filter(typed).map((e) => [name(e), e.value])),
      open: new Set(inParts("details[open] > summary").map((e) => e.textContent)),
      slid: inParts(".table, .drawer").map((e) => [e.scrollLeft, e.scrollTop]),
      said: new Map(said().map(([name, e]) => [name, e.textContent])),
    };
    return true;
  };
  const give = () => {
    if (!held) return;
    const had = held;
    held = null;
    inParts("summary").forEach((e) => { if (had.open.has(e.textContent)) e.parentElement.open = true; });
    inParts(".table, .drawer").forEach((e, i) => { if (had.slid[i]) [e.scrollLeft, e.scrollTop] = had.slid[i]; });
    inParts(ACTS).forEach((e) => {
      if (had.typed.has(name(e))) e.value = had.typed.get(name(e));
      if (had.focus !== name(e) || document.activeElement !== document.body) return;
      e.focus({ preventScroll: true });
      if (had.caret) e.setSelectionRange(...had.caret);
    });
    const changed = said().filter(([name, e]) => had.said.get(name) !== e.textContent);
    changed.forEach(([, e]) => e.classList.add("changed"));
    one(".fresh")?.classList.remove("changed");
    requestAnimationFrame(() => one(".fresh")?.classList.add("changed"));
    if (!changed.length || Date.now() - announced < 30000) return;
    announced = Date.now();
    one("#live").textContent = "New data: the page has changed.";
  };

  window.lanecast = {
    drawn(at, told, turn) {
      if (turn !== turns) return; // that was an earlier query
      const fresh = one("#fresh");
      if (fresh && at) { fresh.dateTime = at; fresh.textContent = told; }
      ages();
      reach();
      if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
      focused = "";
      give();
      root.dataset.ready = "true";
      linked();
    },
    say(told) { one("#live").textContent = told; },
    hold,
    colour(name) { return getComputedStyle(root).getPropertyValue(name).trim(); },
    search: turn,
  };

  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const flip = () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("lanecast-theme", root.dataset.theme); } catch { /* not remembered */ }
    document.dispatchEvent(new Event("lanecast-theme"));
  };
  const drawer = (open) => {
    document.body.classList.toggle("open", open);
    one("[data-menu]")?.setAttribute("aria-expanded", String(open));
  };
  const seek = () => { document.body.classList.add("seeking"); one(".search input")?.focus(); };
  const close = () => {
    drawer(false);
    document.body.classList.remove("seeking");
    one(".who")?.removeAttribute("open");
    found([]);
  };

  // What is wider than its place can be scrolled by keyboard too.
  const reach = () => document.querySelectorAll(".table").forEach((each) => {
    if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
    else each.removeAttribute("tabindex");
  });
  addEventListener("resize", reach);

  // How old the data is, in words; an age that says nothing is left to the date.
  const ages = () => document.querySelectorAll("time[data-age]").forEach((each) => {
    const minutes = Math.floor((Date.now() - Date.parse(each.dateTime)) / 60000);
    if (!(minutes >= 0 && minutes <= 2880)) return;
    const told = minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
    each.textContent = `data ${told} old`;
    each.classList.toggle("old", minutes > 60);
  });
  setInterval(ages, 30000);

  // Search: a combobox whose list comes from the server.
  let hits = [], at = -1, asked = 0;
  const found = (rows) => {
    const list = one("#found"), input = one(".search input");
    if (!list) return;
    hits = rows; at = -1;
    list.replaceChildren(...rows.map((row, i) => {
      const item = document.createElement("li");
      item.id = `found-${i}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      const name = document.createElement("strong"), more = document.createElement("span");
      name.textContent = row.name;
      more.textContent = `${row.kind}, ${row.more}`;
      more.className = "muted small";
      item.append(name, more);
      item.addEventListener("mousedown", (event) => { event.preventDefault(); go(i); });
      return item;
    }));
    list.hidden = !rows.length;
    input.setAttribute("aria-expanded", String(rows.length > 0));
    input.removeAttribute("aria-activedescendant");
  };
  const go = (i) => { location.href = base.replace(/\/$/, "") + hits[i].path; };
  const choose = (step) => {
    if (!hits.length) return;
    at = (at + step + hits.length) % hits.length;
    document.querySelectorAll("#found li").forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
    one(".search input").setAttribute("aria-activedescendant", `found-${at}`);
  };
  const ask = async (text) => {
    const mine = ++asked;
    if (!text.trim()) return found([]);
    const body = JSON.stringify({ text });
    const answer = await fetch(`${base}find`, { method: "POST", body, headers: { "Content-Type": "application/json" } });
    if (mine === asked && answer.ok) found(await answer.json());
  };

  // What somebody typed stands behind the # of the address, which no server and no log ever sees.
  let opened = false;
  const linked = () => {
    const input = one("[data-private]");
    if (opened || !input) return;
    opened = true;
    const text = new URLSearchParams(location.hash.slice(1)).get("q");
    if (text) { input.value = text; input.form.requestSubmit(); }
  };
  let asking = 0, settled = 0;
  const suggest = (input) => {
    clearTimeout(asking);
    asking = setTimeout(() => emitEvent("do", input.dataset.suggest, fields(input.form)), 150);
  };

  const fields = (form) => {
    const values = Object.fromEntries(new FormData(form).entries());
    form.querySelectorAll("input[type=datetime-local]").forEach((input) => {
      if (input.value) values[input.name] = new Date(input.value).toISOString().replace(".000Z", "Z");
    });
    return values;
  };
  const turned = (form) => {
    const query = new URLSearchParams(fields(form));
    for (const [name, value] of [...query]) if (!value) query.delete(name);
    history.pushState(null, "", `?${query}`);
    turn(`?${query}`);
  };
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
  const step = (by) => {
    const all = rows(), here = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[Math.max(0, Math.min(all.length - 1, here < 0 ? 0 : here + by))];
    (next?.matches("a") ? next : next?.querySelector("a"))?.focus();
  };

  addEventListener("popstate", () => turn(location.search));
  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-turn], [data-do], [data-menu], [data-find], [data-theme-turn], [data-help], [data-row], .skip");
    if (!event.target.closest?.(".who")) one(".who")?.removeAttribute("open");
    if (!target) { if (!event.target.closest?.(".side")) drawer(false); return; }
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    if (target.matches("a[data-turn]") && plain) {
      event.preventDefault();
      const search = new URL(target.getAttribute("href"), location.href).search; // a map has links too
      history.pushState(null, "", search || location.pathname);
      turn(search);
    } else if (target.matches("button[data-do]")) {
      if (!target.form || target.type === "button") emitEvent("do", target.dataset.do, { value: target.dataset.value ?? "" });
    } else if (target.matches("[data-menu]")) drawer(!document.body.classList.contains("open"));
    else if (target.matches("[data-find]")) seek();
    else if (target.matches("[data-theme-turn]")) flip();
    else if (target.matches("[data-help]")) one("#help").showModal();
    else if (target.matches(".skip")) {
      event.preventDefault();
      const main = one("main");
      main?.setAttribute("tabindex", "-1");
      main?.focus();
    } else if (target.matches("[data-row]") && plain && !event.target.closest("a, button") && !getSelection().toString()) {
      target.querySelector("a")?.click();
    }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches(".search")) {
      event.preventDefault();
      const text = form.q.value.trim();
      if (hits.length) go(Math.max(at, 0));
      else if (text) location.href = `${base}parcels?status=all&search=${encodeURIComponent(text)}`;
    }
    if (form.matches("[data-turn]")) { event.preventDefault(); clearTimeout(settled); turned(form); }
    if (form.matches("[data-do]")) {
      event.preventDefault();
      const pressed = event.submitter?.name ? { [event.submitter.name]: event.submitter.value } : {};
      const secret = form.querySelector("[data-private]");
      if (secret) {
        clearTimeout(asking);
        history.replaceState(null, "", `#${new URLSearchParams({ q: secret.value })}`);
      }
      emitEvent("do", form.dataset.do, { ...fields(form), ...pressed });
    }
  });
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    clearTimeout(settled);
    if (!form?.matches("[data-turn]")) return;
    if (event.target.type.startsWith("date")) settled = setTimeout(() => turned(form), 800); // typed digit by digit
    else turned(form);
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches(".search input")) ask(event.target.value);
    if (event.target.matches("[data-suggest]")) suggest(event.target);
  });
  document.addEventListener("focusout", (event) => {
    if (!event.target.matches?.(".search input")) return;
    found([]);
    document.body.classList.remove("seeking");
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches?.(".search input")) {
      if (event.key === "ArrowDown") { event.preventDefault(); choose(1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); choose(-1); }
    }
    if (event.key === "Escape") {
      if (!typing(event.target)) one("[data-close]")?.click(); // the drawer
      close();
      if (typing(event.target)) event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || one("dialog[open]")) return;
    const second = Date.now() - before < 1500;
    before = 0;
    if (second) {
      const link = [...document.querySelectorAll(".side a")].find((each) => each.dataset.letter === event.key);
      if (link) { event.preventDefault(); link.click(); return; }
    }
    if (event.key === "g") before = Date.now();
    else if (event.key === "/") { event.preventDefault(); seek(); }
    else if (event.key === "?") { event.preventDefault(); one("#help")?.showModal(); }
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
  });
})();
