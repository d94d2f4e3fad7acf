// Everything works without this file. It saves a click here and there.
"use strict";
(() => {
  const all = (selector) => Array.from(document.querySelectorAll(selector));

  // A second click on the same button would be refused; it is not even sent.
  for (const form of all("form[method=post]")) {
    form.addEventListener("submit", () => {
      for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; }, 0);
    });
  }

  // Coming back with the browser's arrow shows the page as it was: its buttons work again.
  addEventListener("pageshow", () => { for (const button of all("button")) button.disabled = false; });

  // All at once.
  for (const box of all("input[data-all]")) {
    box.addEventListener("change", () => {
      for (const one of all(`input[name="${box.dataset.all}"]`)) one.checked = box.checked;
    });
  }

  // A file that the server would refuse is not sent at all.
  for (const file of all("input[type=file][data-largest]")) {
    file.addEventListener("change", () => {
      const chosen = file.files[0];
      const tooLarge = chosen && chosen.size > Number(file.dataset.largest);
      file.setCustomValidity(tooLarge ? "The file is too large: send the CSV file alone." : "");
      file.reportValidity();
    });
  }

  // What was typed into a table is not lost by a stray click.
  const grid = document.querySelector("form[data-guard]");
  if (grid) {
    let changed = false;
    grid.addEventListener("input", () => { changed = true; });
    grid.addEventListener("submit", () => { changed = false; });
    addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  }
})();
