// Search over all pages, copy buttons, and contents that are open where there is room.
(() => {
  "use strict";
  const side = document.getElementById("side");
  const wide = window.matchMedia("(min-width: 54.01rem)");
  const fit = () => side.toggleAttribute("open", wide.matches);
  wide.addEventListener("change", fit);
  fit();

  for (const block of document.querySelectorAll("div.code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("pre").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    block.append(button);
  }

  for (const details of document.querySelectorAll("section:target details")) details.open = true;

  const input = document.getElementById("search");
  const found = document.getElementById("found");
  input.hidden = false;
  let index = null;
  let chosen = -1;

  const score = (entry, words) => {
    const title = entry.title.toLowerCase();
    const rest = `${entry.page} ${entry.text}`.toLowerCase();
    let sum = 0;
    for (const word of words) {
      if (title === word) sum += 12;
      else if (title.includes(word)) sum += 6;
      else if (rest.includes(word)) sum += 1;
      else return 0;
    }
    return sum;
  };

  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = words.length
      ? index.map((entry) => [score(entry, words), entry]).filter(([s]) => s > 0)
          .sort((a, b) => b[0] - a[0]).slice(0, 12)
      : [];
    chosen = -1;
    found.replaceChildren(...hits.map(([, entry]) => {
      const row = document.createElement("li");
      const link = document.createElement("a");
      link.href = `${document.body.dataset.docs}${entry.url}`;
      link.textContent = entry.title;
      const more = document.createElement("small");
      more.textContent = `${entry.page} — ${entry.text}`;
      link.append(more);
      row.append(link);
      return row;
    }));
    if (words.length && !hits.length) {
      const none = document.createElement("li");
      none.className = "p-2";
      none.textContent = "Nothing found.";
      found.append(none);
    }
    found.hidden = !words.length;
  };

  const search = async () => {
    index ??= await (await fetch(document.body.dataset.search)).json();
    show();
  };

  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    const rows = found.querySelectorAll("li a");
    if (event.key === "Escape") { input.value = ""; show(); input.blur(); }
    if (!rows.length) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      rows[chosen]?.parentElement.classList.remove("chosen");
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : rows.length - 1) + rows.length) % rows.length;
      rows[chosen].parentElement.classList.add("chosen");
      rows[chosen].scrollIntoView({ block: "nearest" });
    }
    if (event.key === "Enter") rows[Math.max(chosen, 0)].click();
  });
  found.addEventListener("click", () => { found.hidden = true; input.value = ""; });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) {
      event.preventDefault();
      input.focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".search")) found.hidden = true;
  });
})();
