"use strict";
// Filters, the state of the view in the URL, and copy buttons. The page is complete without this script.

const form = document.getElementById("filter");
const rows = [...document.querySelectorAll("[data-o]")];
const areas = [...document.querySelectorAll(".area")];
const shown = document.getElementById("shown");
const texts = new Map();

/** The fields of the form in addition to the outcomes; a selection is compared with data of a row. */
const FIELDS = { area: "a", level: "l", helm: "e", flow: "f", text: "t" };
const fields = Object.keys(FIELDS).filter((name) => form?.elements[name]);

/** The state in the fragment: `#ID` is a place; `#outcome=fail,warn&helm=4.3%2B&at=ID` is a view. */
function read() {
  const fragment = location.hash.slice(1);
  if (fragment && !fragment.includes("=")) {
    return new URLSearchParams({ at: fragment });
  }
  return new URLSearchParams(fragment);
}

/** The state of the form. */
function collect() {
  const state = new URLSearchParams();
  const outcomes = [...form.querySelectorAll("[name=outcome]:checked")].map((box) => box.value);
  if (outcomes.length) {
    state.set("outcome", outcomes.join(","));
  }
  for (const name of fields) {
    if (form.elements[name].value) {
      state.set(name, form.elements[name].value);
    }
  }
  return state;
}

/** Sets the form to a state. */
function fill(state) {
  const outcomes = (state.get("outcome") ?? "").split(",");
  for (const box of form.querySelectorAll("[name=outcome]")) {
    box.checked = outcomes.includes(box.value);
  }
  for (const name of fields) {
    form.elements[name].value = state.get(name) ?? "";
  }
}

function textOf(row) {
  if (!texts.has(row)) {
    texts.set(row, `${row.textContent} ${row.dataset.t ?? ""}`.toLowerCase());
  }
  return texts.get(row);
}

function matches(row, state) {
  const has = (list, wanted) => list === wanted || (list ?? "").split(" ").includes(wanted);
  const isSelected = (name) => has(row.dataset[FIELDS[name]], state.get(name));
  const outcomes = state.get("outcome")?.split(",") ?? [];
  const words = (state.get("text") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return (
    (!outcomes.length || outcomes.some((outcome) => has(row.dataset.o, outcome))) &&
    fields.every((name) => name === "text" || !state.get(name) || isSelected(name)) &&
    words.every((word) => textOf(row).includes(word))
  );
}

/** Shows the rows that match. */
function apply(state) {
  let count = 0;
  for (const row of rows) {
    row.hidden = !matches(row, state);
    count += row.hidden ? 0 : 1;
  }
  const isFiltered = [...state].length > 0;
  for (const area of areas) {
    area.hidden = !area.querySelector(".results > li:not([hidden])");
    area.open = isFiltered;
  }
  const noun = shown.dataset.noun ?? "result";
  shown.textContent = count === rows.length ? `${count} ${noun}s` : `${count} of ${rows.length} ${noun}s`;
}

/** Unfolds an element and everything around it, and scrolls to it. */
function reveal(id) {
  for (const old of document.querySelectorAll(".at")) {
    old.classList.remove("at");
  }
  const element = document.getElementById(id);
  if (!element) {
    return;
  }
  element.hidden = false;
  element.closest(".area")?.removeAttribute("hidden");
  for (let around = element; around; around = around.parentElement) {
    if (around instanceof HTMLDetailsElement) {
      around.open = true;
    }
  }
  element.querySelector(":scope > details")?.setAttribute("open", "");
  element.classList.add("at");
  element.scrollIntoView();
}

/** Shows the view of the URL. */
function show() {
  const state = read();
  const at = state.get("at");
  state.delete("at");
  const isPlace = at && ![...state].length;
  if (!isPlace) {
    fill(state);
    apply(state);
  }
  if (at) {
    reveal(at);
  } else if ([...state].length) {
    document.getElementById("results").scrollIntoView();
  }
}

function change() {
  const state = collect();
  history.replaceState(null, "", `#${state}`);
  apply(state);
}

function addCopyButtons() {
  for (const code of document.querySelectorAll(".copy")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${code.textContent}`);
    button.addEventListener("click", () => copy(code, button));
    code.after(button);
  }
}

async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    // Without permission the text is selected, so that a key copies it.
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

/** Findings are printed unfolded. */
function unfoldForPrint() {
  const folded = [...document.querySelectorAll("#findings details:not([open]), #unverified details:not([open])")];
  for (const details of folded) {
    details.open = true;
  }
  addEventListener("afterprint", () => folded.forEach((details) => (details.open = false)), { once: true });
}

function addFilter() {
  form.hidden = false;
  form.addEventListener("input", change);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(change));
  addEventListener("hashchange", show);
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      form.elements.text.focus();
    }
  });
  show();
}

addCopyButtons();
addEventListener("beforeprint", unfoldForPrint);
// A comparison has no filter.
if (form) {
  addFilter();
}
