(() => {
  "use strict";
  const list = document.querySelector("ol.checklist");
  if (list) {
    const key = "leaver:" + location.pathname.split("/").pop() + ":" + list.dataset.report;
    const boxes = [...list.querySelectorAll("input")];
    let kept = "";
    try { kept = localStorage.getItem(key) || ""; } catch { kept = ""; }
    for (const box of boxes) {
      box.checked = kept.split(" ").includes(box.id);
      box.addEventListener("change", () => {
        const ticked = boxes.filter((one) => one.checked).map((one) => one.id).join(" ");
        try { localStorage.setItem(key, ticked); } catch { /* They last as long as the page then. */ }
      });
    }
  }
  const bar = document.getElementById("filter");
  if (!bar) return;
  const [text, step, severity, who, grade] = bar.querySelectorAll("input, select");
  const shown = document.getElementById("shown");
  const articles = [...document.querySelectorAll("article[data-step]")].map((article) => ({
    article,
    step: article.dataset.step,
    about: article.querySelector("header").textContent.toLowerCase(),
    details: article.querySelector("details"),
    rows: [...article.querySelectorAll("tbody tr")].map((row) => ({
      row, text: row.textContent.toLowerCase(), severity: row.className, who: row.dataset.who, grade: row.dataset.grade || "",
    })),
  }));
  const sections = [...document.querySelectorAll("section[data-step]")];
  const wasOpen = new Map(articles.filter((one) => one.details).map((one) => [one.details, one.details.open]));
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtered = words.length > 0 || [step, severity, who, grade].some((one) => one.value !== "");
    let count = 0;
    for (const one of articles) {
      let left = 0;
      for (const { row, text, severity: its, who: whose, grade: known } of one.rows) {
        const found = words.every((word) => text.includes(word) || one.about.includes(word));
        const fits = (wanted, has) => wanted.value === "" || wanted.value === has;
        row.hidden = !(found && fits(severity, its) && fits(who, whose) && fits(grade, known));
        if (!row.hidden) left += 1;
      }
      one.article.hidden = left === 0 || (step.value !== "" && one.step !== step.value);
      if (one.details) one.details.open = filtered ? left <= 200 : wasOpen.get(one.details);
      if (!one.article.hidden) count += left;
    }
    for (const section of sections) {
      section.hidden = !section.querySelector("article:not([hidden])");
    }
    shown.textContent = count === 1 ? "1 shown" : count + " shown";
  };
  let waiting = 0;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); };
  text.addEventListener("input", soon);
  step.addEventListener("change", apply);
  for (const one of [severity, who, grade]) one.addEventListener("change", apply);
  addEventListener("beforeprint", () => { for (const details of wasOpen.keys()) details.open = true; });
  addEventListener("afterprint", apply);
  bar.hidden = false;
  apply();
})();
