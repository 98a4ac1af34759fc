"use strict";
// TAPES: what Python told of each tape. A value is a list of numbers, row after row; a single number is a list of one.
// FUNCTIONS: of each tape the entries' operands `of`, and f and its slopes d for single numbers, with the places `at` which
// elements stand; or tables `linear` or `product`, where elements are sums: see pairs; or the name of a function of `rows`, and
// the places of each row, of its elements and of what it becomes.
const MOST_STEPS = 3000, MOST_LINES = 800;
const pow = (x, y) => x === 1 ? 1 : Math.pow(x, y), where = (c, x, y) => c ? x : y, isinf = x => Math.abs(x) === Infinity;
const mod = (x, y) => x - y * Math.floor(x / y), sigmoid = x => x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
const logaddexp = (x, y) => x === y ? x + Math.LN2 : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y)));
const sech_squared = (x, z) => 1 - z * z >= 0.05 ? 1 - z * z : 1 / Math.cosh(x) ** 2;
const share = (d, base) => { const e = base === 2 ? Math.pow(2, -Math.abs(d)) : Math.exp(-Math.abs(d)); return (d < 0 ? e : 1) / (1 + e); };
const root = (x, n) => n === 2 ? Math.sqrt(x) : Math.pow(x, 1 / n);
const sum = xs => xs.reduce((a, b) => a + b, 0), largest = x => Math.max(...x);
const square = (x, slope) => x.map((_, o) => x.map((_, p) => slope(o, p)));
const shared = (x, z) => [x.map(y => y === z ? 1 / x.filter(other => other === z).length : 0)];  // evenly among what ties
const centred = x => x.map(y => y - sum(x) / x.length), variance = x => sum(centred(x).map(y => y * y)) / x.length;
const logsumexp = x => largest(x) + Math.log(sum(x.map(y => Math.exp(y - largest(x)))));
const ROWS = {  // what a row x becomes, z, and the slopes of each element of z by each of x
  max: [x => [largest(x)], (x, [z]) => shared(x, z)],
  min: [x => [Math.min(...x)], (x, [z]) => shared(x, z)],
  prod: [x => [x.reduce((a, b) => a * b, 1)], x => [x.map((_, p) => x.reduce((a, b, i) => i === p ? a : a * b, 1))]],
  variance: [x => [variance(x)], x => [centred(x).map(y => 2 * y / x.length)]],
  deviation: [x => [Math.sqrt(variance(x))], (x, [z]) => [centred(x).map(y => z === 0 ? 0 : y / (x.length * z))]],
  logsumexp: [x => [logsumexp(x)], (x, [z]) => [x.map(y => Math.exp(y - z))]],
  softmax: [x => x.map(y => Math.exp(y - logsumexp(x))), (x, z) => square(x, (o, p) => z[o] * ((o === p) - z[p]))],
  log_softmax: [x => x.map(y => y - logsumexp(x)), (x, z) => square(x, (o, p) => (o === p) - Math.exp(z[p]))],
};
FUNCTIONS_AND_TAPES
const $ = id => document.getElementById(id);
const pictures = [...document.querySelectorAll(".stage svg")];
let which = 0, tape, values, slopes, steps, at = 0, revealed = true, arrivals, finals;  // finals: the right gradients

