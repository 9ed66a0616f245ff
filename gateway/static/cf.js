/* The lender's embed: shows what a price costs by instalments, and takes the buyer to the checkout.

   <span data-cf-price data-cf-amount-fen="599900" data-cf-app-id="app_…"></span>
   <button data-cf-checkout="https://…/checkout/…">分期付款</button>

   No dependencies, no cookies, no tracking. The annual rate stands first (PBoC announcement 2021 no. 3). */
(() => {
  "use strict";
  const script = document.currentScript;
  const gateway = script.src.replace(/\/embed\/.*$/, "");
  const yuan = (fen) => "¥" + (fen / 100).toLocaleString("zh-CN", { minimumFractionDigits: 2 });
  const percent = (rate) => (Number(rate) * 100).toFixed(2) + "%";

  const style = document.createElement("style");
  if (script.nonce) style.nonce = script.nonce;
  style.textContent = `
    .cf-price{font:inherit;color:#1a4fba;background:none;border:0;padding:0;cursor:pointer;text-align:left}
    .cf-price b{font-weight:600}
    .cf-dialog{border:0;border-radius:14px;padding:0;width:min(92vw,420px);color:#1d2129;
      box-shadow:0 12px 48px rgba(0,0,0,.25);font:15px/1.6 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif}
    .cf-dialog::backdrop{background:rgba(0,0,0,.45)}
    .cf-dialog .cf-head{display:flex;justify-content:space-between;padding:16px 20px 4px;font-weight:600}
    .cf-dialog .cf-head button{border:0;background:none;font-size:20px;line-height:1;cursor:pointer}
    .cf-dialog table{width:100%;border-collapse:collapse}
    .cf-dialog td,.cf-dialog th{padding:8px 6px;text-align:right;white-space:nowrap;border-top:1px solid #eef0f4}
    .cf-dialog tr>:first-child{padding-left:20px}
    .cf-dialog tr>:last-child{padding-right:20px}
    .cf-dialog td:first-child,.cf-dialog th:first-child{text-align:left}
    .cf-dialog th{font-weight:400;color:#6b7280;font-size:13px;border:0}
    .cf-dialog p{margin:0;padding:10px 20px 18px;color:#6b7280;font-size:12px}`;
  document.head.append(style);

  const node = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const dialog = (quote) => {
    const box = node("dialog", undefined, "cf-dialog");
    const head = node("div", "分期方案", "cf-head");
    const close = node("button", "×");
    close.setAttribute("aria-label", "关闭");
    close.onclick = () => box.close();
    head.append(close);
    const table = node("table");
    const titles = node("tr");
    for (const title of ["期数", "年化(单利)", "每期", "总成本"]) titles.append(node("th", title));
    table.append(titles);
    for (const offer of quote.offers) {
      const row = node("tr");
      row.append(
        node("td", offer.periods + " 期"),
        node("td", percent(offer.rate_annual)),
        node("td", yuan(offer.instalment_fen)),
        node("td", offer.interest_free ? "免息" : yuan(offer.cost_total_fen)),
      );
      table.append(row);
    }
    box.append(head, table, node("p", "具体以审批结果和综合融资成本明示表为准。贷款有风险,请合理借贷。"));
    box.addEventListener("close", () => box.remove());
    box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
    document.body.append(box);
    box.showModal();
  };

  const show = async (place) => {
    const { cfAmountFen, cfAppId } = place.dataset;
    const query = new URLSearchParams({ app_id: cfAppId, amount_fen: cfAmountFen });
    const answer = await fetch(`${gateway}/embed/v1/price-message?${query}`);
    if (!answer.ok) return; // no offer for this price: the page shows none
    const quote = await answer.json();
    const button = node("button", quote.message + " ›", "cf-price");
    button.type = "button";
    button.onclick = () => dialog(quote);
    place.replaceChildren(button);
  };

  const start = () => {
    document.querySelectorAll("[data-cf-price]").forEach((place) => show(place).catch(() => {}));
    document.querySelectorAll("[data-cf-checkout]").forEach((button) => {
      button.addEventListener("click", () => { location.href = button.dataset.cfCheckout; });
    });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
