"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const rows = [...document.querySelectorAll("#table tbody tr")];
  const articles = new Map([...document.querySelectorAll("article[data-id]")].map((a) => [a.id, a]));
  const sections = [...document.querySelectorAll("section.theorem")];
  const form = byId("filter");
  const texts = new Map();

  // What the search looks at: what a claim is about, not its numbers.
  for (const [id, article] of articles) {
    const parts = [...article.querySelectorAll(":scope > h4, :scope > p, :scope > .two > dl")];
    texts.set(id, [article.dataset.id, article.dataset.theorem, ...parts.map((p) => p.textContent)].join(" ").toLowerCase());
  }

  const filter = () => {
    const words = byId("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    const theorem = byId("theorem").value, verdict = byId("verdict").value;
    const surprises = byId("surprises").checked, real = byId("real").checked;
    let shown = 0;
    for (const row of rows) {
      const article = articles.get(row.dataset.of), data = article.dataset;
      const fits = (!theorem || data.theorem === theorem) && (!verdict || data.verdict === verdict)
        && (!surprises || data.expected === "no") && (!real || data.real === "yes")
        && words.every((word) => texts.get(article.id).includes(word));
      row.hidden = article.hidden = !fits;
      shown += fits;
    }
    for (const section of sections) section.hidden = !section.querySelector("article:not([hidden])");
    byId("shown").textContent = `${shown} of ${rows.length} claims`;
    byId("none").hidden = shown > 0;
  };

  const sort = (head) => {
    const column = head.cellIndex, numeric = head.classList.contains("number");
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.cells[column].dataset.value;
    const order = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (!numeric) return x.localeCompare(y);
      if (x === "" || y === "") return (x === "") - (y === "");
      return parse(x) - parse(y);
    };
    const body = byId("table").tBodies[0];
    const sorted = [...rows].sort((a, b) => (down ? -1 : 1) * order(a, b));
    // What has no value stays at the end, whichever way the others run.
    if (numeric) sorted.sort((a, b) => (key(a) === "") - (key(b) === ""));
    body.append(...sorted);
  };
  const parse = (text) => (text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text));

  for (const head of document.querySelectorAll("#table thead th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  const clear = () => { form.reset(); filter(); };
  form.querySelector("[type=reset]").addEventListener("click", (event) => { event.preventDefault(); clear(); });
  filter();

  // A link to a claim that the filter hides shows it again.
  const reveal = () => {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (target && target.closest("[hidden]")) { clear(); target.scrollIntoView(); }
  };
  addEventListener("hashchange", reveal);

  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); byId("words").focus(); }
    if (event.key === "Escape" && event.target.id === "words") { event.target.value = ""; filter(); }
  });

  const theme = byId("theme"), root = document.documentElement;
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => { theme.textContent = dark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `Switch to ${dark() ? "light" : "dark"}`); };
  theme.hidden = false;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => label());
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; label(); });
  label();

  const closed = () => [...document.querySelectorAll("details:not([open])")];
  let opened = [];
  addEventListener("beforeprint", () => { opened = closed(); for (const d of opened) d.open = true; });
  addEventListener("afterprint", () => { for (const d of opened) d.open = false; opened = []; });
})();
