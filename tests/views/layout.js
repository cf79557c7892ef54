// What is wrong with the layout of the page that is open, as sentences. Read by tests/views/browsing.py.
(coarse) => {
  const faults = [];
  const edge = document.documentElement.clientWidth;
  const say = (what, element) => faults.push(`${what}: ${element.outerHTML.replace(/\s+/g, " ").slice(0, 140)}`);
  const style = (element) => getComputedStyle(element);
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const isHidden = (element) => { // kept for screen readers alone, or moved off the page until it has the focus
    for (let e = element; e && e !== document.body; e = e.parentElement) {
      const s = style(e);
      if (s.clipPath !== "none" || e.classList.contains("skip")) return true;
    }
    return false;
  };
  const scrolls = (element) => {
    for (let e = element.parentElement; e; e = e.parentElement) if (/auto|scroll/.test(style(e).overflowX) && e !== document.documentElement && e !== document.body) return true;
    return false;
  };
  if (document.documentElement.scrollWidth > edge) faults.push(`the page is ${document.documentElement.scrollWidth} px wide on a screen of ${edge} px`);

  const all = [...document.body.querySelectorAll("*")].filter((e) => shown(e) && !e.closest("svg") && !isHidden(e));
  for (const e of all) {
    const box = e.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    if ((box.right > edge + 1 || box.left < -1) && !scrolls(e)) say("outside the page", e);
    const s = style(e);
    if (/hidden|clip/.test(s.overflowX) && s.textOverflow !== "ellipsis" && e.scrollWidth > e.clientWidth + 1 && e.innerText?.trim()) say("text is cut off", e);
  }

  // Text that sticks out of the box it is drawn in.
  const isBox = (s) => s.backgroundColor !== "rgba(0, 0, 0, 0)" || parseFloat(s.borderInlineStartWidth) > 0 || /auto|scroll|hidden/.test(s.overflowX);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || !shown(parent) || parent.closest("svg,select,option,textarea") || isHidden(parent)) continue;
    let holder = parent;
    while (holder !== document.body && (style(holder).display === "inline" || !isBox(style(holder)))) holder = holder.parentElement;
    if (holder === document.body || style(holder).overflowX !== "visible") continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = holder.getBoundingClientRect();
    for (const r of range.getClientRects()) {
      if (r.right > box.right + 1 || r.left < box.left - 1) { say("text sticks out of its box", holder); break; }
    }
  }

  // What one acts on: not over each other, and large enough for a finger (WCAG 2.5.8, with its exceptions for lines of text and for spacing).
  const acting = all.filter((e) => e.matches("a[href],button,input:not([type=hidden]),select,textarea,summary"));
  const boxes = acting.map((e) => {
    const label = e.matches("input[type=checkbox],input[type=radio]") && (e.closest("label") || document.querySelector(`label[for="${CSS.escape(e.id || "-")}"]`));
    const own = e.getBoundingClientRect();
    if (!label) return own;
    const around = label.getBoundingClientRect();
    const [x, y] = [Math.min(own.left, around.left), Math.min(own.top, around.top)];
    return new DOMRect(x, y, Math.max(own.right, around.right) - x, Math.max(own.bottom, around.bottom) - y);
  });
  const inLine = (e) => style(e).display === "inline" && [...e.parentElement.childNodes].some((n) => n !== e && n.textContent.trim());
  for (let i = 0; i < acting.length; i++) {
    const [a, e, own] = [boxes[i], acting[i], acting[i].getBoundingClientRect()];
    if (!a.width || !a.height) continue;
    for (let j = i + 1; j < acting.length; j++) { // a label may hold a link
      const [b, f] = [acting[j].getBoundingClientRect(), acting[j]];
      if (e.contains(f) || f.contains(e) || (inLine(e) && inLine(f)) || !b.width) continue;
      const [w, h] = [Math.min(own.right, b.right) - Math.max(own.left, b.left), Math.min(own.bottom, b.bottom) - Math.max(own.top, b.top)];
      if (w > 2 && h > 2) say(`over another (${f.outerHTML.replace(/\s+/g, " ").slice(0, 70)})`, e);
    }
    if (coarse && e.matches(".btn") && a.height < 43.5) say(`a button ${Math.round(a.height)} px high under a finger`, e);
    if ((a.width >= 24 && a.height >= 24) || inLine(e)) continue;
    const [x, y] = [a.left + a.width / 2, a.top + a.height / 2];
    const near = acting.findIndex((f, j) => {
      const b = boxes[j];
      if (j === i || !b.width || e.contains(f) || f.contains(e)) return false;
      const [dx, dy] = [Math.max(b.left - x, 0, x - b.right), Math.max(b.top - y, 0, y - b.bottom)];
      const isSmall = b.width < 24 || b.height < 24;
      return Math.hypot(dx, dy) < 12 || (isSmall && Math.hypot(b.left + b.width / 2 - x, b.top + b.height / 2 - y) < 24);
    });
    if (near >= 0) say(`${Math.round(a.width)} x ${Math.round(a.height)} px and too near to another`, e);
  }
  return [...new Set(faults)];
}
