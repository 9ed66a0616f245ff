/* Small help for the pages; every form works without it, except that the cost table's end must be seen. */
(() => {
  "use strict";
  document.querySelectorAll("form[data-once]").forEach((form) => {
    form.addEventListener("submit", () => {
      form.querySelectorAll("button").forEach((button) => { button.disabled = true; });
    });
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  const waiting = document.querySelector("[data-wait]");
  if (waiting) {
    const ask = async () => {
      try {
        const answer = await fetch(waiting.dataset.wait, { cache: "no-store" });
        if (answer.ok) {
          const due = await answer.json();
          if (due.to) return location.assign(due.to);
          if (due.step !== waiting.dataset.step) return location.reload();
        }
      } catch { /* the line is cut: ask again */ }
      setTimeout(ask, 700);
    };
    setTimeout(ask, 400);
  }

  const box = document.querySelector("[data-scrolled]");
  if (box && !("done" in box.dataset)) {
    const look = () => {
      if (box.scrollTop + box.clientHeight < box.scrollHeight - 4) return;
      box.removeEventListener("scroll", look);
      fetch(box.dataset.scrolled, { method: "POST", headers: { "x-csrf": box.dataset.csrf } });
    };
    box.addEventListener("scroll", look);
    look();
  }

  const counting = document.querySelector("[data-countdown]");
  if (counting) {
    const text = counting.textContent;
    let left = Number(counting.dataset.countdown);
    const tick = () => {
      counting.disabled = left > 0;
      counting.textContent = left > 0 ? `请阅读(${left} 秒)` : text;
      if (left-- > 0) setTimeout(tick, 1000);
    };
    tick();
  }

  const picture = document.querySelector("input[type=file]");
  if (picture) {
    const name = document.querySelector("[data-file-name]");
    picture.addEventListener("change", () => { name.textContent = picture.files[0]?.name ?? "未选择"; });
  }

  const locating = document.querySelector("form[data-locate]");
  if (locating) {
    const fault = locating.querySelector("[data-locate-fault]");
    let located = !("geolocation" in navigator);
    locating.addEventListener("submit", (event) => {
      if (located) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const go = ({ coords }) => {
        for (const name of ["latitude", "longitude", "accuracy"]) locating.elements[name].value = coords[name];
        located = true;
        locating.requestSubmit();
      };
      const sorry = () => {
        if ("optional" in locating.dataset) { located = true; locating.requestSubmit(); return; }
        fault.textContent = "无法获取定位,请在系统设置中允许定位后重试。";
        fault.hidden = false;
      };
      navigator.geolocation.getCurrentPosition(go, sorry, { enableHighAccuracy: true, timeout: 10000 });
    }, true);
  }

  const life = document.querySelector("[data-life]");
  if (life) {
    let left = Number(life.dataset.life);
    const tick = () => {
      life.textContent = left > 0 ? `${left} 秒后失效` : "付款码已失效,请刷新";
      if (left-- > 0) setTimeout(tick, 1000);
    };
    tick();
  }

  const print = document.querySelector("[data-fingerprint]");
  if (print) {
    const facts = [navigator.userAgent, navigator.language, screen.width, screen.height, devicePixelRatio,
      new Date().getTimezoneOffset(), navigator.hardwareConcurrency].join("|");
    crypto.subtle?.digest("SHA-256", new TextEncoder().encode(facts)).then((digest) => {
      print.value = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    });
  }
})();
