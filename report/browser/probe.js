// Functions that measure a page. They change nothing that a test does not ask for.
"use strict";
const probe = {
  // visible says whether an element takes room on the page and is not hidden.
  visible(e) {
    return e.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true}) && e.getClientRects().length > 0;
  },

  // name describes an element in a message.
  name(e) {
    const text = (e.getAttribute("aria-label") || e.id || e.textContent || "").trim().slice(0, 60);
    return e.tagName.toLowerCase() + (e.getAttribute("class") ? "." + e.getAttribute("class") : "") + " " + JSON.stringify(text);
  },

  // links returns where the links of the page lead, and the anchors among them that lead nowhere.
  links() {
    const hrefs = [...document.querySelectorAll("a[href], use[href]")].map(a => a.getAttribute("href"));
    const broken = hrefs.filter(h => h.startsWith("#") && !document.getElementById(decodeURIComponent(h.slice(1))));
    return {broken, others: [...new Set(hrefs.filter(h => !h.startsWith("#")))]};
  },

  // duplicates returns the ids that two elements have.
  duplicates() {
    const seen = new Set(), twice = new Set();
    for (const e of document.querySelectorAll("[id]")) (seen.has(e.id) ? twice : seen).add(e.id);
    return [...twice];
  },

  // tooWide returns the elements that reach beyond the right edge of the window, without those that scroll in a box.
  tooWide() {
    const width = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth <= width) return [];
    const wide = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > width + 1 && !probe.scrolls(e));
    return ["scrollWidth " + document.scrollingElement.scrollWidth, ...wide.slice(0, 5).map(probe.name)];
  },

  // scrolls says whether an element is in a box that clips or scrolls what is too wide.
  scrolls(e) {
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) {
      if (getComputedStyle(p).overflowX !== "visible") return true;
    }
    return false;
  },

  // small returns the texts that are painted smaller than that size in pixels.
  small(least) {
    const found = new Set();
    for (const e of document.body.querySelectorAll("*")) {
      if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || ["STYLE", "title", "SCRIPT"].includes(e.tagName) || !probe.visible(e)) continue;
      let size = parseFloat(getComputedStyle(e).fontSize);
      if (e.getScreenCTM) size *= Math.abs(e.getScreenCTM().a);
      if (size < least) found.add(probe.name(e) + " has " + size.toFixed(1) + " px");
    }
    return [...found].slice(0, 8);
  },

  // focusable returns the elements that Tab must reach, in the order of the document: of radio buttons, the checked one.
  focusable() {
    const all = document.querySelectorAll("a[href], input, summary, button, select, textarea, [tabindex]");
    return [...all].filter(e => e.tabIndex >= 0 && probe.visible(e) && !(e.type === "radio" && !e.checked));
  },

  // watchFocus begins to note what has the focus.
  watchFocus() {
    probe.focused = [];
    document.addEventListener("focusin", e => probe.focused.push(e.target));
    getSelection().removeAllRanges();
    if (document.activeElement) document.activeElement.blur();
    return probe.focusable().length;
  },

  // missed returns the first of the focusable elements that did not get the focus in its turn.
  missed(most) {
    const want = probe.focusable().slice(0, most), again = probe.focused.indexOf(probe.focused[0], 1);
    let i = 0;
    for (const e of again < 0 ? probe.focused : probe.focused.slice(0, again)) if (i < want.length && e === want[i]) i++;
    return want.slice(i, i + 3).map(probe.name);
  },

  // hiddenFocus returns what can have the focus and is hidden from screen readers.
  hiddenFocus() {
    return probe.focusable().filter(e => e.closest("[aria-hidden=true]")).slice(0, 5).map(probe.name);
  },

  // positive returns the elements that are out of the order of the document for Tab.
  positive() {
    return [...document.querySelectorAll("[tabindex]")].filter(e => e.tabIndex > 0).map(probe.name);
  },

  // backward returns the messages whose arrow goes back in time.
  backward() {
    const found = [];
    for (const g of document.querySelectorAll("svg.messages .msg")) {
      const line = g.querySelector("path:not(.a):not(.x)");
      const at = (line ? line.getAttribute("d") : "").match(/-?\d+(\.\d+)?/g).map(Number);
      if (at[at.length - 2] < at[0]) found.push(g.textContent);
    }
    return found;
  },

  // bottom returns how far down the page the visible part of a selector reaches, 0 if there is none.
  bottom(selector) {
    return Math.max(0, ...[...document.querySelectorAll(selector)].filter(probe.visible).map(e => e.getBoundingClientRect().bottom + scrollY));
  },

  // shown counts the elements of a selector that are displayed.
  shown(selector) {
    return [...document.querySelectorAll(selector)].filter(e => probe.visible(e)).length;
  },

  // boxes returns the rectangles of what is drawn: texts, shapes, and elements with a ground or an edge of their own.
  boxes() {
    const all = [];
    const add = r => { if (r.width > 0 || r.height > 0) all.push([r.left, r.top + scrollY, r.right, r.bottom + scrollY]); };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let n = texts.nextNode(); n; n = texts.nextNode()) {
      if (!n.data.trim() || !n.parentElement || ["STYLE", "title"].includes(n.parentElement.tagName) || !probe.visible(n.parentElement)) continue;
      const range = document.createRange();
      range.selectNodeContents(n);
      for (const r of range.getClientRects()) add(r);
    }
    for (const e of document.body.querySelectorAll("*")) {
      if (e.matches(".band, .phase, .hit, defs *, g, title, .cutline") || !probe.visible(e)) continue;
      const r = e.getBoundingClientRect(), s = getComputedStyle(e);
      if (e.closest("svg")) {
        if (e.tagName !== "svg") add(r);
        continue;
      }
      const ground = s.backgroundColor !== "rgba(0, 0, 0, 0)" && r.height < 100;
      if (e.tagName === "INPUT" || ground) add(r);
      if (parseFloat(s.borderTopWidth) > 0) add(new DOMRect(r.left, r.top, r.width, 1));
      if (parseFloat(s.borderBottomWidth) > 0) add(new DOMRect(r.left, r.bottom - 1, r.width, 1));
    }
    return all;
  },

  // empty returns the highest rectangle of the first screen that is at least so wide and has nothing in it, as
  // [left, top, width, height], null if there is none higher than that, in pixels.
  empty(width, height) {
    const cell = 10, columns = Math.floor(innerWidth / cell), rows = Math.floor(Math.min(innerHeight, document.documentElement.scrollHeight) / cell);
    const full = Array.from({length: rows}, () => new Uint8Array(columns));
    for (const [left, top, right, bottom] of probe.boxes()) {
      for (let y = Math.max(0, Math.floor(top / cell)); y < Math.min(rows, Math.ceil(bottom / cell)); y++) {
        for (let x = Math.max(0, Math.floor(left / cell)); x < Math.min(columns, Math.ceil(right / cell)); x++) full[y][x] = 1;
      }
    }
    let best = null;
    const free = new Int32Array(columns); // how many cells upward of the row are empty
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) free[x] = full[y][x] ? 0 : free[x] + 1;
      for (let from = 0; from + width / cell <= columns; from++) {
        let least = Infinity;
        for (let x = from; x < from + width / cell; x++) least = Math.min(least, free[x]);
        if (least * cell > height && (!best || least * cell > best[3])) best = [from * cell, (y + 1 - least) * cell, width, least * cell];
      }
    }
    return best;
  },
};
