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
    focused = document.activeElement?.id || "";
    emitEvent("turn", search, ++turns);
  };

  window.lanecast = {
    drawn(at, told, turn) {
      if (turn !== turns) return; // that was an earlier query
      const fresh = one("#fresh");
      if (fresh && at) { fresh.dateTime = at; fresh.textContent = told; }
      ages();
      if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
      focused = "";
      root.dataset.ready = "true";
      linked();
    },
    say(told) { one("#live").textContent = told; },
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
  let typed = 0;
  const suggest = (input) => {
    clearTimeout(typed);
    typed = setTimeout(() => emitEvent("do", input.dataset.suggest, fields(input.form)), 150);
  };

  const fields = (form) => Object.fromEntries(new FormData(form).entries());
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
    if (form.matches("[data-turn]")) { event.preventDefault(); turned(form); }
    if (form.matches("[data-do]")) {
      event.preventDefault();
      const pressed = event.submitter?.name ? { [event.submitter.name]: event.submitter.value } : {};
      const secret = form.querySelector("[data-private]");
      if (secret) {
        clearTimeout(typed);
        history.replaceState(null, "", `#${new URLSearchParams({ q: secret.value })}`);
      }
      emitEvent("do", form.dataset.do, { ...fields(form), ...pressed });
    }
  });
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form?.matches("[data-turn]")) turned(form);
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
