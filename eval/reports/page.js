const of = document.getElementById("figures-of");
of.addEventListener("change", () => {
  for (const table of document.querySelectorAll("table.figures")) table.hidden = table.dataset.tag !== of.value;
});
const tag = document.getElementById("tag"), outcome = document.getElementById("outcome");
function filter() {
  let shown = 0;
  for (const row of document.querySelectorAll("#questions tbody tr")) {
    const fits = (!tag.value || JSON.parse(row.dataset.tags).includes(tag.value)) &&
      (!outcome.value || row.dataset.outcome === outcome.value);
    row.hidden = !fits;
    shown += fits;
  }
  document.getElementById("shown").value = shown;
}
tag.addEventListener("change", filter);
outcome.addEventListener("change", filter);