const digits = (x, n) => {  // as Python's %g
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  const e = x === 0 ? 0 : Number(x.toExponential(n - 1).split("e")[1]);
  if (e >= -4 && e < n) return String(Number(x.toPrecision(n)));
  const [m, power] = x.toExponential(n - 1).split("e");
  return `${Number(m)}e${power[0]}${power.slice(1).padStart(2, "0")}`;
};
const number = x => { const text = digits(x, 6); return /[.eni]/.test(text) ? text : text + ".0"; };
const escaped = text => String(text).replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
const variable = text => text.replace(/#(\d+)/g, "v$1");
const entryOf = step => step.kind === "share" ? tape.entries[step.entry].edges[step.edge].input : step.entry;

const single = (e, edge) => e.numbers.length === 1 && tape.entries[edge.input].numbers.length === 1 && !edge.whole;
function text(x, shape, written = number) {  // numbers as an array is written
  if (!shape.length) return written(x[0]);
  const part = x.length / shape[0];
  return `[${Array.from({length: shape[0]}, (_, i) => text(x.slice(i * part, (i + 1) * part), shape.slice(1), written)).join(", ")}]`;
}
const brief = (x, shape) => x.length > 4 || !x.length ? `shape (${shape.join(", ")}${shape.length === 1 ? "," : ""})` : text(x, shape, shape.length ? y => digits(y, 4) : number);
function element(i, at) {  // how an element of an entry is written
  const {name, shape} = tape.entries[i], places = [];
  for (const n of [...shape].reverse()) { places.unshift(at % n); at = Math.floor(at / n); }
  return shape.length ? `${name}[${places.join(", ")}]` : name;
}
const functionOf = i => FUNCTIONS[which] && FUNCTIONS[which][i];
const operands = (i, v) => functionOf(i).of.map(x => Array.isArray(x) ? x : v[x]);
function pairs(i, k, xs, z) {  // what an entry's k-th operand does to it: [element of the entry, element of the operand, slope]
  const fn = functionOf(i);
  if (fn.linear) return fn.linear[k];
  if (fn.rows) return fn.at.flatMap(([row, becomes]) => {
    const slopes = ROWS[fn.rows][1](row.map(p => xs[0][p]), becomes.map(o => z[o]));
    return becomes.flatMap((o, j) => row.map((p, k) => [o, p, slopes[j][k]]));
  });
  if (fn.product) return fn.product.map(t => [t[0], t[1 + k], xs[1 - k][t[2 - k]]]);
  return z.map((_, o) => [o, fn.at ? fn.at[k][o] : o, Number(fn.d[k](...xs.map((x, a) => x[fn.at ? fn.at[a][o] : o]), z[o]))]);
}
function output(i, xs) {  // what an entry is for these operands
  const fn = functionOf(i), n = tape.entries[i].numbers.length;
  if (fn.f) return Array.from({length: n}, (_, o) => fn.f(...xs.map((x, a) => x[fn.at ? fn.at[a][o] : o])));
  const z = fn.plus ? fn.plus.slice() : Array(n).fill(0);
  if (fn.rows) {
    for (const [row, becomes] of fn.at) ROWS[fn.rows][0](row.map(p => xs[0][p])).forEach((y, j) => { z[becomes[j]] = y; });
    return z;
  }
  for (const k of fn.product ? [0] : xs.keys()) for (const [o, p, slope] of pairs(i, k, xs)) z[o] += slope * xs[k][p];
  return z;
}
function compute(v, from = 0) {  // the values of all entries, of those that are given and of leaves
  for (let i = from; i < tape.entries.length; i++) if (functionOf(i)) v[i] = output(i, operands(i, v));
  return v;
}
function moved(x, p) {  // an array of which one number is a step further, and the step
  const y = x.slice();
  y[p] += 2 ** -26 * Math.max(1, Math.abs(x[p]));
  return [y, y[p] - x[p]];
}
function slopeOf(i) {  // how fast the result changes with each number of an entry, by the slope formula
  return values[i].map((_, p) => {
    const v = values.slice(), last = v.length - 1, [x, step] = moved(values[i], p);
    v[i] = x;
    return sum(compute(v, i + 1)[last].map((z, o) => z - values[last][o])) / step;
  });
}
function localSlope(i, k, p, weights) {  // the same of one edge, where elements of the entry count by these weights
  if (!functionOf(i)) return tape.entries[i].edges[k].numeric;
  const xs = operands(i, values), [x, step] = moved(xs[k], p);
  xs[k] = x;
  return sum(output(i, xs).map((z, o) => weights[o] * (z - values[i][o]))) / step;
}
function recompute(leaves) {
  if (tape.live) {
    values = compute(leaves.slice());
    slopes = tape.entries.map((e, i) => e.edges.map((x, k) => functionOf(i) ? pairs(i, k, operands(i, values), values[i]) : [[0, 0, Number(x.local)]]));
  }
  walk();
}
function order(naive) {  // the steps back: each entry once, or each again whenever it is come upon
  const found = [], last = tape.entries.length - 1;
  const visit = i => tape.entries[i].edges.forEach((edge, k) => {
    if (found.length < MOST_STEPS) { found.push({kind: "share", entry: i, edge: k}); if (naive) visit(edge.input); }
  });
  if (naive) visit(last); else for (let i = last; i >= 0; i--) visit(i);
  return found;
}
function sums(shares) {  // the gradients that these steps give, each step with its share and total so far
  const g = tape.entries.map(e => e.numbers.map(() => 0));
  g[g.length - 1].fill(1);
  for (const step of shares) {
    const x = tape.entries[step.entry].edges[step.edge].input;
    step.from = g[step.entry].slice();
    step.share = g[x].map(() => 0);
    for (const [o, p, slope] of slopes[step.entry][step.edge]) step.share[p] += step.from[o] * slope;
    step.before = g[x];
    step.total = g[x] = g[x].map((y, p) => y + step.share[p]);
    step.at = step.share.reduce((best, y, p) => Math.abs(y) > Math.abs(step.share[best]) ? p : best, 0);  // the element that is followed
  }
  return g;
}
function walk() {
  const shares = order($("mode").value === "naive");
  finals = null;
  if (tape.live) {
    finals = sums(order(false));
    $("naive").textContent = comparison();
    sums(shares);
  } else $("naive").textContent = "";
  steps = [...tape.entries.map((e, i) => ({kind: "value", entry: i})), {kind: "seed", entry: tape.entries.length - 1}, ...shares];
  arrivals = tape.entries.map(() => 0);
  for (const step of shares) step.count = ++arrivals[entryOf(step)];
  $("slider").max = steps.length - 1;
  at = Math.min(at, steps.length - 1);
  list();
  table();
  show();
}
const valueText = i => tape.live ? brief(values[i], tape.entries[i].shape) : tape.entries[i].value;
function gradientTexts(written) {  // what has come to each entry by this step; nothing where nothing has
  const texts = [], n = tape.entries.length;
  for (const step of steps.slice(n, revealed ? at + 1 : at)) {
    const i = entryOf(step), e = tape.entries[i], whole = step.kind === "seed" || step.count === arrivals[i];
    if (tape.live) texts[i] = written(step.kind === "seed" ? values[i].map(() => 1) : step.total, e.shape);
    else texts[i] = whole ? e.gradient : `${step.count} of ${arrivals[i]} shares`;
  }
  return texts;
}
function sentence(step) {
  const e = tape.entries[step.entry];
  if (step.kind === "value") return e.text ? `${e.name} = ${e.text} gives ${valueText(step.entry)}.` : `${e.name} is given: ${valueText(step.entry)}.`;
  if (step.kind === "seed") return `Now back. ${e.name} is the result${tape.seed}`;
  const edge = e.edges[step.edge], x = tape.entries[edge.input];
  if (!tape.live) return edge.said;
  let said = single(e, edge) ? along(step, e, edge, x) : followed(step, edge);
  const total = brief(step.total, x.shape), some = total.startsWith("shape") ? `${number(step.total[step.at])} at ${element(edge.input, step.at)}` : total;
  if (step.count > 1) said += single(e, edge) ? ` ${x.name} had ${number(step.before[0])}: shares add up to ${some} by now.` : `\n${x.name} had a share before: shares add up to ${some} by now.`;
  else if (arrivals[edge.input] > 1) said += ` It is the first of ${arrivals[edge.input]} shares.`;
  if ($("mode").value === "naive" && step.from.some((g, o) => g !== finals[step.entry][o])) said += ` But ${e.name} was ${Math.abs(sum(step.from)) < Math.abs(sum(finals[step.entry])) ? "not finished" : "counted already"}: its gradient is ${brief(finals[step.entry], e.shape)}.`;
  return said;
}
function along(step, e, edge, x) {  // what goes from a number to a number
  const slope = slopes[step.entry][step.edge][0][2], local = number(slope), plain = ["", local, digits(slope, 6)].includes(edge.formula);
  const said = `${x.name} gets ${number(step.from[0])} · ${local} = ${number(step.share[0])}: the gradient of ${e.name} times ∂${e.name}/∂${x.name} = ${plain ? "" : edge.formula + " = "}${local}.`;
  const numeric = localSlope(step.entry, step.edge, 0, [1]);
  return numeric === null ? said : `${said} The slope formula gives ${number(numeric)} for that local slope.`;
}
function followed(step, edge) {  // what goes between arrays, of which one element is followed
  const terms = slopes[step.entry][step.edge].filter(pair => pair[1] === step.at), few = terms.slice(0, 4), more = terms.length - few.length;
  const products = few.map(([o, , slope]) => `${number(step.from[o])} · ${number(slope)}`).join(" + ") + (more ? ` + … (${more} more)` : "");
  const places = few.map(([o]) => element(step.entry, o)).join(", ") + (more ? ", …" : "");
  const told = terms.length ? `${products} = ${number(step.share[step.at])}, from ${places}` : number(step.share[step.at]);
  const numeric = number(localSlope(step.entry, step.edge, step.at, step.from));
  return `${edge.said}\nfollow ${element(edge.input, step.at)}: ${told}\nThe slope formula gives ${numeric} for that element.`;
}
const factor = edge => /^[\w.#]+(\(\w+\))?$/.test(edge.formula) ? edge.formula : `(${edge.formula || "…"})`;
const linked = (i, text) => `<span data-entry="${i}">${escaped(text)}</span>`;
function formula(step, hidden) {
  const e = tape.entries[step.entry], result = tape.entries[tape.entries.length - 1].name;
  if (step.kind === "value") return linked(step.entry, e.text ? `${e.name} = ${e.text}` : e.name) + ` = ${hidden ? "?" : escaped(valueText(step.entry))}`;
  if (step.kind === "seed") return `∂${linked(step.entry, e.name)} / ∂${linked(step.entry, e.name)} = 1`;
  const edge = e.edges[step.edge], x = tape.entries[edge.input];
  const by = (i, name) => `∂${escaped(result)}/∂${linked(i, name)}`;
  if (edge.whole) return `${by(edge.input, x.name)} += ${escaped(edge.formula || "the rule of " + e.fn)}<br>g = ${by(step.entry, e.name)}`;
  const first = `${by(edge.input, x.name)} += ${by(step.entry, e.name)} · ∂${linked(step.entry, e.name)}/∂${linked(edge.input, x.name)}`;
  if (!tape.live || !single(e, edge)) return `${first}<br>&nbsp; ∂${escaped(e.name)}/∂${escaped(x.name)} = ${escaped(edge.formula || "…")}`;
  return `${first}<br>&nbsp; = ${number(step.from[0])} · ${escaped(factor(edge))} = ${hidden ? "?" : number(step.share[0])}`;
}
function line(step) {
  const e = tape.entries[step.entry];
  if (step.kind === "value") return `${variable(e.name)} = ${variable(e.text || valueText(step.entry))}`;
  if (step.kind === "seed") return `d_${variable(e.name)} = 1`;
  const edge = e.edges[step.edge], x = tape.entries[edge.input];
  if (edge.whole) return `d_${variable(x.name)} += ${edge.formula ? variable(edge.formula).replace(/\bg\b/g, "d_" + variable(e.name)) : `rule(d_${variable(e.name)})`}`;
  return `d_${variable(x.name)} += d_${variable(e.name)} * ${variable(factor(edge))}`;
}
function list() {  // the code and the sentences, a line a step
  const shown = steps.slice(0, MOST_LINES), more = steps.length - shown.length;
  const rest = more > 0 ? `<li>… ${more} more</li>` : "";
  $("code").innerHTML = shown.map((step, k) => `<li><button type="button" tabindex="-1" data-step="${k}" data-entry="${entryOf(step)}">${escaped(line(step))}</button></li>`).join("") + rest;
  if ($("all").open) sentences();
}
function sentences() {
  $("sentences").innerHTML = steps.slice(0, MOST_LINES).map(step => `<li>${escaped(sentence(step))}</li>`).join("");
}
const rows = (x, shape, written = number) => text(x, shape, written).replace(/\], \[/g, "],\n [");
function field(e, i) {  // where a leaf is edited: a line, or of a matrix as many as it has rows
  const said = rows(values[i], e.shape, String), lines = said.split("\n"), wide = Math.min(48, Math.max(...lines.map(line => line.length)) + 2);
  const about = `data-leaf="${i}" aria-label="value of ${escaped(e.name)}" spellcheck="false"`;
  return lines.length > 1 ? `<textarea rows="${lines.length}" cols="${wide}" wrap="off" ${about}>${said}</textarea>` : `<input type="text" inputmode="decimal" value="${said}" size="${wide}" ${about}>`;
}
function table() {
  const naive = $("mode").value === "naive" && tape.live, known = tape.entries.some(e => e.line);
  const heads = ["entry", "value", "gradient so far", ...(FUNCTIONS[which] ? ["slope formula"] : []), ...(naive ? ["in order", "verdict"] : []), ...(known ? ["recorded in"] : [])];
  $("table").tHead.innerHTML = `<tr>${heads.map(h => `<th scope="col">${h}</th>`).join("")}</tr>`;
  $("table").tBodies[0].innerHTML = tape.entries.map((e, i) => {
    const leaf = !e.text && FUNCTIONS[which];
    const value = leaf ? field(e, i) : `<span class="value"></span>`;
    const slope = FUNCTIONS[which] ? `<td class="numeric">${rows(slopeOf(i), e.shape)}</td>` : "";
    return `<tr data-entry="${i}"><th scope="row">${escaped(e.text ? e.name + " = " + e.text : e.name)}</th><td>${value}</td><td class="gradient"></td>${slope}${naive ? `<td class="right">${rows(finals[i], e.shape)}</td><td class="verdict"></td>` : ""}${known ? `<td>${escaped([...e.scope, e.line].filter(Boolean).join(" · "))}</td>` : ""}</tr>`;
  }).join("");
  $("editing").textContent = FUNCTIONS[which] ? "Edit the value of a leaf, and everything is computed again, here in the page." : `Values cannot be edited here: ${tape.reason}.`;
}
function show() {
  const step = steps[at], hidden = !revealed && step.kind === "share", n = tape.entries.length, current = entryOf(step);
  $("slider").value = at;
  $("slider").setAttribute("aria-valuetext", `step ${at + 1} of ${steps.length}`);
  $("where").textContent = `Step ${at + 1} of ${steps.length}`;
  $("heading").textContent = at < n ? "Forward" : $("mode").value === "naive" ? "Back, by naive recursion" : "Back, in order";
  $("first").disabled = $("back").disabled = at === 0;
  $("last").disabled = $("next").disabled = at === steps.length - 1;
  const e = tape.entries[step.entry], x = tape.entries[current];
  $("say").textContent = hidden ? single(e, e.edges[step.edge]) ? `${x.name} gets its share of the gradient of ${e.name}, ${number(step.from[0])}. How much is it?` : `${e.edges[step.edge].said}\nHow much does ${element(current, step.at)} get?` : sentence(step);
  $("formula").innerHTML = formula(step, hidden);
  $("ask").hidden = !hidden;
  $("asked").textContent = hidden ? element(current, step.at) : "";
  const passed = new Set(steps.slice(n + 1, at + 1).map(s => `${s.entry}.${tape.entries[s.entry].edges[s.edge].argument}`));
  const now = step.kind === "share" ? `${step.entry}.${e.edges[step.edge].argument}` : "";
  const picture = pictures[which];
  const gradients = gradientTexts((g, shape) => brief(g, shape)), rowsOfGradients = gradientTexts(rows);
  for (const box of picture.querySelectorAll(".box")) {
    const places = box.dataset.entries.split(" ").map(Number);
    box.classList.toggle("on", places.includes(current));
    box.classList.toggle("off", places.every(i => i > at));
    if (places.length === 1) {
      const [i] = places, whole = gradients[i] === tape.entries[i].gradient;
      const room = Math.floor(box.querySelector("rect.b").width.baseVal.value / 7.3) - 2, fitted = said => said.length > room ? `${said.slice(0, room - 1)}…` : said;
      box.querySelector(".v").textContent = i > at ? "…" : tape.live ? fitted(valueText(i)) : box.dataset.value;
      box.querySelector(".g").textContent = !tape.live && whole ? box.dataset.gradient : fitted(`∇ ${gradients[i] || "…"}`);
    }
  }
  for (const edge of picture.querySelectorAll(".edge")) {
    const keys = edge.dataset.edges.split(" "), [i] = keys[0].split(".");
    edge.classList.toggle("on", keys.includes(now));
    edge.classList.toggle("off", at >= n ? !keys.some(key => passed.has(key)) : Number(i) > at);
    const label = edge.querySelector(".s");
    const k = tape.entries[i].edges.findIndex(x => `${i}.${x.argument}` === keys[0]);
    if (label && keys.length === 1 && tape.live && single(tape.entries[i], tape.entries[i].edges[k])) {
      label.textContent = hidden && keys[0] === now ? "?" : digits(slopes[i][k][0][2], 4);
      const pill = edge.querySelector(".pill"), width = label.textContent.length * 7.3 + 8;
      pill.setAttribute("x", label.getAttribute("x") - width / 2);
      pill.setAttribute("width", width);
    }
  }
  const lines = $("code").querySelectorAll("button");
  lines.forEach((button, k) => {
    button.classList.toggle("lit", k === at);
    button.classList.toggle("later", k > at);
    if (k === at) button.setAttribute("aria-current", "step"); else button.removeAttribute("aria-current");
  });
  if (lines[at]) $("code").scrollTop = lines[at].offsetTop - $("code").clientHeight / 2;
  [...$("table").tBodies[0].rows].forEach((row, i) => {
    row.classList.toggle("lit", i === current);
    const value = row.querySelector(".value"), verdict = row.querySelector(".verdict");
    if (value) value.textContent = i > at ? "…" : tape.live ? rows(values[i], tape.entries[i].shape) : valueText(i);
    row.querySelector(".gradient").textContent = rowsOfGradients[i] || "…";
    if (verdict) {
      const done = at === steps.length - 1, same = rowsOfGradients[i] === rows(finals[i], tape.entries[i].shape);
      verdict.className = `verdict ${same ? "good" : "bad"}`;
      verdict.textContent = done ? same ? "✓ right" : "✗ counted wrong" : "";
    }
  });
  follow(picture, current);
}
function comparison() {  // what naive recursion makes of this tape
  const naive = order(true), found = sums(naive), written = (g, i) => text(g, tape.entries[i].shape), wrong = found.map((g, i) => [g, i]).filter(([g, i]) => written(g, i) !== written(finals[i], i));
  if (naive.length === MOST_STEPS) return `Naive recursion comes upon the same entries again and again: it is not done after ${MOST_STEPS} steps, and in order there are ${order(false).length}.`;
  if (!wrong.length) return "Naive recursion, which passes on what an entry has whenever it is come upon, gives the same gradients here: no entry between the leaves and the result is used twice. Choose the diamond to see it fail.";
  const [g, i] = wrong[0];
  return `Naive recursion, which passes on what an entry has whenever it is come upon, counts wrong here: ${tape.entries[i].name} would get ${written(g, i)}, and the slope formula says ${written(FUNCTIONS[which] ? slopeOf(i) : finals[i], i)}. In order an entry passes its gradient on only when all its shares are there.`;
}
function follow(picture, current) {  // keep what is lit in view
  const stage = picture.parentElement, box = [...picture.querySelectorAll(".box.on")][0];
  if (!box) return;
  const inner = box.getBoundingClientRect(), outer = stage.getBoundingClientRect();
  const dx = inner.left < outer.left || inner.right > outer.right ? inner.left + inner.width / 2 - outer.left - outer.width / 2 : 0;
  const dy = inner.top < outer.top || inner.bottom > outer.bottom ? inner.top + inner.height / 2 - outer.top - outer.height / 2 : 0;
  if (dx || dy) stage.scrollBy({left: dx, top: dy, behavior: matchMedia("(prefers-reduced-motion:reduce)").matches ? "auto" : "smooth"});
}
function go(k) {
  at = Math.max(0, Math.min(steps.length - 1, k));
  revealed = !($("predict").checked && tape.live && steps[at].kind === "share");
  $("verdict").textContent = $("guess").value = "";
  show();
}
function choose(k) {
  which = k;
  tape = TAPES[k];
  pictures.forEach((picture, i) => picture.toggleAttribute("hidden", i !== k));
  at = 0;
  revealed = true;
  $("predict").disabled = $("mode").disabled = !tape.live;
  if (!tape.live) $("mode").value = "order";
  recompute(tape.entries.map(e => e.numbers));
}
$("first").onclick = () => go(0);
$("back").onclick = () => go(at - 1);
$("next").onclick = () => go(at + 1);
$("last").onclick = () => go(steps.length - 1);
$("slider").oninput = event => go(Number(event.target.value));
$("mode").onchange = () => { at = Math.min(at, tape.entries.length); walk(); };
$("predict").onchange = () => go(at);
$("whole").onchange = event => pictures[0].parentElement.classList.toggle("whole", event.target.checked);
$("which").onchange = event => choose(Number(event.target.value));
$("all").ontoggle = () => { if ($("all").open) sentences(); };
$("code").onclick = event => { const button = event.target.closest("button"); if (button) go(Number(button.dataset.step)); };
$("ask").onsubmit = event => {
  event.preventDefault();
  const step = steps[at], said = $("guess").value.trim().replace(",", "."), guess = Number(said), x = element(entryOf(step), step.at);
  const share = step.share[step.at], total = step.total[step.at];
  revealed = true;
  show();
  const near = (a, b) => Math.abs(a - b) <= 0.01 * Math.abs(b) + 1e-12;
  $("verdict").className = said && near(guess, share) ? "good" : "bad";
  if (!said || Number.isNaN(guess)) $("verdict").textContent = `${x} gets ${number(share)}.`;
  else if (near(guess, share)) $("verdict").textContent = `Right: ${x} gets ${number(share)}.`;
  else if (near(-guess, share)) $("verdict").textContent = `The sign is the other one: ${x} gets ${number(share)}.`;
  else if (near(guess, total)) $("verdict").textContent = `That is what ${x} has by now; this share is ${number(share)}.`;
  else $("verdict").textContent = `Not quite: you said ${said}, and ${x} gets ${number(share)}.`;
  $("next").focus();
};
$("table").addEventListener("change", event => {
  const input = event.target.closest("[data-leaf]");
  if (!input) return;
  const {name, shape, numbers} = tape.entries[input.dataset.leaf], said = input.value.trim();
  const x = shape.length ? said.split(/[[\],;\s]+/).filter(Boolean).map(Number) : said === "" ? [NaN] : [Number(said.replace(",", "."))];
  const wrong = x.length !== numbers.length || !x.every(Number.isFinite);
  input.setAttribute("aria-invalid", wrong);
  if (wrong) {
    $("verdict").className = "bad";
    $("verdict").textContent = shape.length ? `${name} takes ${numbers.length} numbers, row after row; write them such as ${text(values[input.dataset.leaf], shape, String)}.` : `${said || "nothing"} is no number; write one such as 0.5.`;
    return;
  }
  $("verdict").textContent = "";
  const leaves = values.slice();
  leaves[input.dataset.leaf] = x;
  recompute(leaves);
  document.querySelector(`[data-leaf="${input.dataset.leaf}"]`).focus();
});
document.addEventListener("keydown", event => {
  if (event.target.matches("input, select, textarea") || event.ctrlKey || event.altKey || event.metaKey) return;
  const steps_ = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: steps.length - 1};
  if (event.key in steps_) { event.preventDefault(); go(steps_[event.key]); }
});
function link(event) {  // what stands for the same entry is marked in picture, formula, code and table
  const near = event.target.closest ? event.target.closest("[data-entry],.box") : null;
  const i = near ? near.dataset.entry || near.dataset.entries.split(" ")[0] : null;
  document.querySelectorAll(".linked").forEach(each => each.classList.remove("linked"));
  if (i === null) return;
  document.querySelectorAll(`[data-entry="${i}"]`).forEach(each => each.classList.add("linked"));
  for (const box of pictures[which].querySelectorAll(".box")) box.classList.toggle("linked", box.dataset.entries.split(" ").includes(i));
}
document.addEventListener("mouseover", link);
document.addEventListener("focusin", link);
addEventListener("beforeprint", () => { $("all").open = true; sentences(); go(steps.length - 1); });
for (const box of document.querySelectorAll(".box:not(.part)")) {  // what arrays are shown as, once they are there
  box.dataset.value = box.querySelector(".v").textContent;
  box.dataset.gradient = box.querySelector(".g").textContent;
}
TAPES.forEach((each, k) => $("which").add(new Option(each.title, k)));
choose(0);
