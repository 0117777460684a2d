// Runs once for each part of the page in which people click. Tells the server what was clicked, and keeps eyes, focus
// and what is unfolded where they were when the part is drawn anew. `element`, `trigger` and `watch` are Gradio's.

const page = (window.pincite ??= { citation: null });
const NARROW = 760; // pixels: below, conversation and document stand one above the other
const ASKING = ["ask", "again", "as-typed"];
const unfolded = new Set();
let clicked = null; // what was clicked last, to be focused again
let step = null; // how the document was moved, with its height before
let seen = ""; // the last exchange that was scrolled to
let top = 0;

page.save = ({ name, type, text }) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

page.take = (question) => { // Gradio reads the box late, perhaps with the first letters of the next question
  page.sent = page.entered ?? question;
  page.entered = null; // what is sent without Enter or a click is what Gradio has read
  type((typed) => typed.replace(page.sent, ""));
  return page.sent;
};

page.giveBack = () => type((typed) => typed || page.sent);

element.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do], [data-copy], [data-link], [data-mark], [data-open]");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if ("copy" in target.dataset) copy(target, target.dataset.copy);
  else if ("link" in target.dataset) copy(target, location.origin + location.pathname + target.dataset.link);
  else if ("mark" in target.dataset) mark(target);
  else if ("open" in target.dataset) open(target);
  else if (!target.dataset.confirm || confirm(target.dataset.confirm)) send(target);
});

element.addEventListener("toggle", ({ target }) => {
  if (target.dataset?.key) target.open ? unfolded.add(target.dataset.key) : unfolded.delete(target.dataset.key);
}, true);

element.addEventListener("scroll", ({ target }) => {
  if (target.classList?.contains("exchanges")) top = target.scrollTop;
}, true);

element.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && element.querySelector(".place")) page.citation?.focus();
});

if (element.querySelector(".place")) {
  window.addEventListener("hashchange", () => {
    if (!/^#(place|near|document)=/.test(location.hash)) return;
    document.querySelector('[role="tab"]')?.click(); // the place is shown beside the conversation
    trigger("click", { do: "link", value: location.hash });
  });
  for (const kind of ["keydown", "click"]) document.addEventListener(kind, enter, true);
}

watch("value", settle);
settle();

function send(target) {
  const { do: what, value } = target.dataset;
  if (what !== "place" && element.querySelector(".pending")) return; // the conversation is being written
  clicked = { what, value };
  if (what === "place") {
    page.citation = target;
    history.replaceState(null, "", target.getAttribute("href"));
  }
  const frame = element.querySelector(".text");
  step = what === "look" && frame ? { value, height: frame.scrollHeight, top: frame.scrollTop } : null;
  trigger(ASKING.includes(what) ? "submit" : "click", { do: what, value }); // what takes long holds nothing else up
}

async function copy(target, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // there is no clipboard on pages that are served without TLS to another machine
    const field = document.body.appendChild(document.createElement("textarea"));
    field.value = text;
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  say(target, "Copied");
}

function open(target) {
  page.citation = null;
  history.replaceState(null, "", target.getAttribute("href"));
  window.dispatchEvent(new Event("hashchange")); // also where the address is the same as before
}

function mark(target) {
  if (document.querySelector("#talk .pending")) return say(target, "Wait for the answer first");
  const frame = element.querySelector(".text");
  const selection = getSelection();
  if (selection.isCollapsed || !frame.contains(selection.anchorNode) || !frame.contains(selection.focusNode)) {
    return say(target, "Select words in the text first");
  }
  const range = selection.getRangeAt(0);
  const before = document.createRange();
  before.selectNodeContents(frame);
  before.setEnd(range.startContainer, range.startOffset);
  const start = Number(frame.dataset.start) + [...before.toString()].length; // characters, not UTF-16 units
  trigger("click", { do: "mark", value: `${start}-${start + [...range.toString()].length}` });
}

function enter({ key, target }) {
  const box = document.querySelector("#question textarea");
  if (target.closest("#question .submit-button") || (key === "Enter" && target === box)) page.entered = box.value;
}

function type(change) {
  const box = document.querySelector("#question textarea");
  box.value = change(box.value);
  box.dispatchEvent(new Event("input"));
}

function say(target, words) {
  const usual = (target.dataset.words ??= target.textContent);
  target.textContent = words;
  setTimeout(() => (target.textContent = usual), 2000);
}

function settle() {
  for (const details of element.querySelectorAll("details[data-key]")) details.open = unfolded.has(details.dataset.key);
  settleConversation();
  settlePlace();
  if (clicked && clicked.what !== "place" && document.activeElement === document.body) {
    const same = [...element.querySelectorAll("[data-do]")].find(
      ({ dataset }) => dataset.do === clicked.what && dataset.value === clicked.value,
    );
    same?.focus({ preventScroll: true });
  }
}

function settleConversation() {
  const frame = element.querySelector(".exchanges");
  const last = frame?.lastElementChild;
  if (!last) return;
  const state = `${frame.childElementCount} ${last.querySelector(".pending") ? "pending" : "done"}`;
  if (state === seen) frame.scrollTop = top;
  else frame.scrollTop = last.offsetTop - frame.offsetTop;
  seen = state;
}

function settlePlace() {
  const section = element.querySelector("section.place");
  if (!section) return;
  const frame = section.querySelector(".text, .sheet");
  const quote = section.querySelector(".quote");
  if (frame && step?.value === "earlier") frame.scrollTop = step.top + frame.scrollHeight - step.height;
  else if (frame && step?.value === "later") frame.scrollTop = step.top;
  else if (frame && quote) {
    const [inside, outside] = [quote.getBoundingClientRect(), frame.getBoundingClientRect()];
    frame.scrollTop += inside.top - outside.top - Math.max(0, (frame.clientHeight - inside.height) / 2);
    frame.scrollLeft += inside.left - outside.left - frame.clientWidth / 3;
  }
  step = null;
  if (section.dataset.opened === "1") {
    section.focus({ preventScroll: true });
    if (innerWidth < NARROW) section.scrollIntoView({ block: "start" });
  }
}
