"use strict";
// The page is built from the tables beside it. Text is only ever set as text, never as markup.
(() => {
  const T = JSON.parse(document.getElementById("tables").textContent);
  const X = T.texts, R = T.resources, J = T.judgements;
  const RESOURCES = R.urn.length, JUDGEMENTS = J.kind.length;
  const FAIL = 0, ERROR = 1, UNKNOWN = 2, WAIVED = 3;
  const WORDS = ["failed", "rule crashed", "undetermined", "waived", "passed", "not applicable"];
  const SHADES = ["fail", "fail", "unknown", "waived", "pass", "none"];
  const CHANGES = ["not compared", "brought by this change", "was there before"];
  const STATES = {
    decided: "rules decide its part that is infrastructure",
    contributed: "rules contribute, and evidence from elsewhere is needed",
    manual: "needs evidence that no rule can give",
    undetermined: "a rule that it rests on could not decide",
  };
  const STACK = "pulumi:pulumi:Stack";
  const NONE = "(none)";
  const SLICE = 100;

  // ---- elements

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === false || value === null || value === undefined) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : String(value));
    }
    for (const child of children.flat(4)) {
      if (child === null || child === undefined || child === false || child === "") continue;
      node.append(child instanceof Node ? child : String(child));
    }
    return node;
  }
  const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
  const bdi = (text) => el("bdi", null, text);
  const code = (text) => el("code", null, text);
  const dim = (...children) => el("div", { class: "dim" }, ...children);
  const many = (count, one, more) => `${count.toLocaleString("en")} ${count === 1 ? one : more || one + "s"}`;
  const hash = (view, item, query) => {
    const asked = new URLSearchParams(Object.entries(query || {}).filter(([, value]) => value)).toString();
    return `#${view}${item === undefined ? "" : `/${encodeURIComponent(item)}`}${asked ? `?${asked}` : ""}`;
  };

  // Rows in slices: the rest is drawn when it is asked for.
  function slices(parent, items, make, size = SLICE) {
    let shown = 0;
    const more = el("button", { type: "button", class: "more", onclick: () => draw(true) });
    function draw(moved) {
      const part = document.createDocumentFragment();
      const first = shown;
      for (const end = Math.min(shown + size, items.length); shown < end; shown++) part.append(make(items[shown], shown));
      parent.append(part);
      const left = items.length - shown;
      more.hidden = left === 0;
      more.textContent = `Show ${Math.min(size, left).toLocaleString("en")} more of ${many(left, "row")} left`;
      if (moved) parent.children[first]?.querySelector("a, button")?.focus();
    }
    draw(false);
    return more;
  }

  function table(caption, heads, items, make, size) {
    // The roles say that it is a table also where a narrow window shows rows as blocks.
    const body = el("tbody", { role: "rowgroup" });
    const more = slices(body, items, (one, at) => told(make(one, at)), size);
    const head = heads.map((text) => el("th", { scope: "col", role: "columnheader", class: text.startsWith("#") ? "n" : null }, text.replace("#", "")));
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
      el("table", { role: "table" }, el("caption", null, caption), el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, head)), body), more);
  }
  function told(row) {
    row.setAttribute("role", "row");
    for (const one of row.children) one.setAttribute("role", "cell");
    return row;
  }

  const pairs = (...rows) =>
    el("dl", { class: "pairs" }, rows.filter(Boolean).map(([name, ...value]) => [el("dt", null, name), el("dd", null, ...value)]));

  // ---- what is known of a judgement and of a resource

  const own = (from, key) => (Object.hasOwn(from, key) ? from[key] : undefined);
  const digit = (text, at) => text.charCodeAt(at) - 48;
  const outcome = (j) => digit(J.outcome, j);
  const kind = (j) => T.kinds[J.kind[j]];
  const severity = (j) => T.severities[kind(j)[2]];
  const rule = (j) => T.rules[kind(j)[0]];
  const ruleName = (j) => (rule(j) ? X[rule(j)[0]] : "(no such rule)");
  const strange = (j) => own(J.strange, j) || [0, 0, 0, 0];
  const ofResource = (j, column, at) => X[J.resource[j] >= 0 ? R[column][J.resource[j]] : strange(j)[at]];
  const name = (j) => ofResource(j, "name", 2);
  const place = (number) => (number >= 0 ? `${X[T.places[number][0]]}:${T.places[number][1]}` : "");
  const placeOf = (j) => place(own(J.place, j) ?? (J.resource[j] >= 0 ? R.place[J.resource[j]] : -1));
  const mandatory = (j) => kind(j)[1] < 2 || outcome(j) === ERROR;
  const blocks = (j) => mandatory(j) && (outcome(j) <= ERROR || (T.strict && outcome(j) === UNKNOWN));
  const labels = T.labels.map((list) => new Map(list.map(([key, value]) => [X[key], X[value]])));
  const label = (r, key) => (r >= 0 && labels[R.label[r]].get(key)) || NONE;
  const short = (type) => type.slice(type.lastIndexOf(":") + 1) || type;
  const service = (type) => type.split(/[:/]/).slice(0, 2).join(":");
  const rulesByName = new Map(T.rules.map((one, at) => [X[one[0]], at]));
  const requirementsByName = new Map(T.requirements.map((one, at) => [X[one[0]], at]));

  // Judgements of each resource, one list after the other; and how each resource fares.
  const start = new Int32Array(RESOURCES + 1), judged = new Int32Array(JUDGEMENTS);
  const failed = new Int32Array(RESOURCES), open = new Int32Array(RESOURCES), worst = new Int8Array(RESOURCES).fill(9);
  for (const r of J.resource) if (r >= 0) start[r + 1]++;
  for (let r = 0; r < RESOURCES; r++) start[r + 1] += start[r];
  const next = start.slice();
  for (let j = 0; j < JUDGEMENTS; j++) {
    const r = J.resource[j];
    if (r < 0) continue;
    judged[next[r]++] = j;
    const said = outcome(j);
    if (said <= ERROR) {
      failed[r]++;
      worst[r] = Math.min(worst[r], kind(j)[2]);
    } else if (said === UNKNOWN) open[r]++;
  }
  const judgementsOf = (r) => judged.subarray(start[r], start[r + 1]);
  const shade = (r) => (failed[r] ? T.severities[worst[r]] : open[r] ? "unknown" : start[r + 1] > start[r] ? "pass" : "none");
  const fares = (r) =>
    failed[r] || open[r]
      ? [failed[r] && `${failed[r]} failed`, open[r] && `${open[r]} undetermined`].filter(Boolean).join(", ")
      : start[r + 1] > start[r] ? "no findings" : "not judged";

  // Who needs a resource, and what it is the parent of: only made when somebody looks.
  let reversed = null;
  function backwards() {
    if (reversed) return reversed;
    const needed = Array.from({ length: RESOURCES }, () => []), children = Array.from({ length: RESOURCES }, () => []);
    R.needs.forEach((list, r) => list.forEach((other) => needed[other].push(r)));
    R.parent.forEach((parent, r) => parent >= 0 && parent !== r && children[parent].push(r));
    return (reversed = { needed, children });
  }

  const badge = (text, shadeName) => el("span", { class: `sev ${shadeName}` }, text);
  const resourceLink = (r, text) => el("a", { href: hash("resources", r) }, bdi(text || X[R.name[r]] || "(no name)"));
  const ruleLink = (j) => (rule(j) ? el("a", { href: hash("rules", ruleName(j)) }, ruleName(j)) : ruleName(j));
  const requirementLinks = (numbers) =>
    numbers.map((text, at) => [at ? ", " : "", requirementsByName.has(X[text]) ? el("a", { href: hash("requirements", X[text]) }, X[text]) : X[text]]);

  // A witness: the request, the path, the pair of tenants; whatever the rule gave as proof.
  function proof(value) {
    if (Array.isArray(value)) return el("ol", null, value.map((one) => el("li", null, proof(one))));
    if (value && typeof value === "object") return pairs(...value.pairs.map(([key, one]) => [key, proof(one)]));
    return el("span", { class: "message" }, value === null ? "null" : String(value));
  }

  function details(j) {
    const said = rule(j), waiver = own(J.waiver, j), witness = own(J.witness, j), fingerprint = own(J.fingerprint, j);
    return pairs(
      said && ["why it matters", X[said[2]]],
      said && ["how to mend it", X[said[3]]],
      ["rule", ruleLink(j), ` ${T.levels[kind(j)[1]]}, ${T.layers[kind(j)[3]]}`],
      kind(j)[4].length > 0 && ["PCI DSS", requirementLinks(kind(j)[4])],
      ["resource", code(ofResource(j, "urn", 0))],
      ["stack", ofResource(j, "stack", 3)],
      placeOf(j) && ["place", code(placeOf(j))],
      J.introduced[j] !== "0" && ["change", CHANGES[digit(J.introduced, j)]],
      waiver && ["waiver", el("a", { href: "#waivers" }, X[waiver])],
      witness && ["proof", proof(witness)],
      fingerprint && ["fingerprint", code(fingerprint)],
    );
  }

  // A button that shows and hides all that is known of a judgement, in a row of its own.
  function opens(button, row, j) {
    button.addEventListener("click", () => {
      const opened = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!opened));
      if (opened) row.nextSibling.remove();
      else row.after(told(el("tr", { class: "details" }, el("td", { colspan: "3" }, details(j)))));
    });
  }

  function findingRow(j) {
    const r = J.resource[j], said = outcome(j);
    const button = el("button", { type: "button", class: "rule", "aria-expanded": "false" }, ruleName(j));
    const row = el("tr", null,
      el("td", null, badge(severity(j), severity(j)), dim(WORDS[said], blocks(j) && ", blocks", !mandatory(j) && ", advisory")),
      el("td", null, button, kind(j)[4].length > 0 && el("span", { class: "dim" }, " PCI DSS ", requirementLinks(kind(j)[4])),
        el("div", { class: "message" }, X[J.message[j]])),
      el("td", null, r >= 0 ? resourceLink(r) : bdi(name(j)), dim(bdi(short(ofResource(j, "type", 1)))), placeOf(j) && code(placeOf(j)),
        J.introduced[j] === "1" && dim(el("b", null, CHANGES[1]))));
    opens(button, row, j);
    return row;
  }
  const findingTable = (caption, list) => table(caption, ["Severity", "Finding", "Resource"], list, findingRow);

  // ---- controls

  function choice(text, options, value, change) {
    const select = el("select", { onchange: () => change(select.value) });
    for (const [key, shown] of options) select.append(el("option", { value: key, selected: key === value }, shown));
    if (value && !options.some(([key]) => key === value)) select.append(el("option", { value, selected: true }, value));
    return el("label", null, el("span", null, text), select);
  }
  function search(text, value, change) {
    let waiting = 0;
    const input = el("input", { type: "search", value, autocomplete: "off", spellcheck: "false", placeholder: "name, type, rule, file" });
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => change(input.value), 120);
    });
    return el("label", { class: "search" }, el("span", null, text), input);
  }
  const counted = (values, all) => {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    return [["", all], ...[...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, count]) => [key, `${key} (${count.toLocaleString("en")})`])];
  };
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
  const lines = new Map();
  const has = (key, make, wanted) => {
    if (!wanted.length) return true;
    let line = lines.get(key);
    if (line === undefined) lines.set(key, (line = make().join("\n").toLowerCase()));
    return wanted.every((word) => line.includes(word));
  };
  const lineOf = (r) => [X[R.urn[r]], X[R.type[r]], X[R.name[r]], X[R.stack[r]], place(R.place[r]), ...labels[R.label[r]].values()];
  const lineOfJudgement = (j) => [
    ruleName(j), rule(j) ? X[rule(j)[1]] : "", X[J.message[j]], name(j), ofResource(j, "urn", 0), ofResource(j, "type", 1), placeOf(j),
    ...kind(j)[4].map((text) => X[text]), own(J.waiver, j) ? X[J.waiver[j]] : "",
  ];

  // ---- findings

  const BY = {
    severity: (j) => severity(j),
    layer: (j) => T.layers[kind(j)[3]],
    stack: (j) => ofResource(j, "stack", 3) || NONE,
    application: (j) => label(J.resource[j], "application"),
    tenant: (j) => label(J.resource[j], "tenant"),
    environment: (j) => label(J.resource[j], "environment"),
    rule: ruleName,
    resource: (j) => `${name(j)} (${short(ofResource(j, "type", 1))}, ${ofResource(j, "stack", 3)})`,
  };
  const CHANGE = { new: "1", before: "2", unknown: "0" };
  const ORDER = { severity: T.severities, layer: T.layers };

  function findings(section) {
    const area = el("div", { class: "app" });
    section.append(area);
    let asked = {};
    const status = el("p", { class: "status", role: "status" });
    const results = el("div", { class: "results" });
    const controls = el("form", { class: "controls", role: "search", "aria-label": "Filter the findings", onsubmit: (event) => event.preventDefault() });
    area.append(controls, status, results);
    area.addEventListener("keydown", (event) => move(event, area, "button.rule"));

    function wanted(j) {
      const said = outcome(j);
      if (asked.outcome !== "all") {
        if (!asked.outcome ? said === WAIVED : asked.outcome === "blocks" ? !blocks(j) : T.outcomes[said] !== asked.outcome) return false;
      }
      for (const key of ["severity", "layer", "stack", "application", "tenant", "environment"])
        if (asked[key] && BY[key](j) !== asked[key]) return false;
      if (asked.change && J.introduced[j] !== CHANGE[asked.change]) return false;
      return !asked.q || has(j, () => lineOfJudgement(j), words(asked.q));
    }
    function set(key, value) {
      asked = { ...asked, [key]: value };
      remember(hash("findings", undefined, asked));
      draw();
    }
    function build() {
      const pick = (key, text, options) => choice(text, options, asked[key] || "", (value) => set(key, value));
      const facet = (key, text) => {
        const options = counted(T.findings.map(BY[key]), "all");
        if (ORDER[key]) options.sort(([a], [b]) => ORDER[key].indexOf(a) - ORDER[key].indexOf(b));
        return (options.length > 2 || asked[key]) && pick(key, text, options);
      };
      const compared = J.introduced.includes("1") || J.introduced.includes("2");
      controls.replaceChildren();
      fill(controls, null, [
        search("Search", asked.q || "", (value) => set("q", value)),
        pick("outcome", "Outcome", [["", "open"], ["blocks", "blocking"], ["fail", "failed"], ["error", "rule crashed"], ["unknown", "undetermined"], ["waived", "waived"], ["all", "all"]]),
        facet("severity", "Severity"), facet("layer", "Layer"),
        compared && pick("change", "Change", [["", "all"], ["new", "brought by this change"], ["before", "was there before"], ["unknown", "not compared"]]),
        facet("application", "Application"), facet("tenant", "Tenant"), facet("environment", "Environment"), facet("stack", "Stack"),
        pick("group", "Group by", [["", "nothing"], ...["severity", "layer", "application", "tenant", "environment", "stack", "rule", "resource"].map((key) => [key, key])]),
        el("button", { type: "button", onclick: () => { asked = {}; remember("#findings"); build(); draw(); controls.querySelector("input").focus(); } }, "Reset"),
      ]);
    }
    function draw() {
      const list = T.findings.filter(wanted);
      status.textContent = `${many(list.length, "finding")} of ${T.findings.length.toLocaleString("en")}, the most important first`;
      if (!list.length) return results.replaceChildren(el("p", null, T.findings.length ? "No finding fits these filters." : "There are no findings."));
      if (!asked.group || !BY[asked.group]) return results.replaceChildren(findingTable("Findings that fit", list));
      const groups = new Map();
      for (const j of list) {
        const key = BY[asked.group](j);
        if (!groups.has(key)) groups.set(key, []);
        groups.get(key).push(j);
      }
      const keys = [...groups.keys()];
      if (ORDER[asked.group]) keys.sort((a, b) => ORDER[asked.group].indexOf(a) - ORDER[asked.group].indexOf(b));
      else keys.sort((a, b) => groups.get(b).length - groups.get(a).length || (a < b ? -1 : 1));
      const box = el("div");
      const more = slices(box, keys, (key, at) => group(key, groups.get(key), at === 0 && keys.length <= 12));
      results.replaceChildren(box, more);
    }
    function group(key, list, opened) {
      const blocking = list.filter(blocks).length;
      const node = el("details", { class: "group" }, el("summary", null, el("h3", null, bdi(key)), ` ${many(list.length, "finding")}`, blocking > 0 && `, ${blocking.toLocaleString("en")} block`));
      const once = () => node.children.length === 1 && node.append(findingTable(`Findings: ${key}`, list));
      node.addEventListener("toggle", () => node.open && once());
      if (opened) {
        once();
        node.open = true;
      }
      return node;
    }
    return (item, query) => {
      asked = query;
      build();
      draw();
    };
  }

  // Up, down, home and end move among what can be chosen.
  function move(event, area, what) {
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || !event.target.matches?.(what) || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = [...area.querySelectorAll(what)].filter((one) => one.offsetParent);
    const to = Math.max(0, Math.min(all.length - 1, all.indexOf(event.target) + steps[event.key]));
    event.preventDefault();
    all[to]?.focus();
  }

  // ---- a list and what is chosen from it

  function split(section, view, { filters, items, row, key, at, detail, none }) {
    let asked = {}, chosen = -1, drawn = false;
    const status = el("p", { class: "status", role: "status" });
    const controls = el("form", { class: "controls", role: "search", "aria-label": `Filter the ${view}`, onsubmit: (event) => event.preventDefault() });
    const list = el("div", { class: "list", tabindex: "-1" });
    const side = el("div", { class: "side" }, controls, status, list);
    const pane = el("div", { class: "pane" });
    const area = el("div", { class: "app split" }, side, pane);
    section.append(area);
    list.addEventListener("keydown", (event) => move(event, list, "a"));
    pane.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.target.matches("input, select")) (list.querySelector("[aria-current]") || list.querySelector("a"))?.focus();
    });

    function draw() {
      const found = items(asked);
      status.textContent = `${found.length.toLocaleString("en")} of ${many(items({}).length, view.slice(0, -1))}`;
      const ul = el("ul");
      const more = slices(ul, found, (one) => el("li", null, el("a", { href: hash(view, key(one), asked), "data-key": key(one), "aria-current": one === chosen && "true" }, row(one))), 200);
      list.replaceChildren(ul, more);
      list.scrollTop = 0;
    }
    function set(name, value) {
      asked = { ...asked, [name]: value };
      remember(hash(view, chosen >= 0 ? key(chosen) : undefined, asked));
      draw();
    }
    return (item, query, moved) => {
      const before = JSON.stringify(asked);
      asked = query;
      chosen = item === undefined ? -1 : at(item);
      if (!drawn || before !== JSON.stringify(asked)) {
        controls.replaceChildren();
        fill(controls, null, filters(asked, set));
        draw();
        drawn = true;
      }
      for (const one of list.querySelectorAll("a")) {
        const current = chosen >= 0 && one.dataset.key === String(key(chosen));
        if (current) one.setAttribute("aria-current", "true");
        else one.removeAttribute("aria-current");
      }
      area.classList.toggle("chosen", item !== undefined);
      if (item === undefined) return pane.replaceChildren(el("p", { class: "empty" }, none));
      const back = el("p", { class: "back" }, el("a", { href: hash(view, undefined, asked) }, `Back to the ${view}`));
      const shown = chosen >= 0 ? detail(chosen) : [el("h3", null, "There is no such entry in this report")];
      pane.replaceChildren(back, ...shown.filter(Boolean));
      const title = pane.querySelector("h3");
      title.tabIndex = -1;
      pane.scrollTop = 0;
      if (moved) {
        title.focus({ preventScroll: true });
        if (pane.getBoundingClientRect().top < 0 || innerWidth < 800) pane.scrollIntoView();
      }
    };
  }

  const all = (count) => Array.from({ length: count }, (_, at) => at);
  const tally = (list) => {
    const counts = [0, 0, 0, 0, 0, 0];
    for (const j of list) counts[outcome(j)]++;
    return counts;
  };
  const byImportance = (a, b) => outcome(a) - outcome(b) || kind(a)[2] - kind(b)[2] || a - b;

  // Judgements of each rule, when somebody asks.
  let perRule = null;
  function judgementsBy(at) {
    if (!perRule) {
      perRule = T.rules.map(() => []);
      for (let j = 0; j < JUDGEMENTS; j++) perRule[kind(j)[0]]?.push(j);
    }
    return perRule[at];
  }
  const numbers = (counts) => counts.map((count) => el("td", { class: count ? "n" : "n zero" }, count.toLocaleString("en")));
  const briefly = (counts) =>
    [counts[0] + counts[1] && `${counts[0] + counts[1]} failed`, counts[2] && `${counts[2]} undetermined`, counts[3] && `${counts[3]} waived`].filter(Boolean).join(", ");

  function requirements(section) {
    const list = all(T.requirements.length);
    const line = (at) => { const one = T.requirements[at]; return [X[one[0]], X[one[1]], X[one[2]], ...one[3].map((rule) => X[T.rules[rule][0]])]; };
    return split(section, "requirements", {
      none: "Choose a requirement: its rules, what they judged, and what they found.",
      key: (at) => X[T.requirements[at][0]],
      at: (item) => requirementsByName.get(item) ?? -1,
      items: (asked) => list.filter((at) => (!asked.state || X[T.requirements[at][2]] === asked.state) && (!asked.only || T.requirements[at][4]) && has(`q${at}`, () => line(at), words(asked.q || ""))),
      filters: (asked, set) => [
        search("Search", asked.q || "", (value) => set("q", value)),
        choice("State", counted(T.requirements.map((one) => X[one[2]]), "all"), asked.state || "", (value) => set("state", value)),
        choice("Show", [["", "all"], ["failed", "with a failure"]], asked.only || "", (value) => set("only", value)),
      ],
      row: (at) => {
        const one = T.requirements[at], counts = briefly([one[4], 0, one[5], one[6]]);
        return [el("span", { class: "head" }, el("b", null, X[one[0]]), " ", X[one[1]]), el("span", { class: "dim" }, X[one[2]], counts && ": ", counts)];
      },
      detail: (at) => {
        const one = T.requirements[at], counts = briefly([one[4], 0, one[5], one[6]]);
        const found = T.findings.filter((j) => kind(j)[4].includes(one[0]));
        return [
          el("h3", null, `${X[one[0]]} ${X[one[1]]}`),
          el("p", null, el("b", null, X[one[2]]), `: ${STATES[X[one[2]]] || ""}. `, counts || (one[3].length ? "No finding." : "")),
          one[3].length ? table("Rules and what they judged", ["Rule", "Level", "#Population", ...WORDS.map((word) => `#${word}`)], one[3], (rule) => el("tr", null,
            el("td", null, el("a", { href: hash("rules", X[T.rules[rule][0]]) }, X[T.rules[rule][0]]), dim(X[T.rules[rule][1]])),
            el("td", { class: "short" }, T.levels[T.rules[rule][6]]), el("td", { class: "n" }, T.rules[rule][8].toLocaleString("en")), numbers(tally(judgementsBy(rule)))))
            : el("p", null, "No rule serves it."),
          found.length > 0 && el("h4", null, `Findings (${found.length.toLocaleString("en")})`),
          found.length > 0 && findingTable(`Findings for ${X[one[0]]}`, found),
        ];
      },
    });
  }

  const outcomeCell = (j) => el("td", null, badge(WORDS[outcome(j)], SHADES[outcome(j)]), J.introduced[j] !== "0" && dim(CHANGES[digit(J.introduced, j)]));

  function rules(section) {
    const list = all(T.rules.length);
    return split(section, "rules", {
      none: "Choose a rule: why it matters, how to mend it, and every resource that it judged.",
      key: (at) => X[T.rules[at][0]],
      at: (item) => rulesByName.get(item) ?? -1,
      items: (asked) => list.filter((at) => {
        if (asked.layer && T.layers[T.rules[at][4]] !== asked.layer) return false;
        if (asked.only === "judged" && !T.rules[at][8]) return false;
        if (asked.only === "findings" && !judgementsBy(at).some((j) => outcome(j) <= WAIVED)) return false;
        return has(`u${at}`, () => T.rules[at].slice(0, 4).map((text) => X[text]), words(asked.q || ""));
      }),
      filters: (asked, set) => [
        search("Search", asked.q || "", (value) => set("q", value)),
        choice("Layer", counted(T.rules.map((one) => T.layers[one[4]]), "all"), asked.layer || "", (value) => set("layer", value)),
        choice("Show", [["", "all"], ["findings", "with findings"], ["judged", "that judged something"]], asked.only || "", (value) => set("only", value)),
      ],
      row: (at) => {
        const one = T.rules[at], counts = briefly(tally(judgementsBy(at)));
        return [el("span", { class: "head" }, X[one[0]]), el("span", { class: "dim" }, `${T.severities[one[5]]}, ${T.layers[one[4]]}: ${one[8]} judged`, counts && ", ", counts)];
      },
      detail: (at) => {
        const one = T.rules[at], found = [...judgementsBy(at)].sort(byImportance);
        return [
          el("h3", null, X[one[0]]),
          el("p", null, X[one[1]]),
          pairs(["why it matters", X[one[2]]], ["how to mend it", X[one[3]]], ["severity", badge(T.severities[one[5]], T.severities[one[5]])],
            ["level", T.levels[one[6]]], ["layer", T.layers[one[4]]], one[7].length > 0 && ["PCI DSS", requirementLinks(one[7])]),
          el("h4", null, `Population (${found.length.toLocaleString("en")})`),
          found.length ? table(`What ${X[one[0]]} judged`, ["Outcome", "Resource", "Message"], found, (j) => el("tr", null, outcomeCell(j),
            el("td", null, J.resource[j] >= 0 ? resourceLink(J.resource[j]) : bdi(name(j)), dim(ofResource(j, "stack", 3))), el("td", { class: "message" }, X[J.message[j]])))
            : el("p", null, "It found nothing to judge."),
        ];
      },
    });
  }

  function resources(section) {
    const rank = (r) => (failed[r] ? worst[r] : open[r] ? 5 : 9);
    const list = all(RESOURCES).sort((a, b) => rank(a) - rank(b) || failed[b] - failed[a] || a - b);
    const facets = { stack: (r) => X[R.stack[r]] || NONE, application: (r) => label(r, "application"), tenant: (r) => label(r, "tenant"), environment: (r) => label(r, "environment"), type: (r) => service(X[R.type[r]]) };
    return split(section, "resources", {
      none: "Choose a resource: everything that was judged of it, and what it stands beside.",
      key: (r) => r,
      at: (item) => (/^\d+$/.test(item) && Number(item) < RESOURCES ? Number(item) : -1),
      items: (asked) => list.filter((r) => {
        if (asked.only === "findings" && !failed[r] && !open[r]) return false;
        if (asked.only === "unjudged" && start[r + 1] > start[r]) return false;
        for (const key in facets) if (asked[key] && facets[key](r) !== asked[key]) return false;
        return !asked.q || has(`r${r}`, () => lineOf(r), words(asked.q));
      }),
      filters: (asked, set) => [
        search("Search", asked.q || "", (value) => set("q", value)),
        choice("Show", [["", "all"], ["findings", "with findings"], ["unjudged", "not judged"]], asked.only || "", (value) => set("only", value)),
        Object.entries(facets).map(([key, of]) => {
          const options = counted(list.map(of), "all");
          return (options.length > 2 || asked[key]) && choice(key[0].toUpperCase() + key.slice(1), options, asked[key] || "", (value) => set(key, value));
        }),
      ],
      row: (r) => [el("span", { class: "head" }, el("span", { class: `dot ${shade(r)}` }), bdi(X[R.name[r]] || "(no name)")), el("span", { class: "dim" }, bdi(short(X[R.type[r]])), `: ${fares(r)}`)],
      detail: (r) => {
        const found = [...judgementsOf(r)].sort(byImportance), missing = own(R.missing, r) || [];
        const { needed, children } = backwards();
        const pick = (title, numbers) => numbers.length > 0 && el("div", null, el("h5", null, `${title} (${numbers.length.toLocaleString("en")})`), links(numbers));
        return [
          el("h3", null, bdi(X[R.name[r]] || "(no name)")),
          el("p", null, bdi(X[R.type[r]]), `, ${fares(r)}`, R.kind[r] === "1" && ", read but not managed", R.kind[r] === "2" && ", a component"),
          pairs(["URN", code(X[R.urn[r]])], ["stack", X[R.stack[r]]], R.place[r] >= 0 && ["place", code(place(R.place[r]))],
            ["labels", labels[R.label[r]].size ? [...labels[R.label[r]]].map(([key, value]) => el("span", { class: "label" }, `${key}: `, el("b", null, value))) : "unlabelled: counts as in scope"],
            R.parent[r] >= 0 && ["parent", resourceLink(R.parent[r])]),
          el("h4", null, `Judgements (${found.length.toLocaleString("en")})`),
          found.length ? table(`Judgements of ${X[R.name[r]]}`, ["Outcome", "Rule", "Severity"], found, judgementRow) : el("p", null, "No rule judges it."),
          el("h4", null, "Neighbourhood"),
          neighbourhood(r),
          el("div", { class: "columns" }, pick("Depends on", R.needs[r]), pick("Needed by", needed[r]), pick("Parent of", children[r])),
          missing.length > 0 && el("h5", null, "Depends on what this verdict does not have"),
          missing.length > 0 && el("ul", null, missing.slice(0, SLICE).map((text) => el("li", null, code(X[text])))),
        ];
      },
    });
  }
  function links(list) {
    const ul = el("ul", { class: "links" });
    const more = slices(ul, list, (r) => el("li", null, el("span", { class: `dot ${shade(r)}` }), resourceLink(r), el("span", { class: "dim" }, " ", bdi(short(X[R.type[r]])), `, ${fares(r)}`)), 20);
    return el("div", null, ul, more);
  }
  function judgementRow(j) {
    const button = el("button", { type: "button", class: "rule", "aria-expanded": "false" }, ruleName(j));
    const row = el("tr", null, outcomeCell(j), el("td", null, button, kind(j)[4].length > 0 && el("span", { class: "dim" }, " PCI DSS ", requirementLinks(kind(j)[4])), J.message[j] > 0 && el("div", { class: "message" }, X[J.message[j]])),
      el("td", { class: "short" }, severity(j), dim(T.levels[kind(j)[1]])));
    opens(button, row, j);
    return row;
  }

  // ---- pictures

  const cut = (text, longest) => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);
  const arrow = (id) => svg("defs", null, svg("marker", { id, viewBox: "0 0 8 8", refX: "8", refY: "4", markerWidth: "9", markerHeight: "9", markerUnits: "userSpaceOnUse", orient: "auto" }, svg("path", { d: "M0 0L8 4L0 8z", class: "head" })));
  function curve(from, to, wide, high, attributes) {
    let x1 = from.x + wide, x2 = to.x, bend = 40;
    const y1 = from.y + high / 2, y2 = to.y + high / 2;
    if (from.x === to.x) { x2 = to.x + wide; return svg("path", { ...attributes, d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 + bend} ${y2} ${x2} ${y2}` }); }
    if (from.x > to.x) { x1 = from.x; x2 = to.x + wide; bend = -40; }
    return svg("path", { ...attributes, d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` });
  }
  function box(node, wide, high, href, lines, shadeName, spoken, current) {
    return svg("a", { href, "aria-label": spoken, class: `node ${shadeName}`, "aria-current": current && "true" },
      svg("title", null, spoken),
      svg("rect", { x: node.x, y: node.y, width: wide, height: high, rx: 4 }),
      svg("rect", { x: node.x, y: node.y, width: 5, height: high, class: "strip" }),
      lines.map((text, at) => svg("text", { x: node.x + 12, y: node.y + 15 + at * 14, class: at ? "small" : null }, cut(text, Math.floor((wide - 18) / (at ? 6.2 : 8.4))))));
  }

  const SIDE = 12; // nodes of a column
  let depth = 1;
  function neighbourhood(r) {
    const figure = el("figure", { class: "graph" });
    function draw() {
      const { needed, children } = backwards();
      const isStack = (one) => X[R.type[one]] === STACK;
      const right = (one) => [...R.needs[one], ...(R.parent[one] >= 0 ? [R.parent[one]] : [])];
      const left = (one) => (isStack(one) && one !== r ? [] : [...needed[one], ...children[one]]);
      const nodes = new Map([[r, { column: 0 }]]), columns = new Map([[0, [r]]]), more = new Map();
      for (const [side, steps] of [[1, right], [-1, left]]) {
        let edge = [r];
        for (let step = 1; step <= depth; step++) {
          const found = [...new Set(edge.flatMap(steps))].filter((one) => !nodes.has(one) && !(step > 1 && isStack(one)));
          found.sort((a, b) => isStack(a) - isStack(b) || failed[b] - failed[a] || open[b] - open[a] || a - b);
          edge = found.slice(0, SIDE);
          for (const one of edge) nodes.set(one, { column: side * step });
          if (edge.length) columns.set(side * step, edge);
          if (found.length > SIDE) more.set(side * step, found.length - SIDE);
        }
      }
      const wide = 180, high = 40, gap = 70, step = 50;
      const order = [...columns.keys()].sort((a, b) => a - b);
      const rows = Math.max(...order.map((column) => columns.get(column).length + (more.has(column) ? 1 : 0)));
      const width = order.length * (wide + gap) - gap + 8 + 50, height = rows * step + 8;
      const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": `Neighbourhood of ${X[R.name[r]]}` }, arrow("tip"));
      const boxes = svg("g"), edges = svg("g");
      order.forEach((column, at) => {
        const list = columns.get(column), extra = more.get(column);
        let y = (height - (list.length + (extra ? 1 : 0)) * step) / 2 + 5;
        for (const one of list) {
          Object.assign(nodes.get(one), { x: 4 + at * (wide + gap), y });
          boxes.append(box(nodes.get(one), wide, high, hash("resources", one), [X[R.name[one]] || "(no name)", short(X[R.type[one]])], shade(one),
            `${X[R.name[one]]}, ${X[R.type[one]]}, ${fares(one)}${column ? (column > 0 ? ", on the side of what it depends on" : ", on the side of what needs it") : ", selected"}`, one === r));
          y += step;
        }
        if (extra) boxes.append(svg("text", { x: 4 + at * (wide + gap) + 12, y: y + 18, class: "small" }, `and ${extra.toLocaleString("en")} more`));
      });
      for (const [one, from] of nodes) {
        for (const other of R.needs[one]) if (nodes.has(other)) edges.append(curve(from, nodes.get(other), wide, high, { class: "edge", "marker-end": "url(#tip)" }));
        const parent = R.parent[one];
        if (parent >= 0 && parent !== one && nodes.has(parent) && !R.needs[one].includes(parent) && (one === r || parent === r || !isStack(parent)))
          edges.append(curve(from, nodes.get(parent), wide, high, { class: "edge parent" }));
      }
      picture.append(edges, boxes);
      const choose = choice("Steps", [["1", "1"], ["2", "2"]], String(depth), (value) => { depth = Number(value); draw(); figure.querySelector("select").focus(); });
      figure.replaceChildren(el("div", { class: "controls" }, choose), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Picture of the neighbourhood" }, picture),
        el("figcaption", null, "An arrow leads from a resource to what it depends on, a dashed line to its parent. Choose a resource to go there."));
      const scroll = figure.querySelector(".scroll");
      requestAnimationFrame(() => { scroll.scrollLeft = nodes.get(r).x + wide / 2 - scroll.clientWidth / 2; });
    }
    draw();
    return figure;
  }

  const GROUPS = 30;
  function graph(section) {
    const area = el("div", { class: "app" });
    section.append(area);
    const BYS = { stack: (r) => X[R.stack[r]] || NONE, application: (r) => label(r, "application"), tenant: (r) => label(r, "tenant"), environment: (r) => label(r, "environment"), classification: (r) => label(r, "classification"), service: (r) => service(X[R.type[r]]) };
    const usual = ["application", "tenant", "stack", "service"].find((key) => new Set(all(RESOURCES).map(BYS[key])).size > 1) || "service";
    return (item, query) => {
      const by = BYS[query.by] ? query.by : usual, of = BYS[by];
      const groups = new Map();
      for (let r = 0; r < RESOURCES; r++) {
        if (X[R.type[r]] === STACK) continue;
        const key = of(r);
        if (!groups.has(key)) groups.set(key, { key, list: [], failed: 0, open: 0, worst: 9 });
        const group = groups.get(key);
        group.list.push(r);
        group.failed += failed[r];
        group.open += open[r];
        group.worst = Math.min(group.worst, worst[r]);
      }
      const sorted = [...groups.values()].sort((a, b) => b.list.length - a.list.length || (a.key < b.key ? -1 : 1));
      const shown = sorted.slice(0, GROUPS), rest = sorted.slice(GROUPS);
      const edges = new Map();
      const between = (a, b) => JSON.stringify([a, b]);
      for (let r = 0; r < RESOURCES; r++) for (const other of R.needs[r]) {
        const a = of(r), b = of(other);
        if (a !== b && groups.has(a) && groups.has(b)) edges.set(between(a, b), (edges.get(between(a, b)) || 0) + 1);
      }
      const between_ = [...edges].map(([pair, count]) => [...JSON.parse(pair), count]);
      const chosen = groups.get(query.group);
      const bar = el("form", { class: "controls", "aria-label": "Group the graph", onsubmit: (event) => event.preventDefault() },
        choice("Group by", Object.keys(BYS).map((key) => [key, key]), by, (value) => { location.hash = hash("graph", undefined, { by: value }); }));
      area.replaceChildren(bar, el("p", { class: "status", role: "status" }, `${many(sorted.length, "group")}, ${many(between_.length, "connection")} between them. Choose a group for its resources, and a resource for its neighbourhood.`),
        shown.length ? picture(shown, between_, by, chosen) : el("p", null, "There are no resources."));
      fill(area, null, [
        rest.length > 0 && el("p", null, "Not drawn: ", rest.slice(0, SLICE).map((group, at) => [at ? ", " : "", el("a", { href: hash("graph", undefined, { by, group: group.key }) }, bdi(group.key)), ` (${group.list.length})`]), rest.length > SLICE && ` and ${rest.length - SLICE} more`),
        chosen && el("h3", { tabindex: "-1" }, bdi(chosen.key)),
        chosen && el("div", { class: "columns" },
          el("div", null, el("h4", null, many(chosen.list.length, "resource")), links([...chosen.list].sort((a, b) => failed[b] - failed[a] || open[b] - open[a] || a - b))),
          el("div", null, el("h4", null, "Connections"), connections(chosen.key, between_, by))),
      ]);
      if (chosen) area.querySelector("h3").focus({ preventScroll: true });
      else if (query.by) area.querySelector("select").focus();
    };
    function connections(key, list, by) {
      const found = list.filter(([a, b]) => a === key || b === key).sort((a, b) => b[2] - a[2]);
      if (!found.length) return el("p", null, "Nothing connects it with another group.");
      return table(`Connections of ${key}`, ["From", "To", "#Dependencies"], found, ([a, b, count]) => el("tr", null,
        [a, b].map((one) => el("td", null, el("a", { href: hash("graph", undefined, { by, group: one }) }, bdi(one)))), el("td", { class: "n" }, count.toLocaleString("en"))));
    }
    function picture(shown, list, by, chosen) {
      const wide = 210, high = 54, gap = 80, step = 66;
      const nodes = new Map(shown.map((group) => [group.key, { group, to: [], rank: -1 }]));
      const drawn = list.filter(([a, b]) => nodes.has(a) && nodes.has(b));
      const touched = new Set();
      for (const [a, b] of drawn) { nodes.get(a).to.push(b); touched.add(a).add(b); }
      // Columns: each group stands left of what it depends on, as far as there is no circle.
      const visit = (node, way) => {
        if (node.rank >= 0) return node.rank;
        way.add(node);
        let rank = 0;
        for (const key of node.to) { const other = nodes.get(key); if (!way.has(other)) rank = Math.max(rank, visit(other, way) + 1); }
        way.delete(node);
        return (node.rank = rank);
      };
      for (const node of nodes.values()) visit(node, new Set());
      const joined = [...nodes.values()].filter((node) => touched.has(node.group.key)), alone = [...nodes.values()].filter((node) => !touched.has(node.group.key));
      const ranks = [...new Set(joined.map((node) => node.rank))].sort((a, b) => b - a);
      const columns = ranks.map((rank) => joined.filter((node) => node.rank === rank));
      const tallest = Math.max(0, ...columns.map((column) => column.length)) * step;
      columns.forEach((column, at) => column.forEach((node, row) => { node.x = 4 + at * (wide + gap); node.y = (tallest - column.length * step) / 2 + row * step + 6; }));
      const across = Math.max(columns.length, 4);
      alone.forEach((node, at) => { node.x = 4 + (at % across) * (wide + 16); node.y = tallest + 6 + Math.floor(at / across) * step; });
      const width = Math.max(...[...nodes.values()].map((node) => node.x)) + wide + 54, height = Math.max(...[...nodes.values()].map((node) => node.y)) + step;
      const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": `Groups by ${by}` }, arrow("point"));
      const most = Math.max(1, ...drawn.map(([, , count]) => count));
      for (const [a, b, count] of drawn) {
        const dimmed = chosen && a !== chosen.key && b !== chosen.key;
        drawing.append(curve(nodes.get(a), nodes.get(b), wide, high, { class: dimmed ? "edge faint" : "edge", "stroke-width": (1 + 3 * Math.log1p(count) / Math.log1p(most)).toFixed(1), "marker-end": "url(#point)" }));
      }
      for (const { group, ...node } of nodes.values()) {
        const fares_ = group.failed || group.open ? [group.failed && `${group.failed.toLocaleString("en")} failed`, group.open && `${group.open.toLocaleString("en")} undetermined`].filter(Boolean).join(", ") : "no findings";
        drawing.append(box(node, wide, high, hash("graph", undefined, { by, group: group.key }), [group.key, many(group.list.length, "resource"), fares_],
          group.failed ? T.severities[group.worst] : group.open ? "unknown" : "pass", `${group.key}: ${many(group.list.length, "resource")}, ${fares_}`, chosen === group));
      }
      return el("figure", { class: "graph" }, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Picture of the groups" }, drawing),
        el("figcaption", null, "An arrow leads from a group to one that it depends on; the thicker, the more dependencies."));
    }
  }

  // ---- what was not inspected, lookups, waivers

  function hidden(section) {
    if (T.hidden.length) section.querySelector("h3").before(el("div", { class: "app" }, table("What no rule could look into", ["What", "Why"], T.hidden, ([stack, type, urn, why]) => el("tr", null, el("td", null, code(X[urn]), dim(bdi(X[type]), ", ", X[stack])), el("td", { class: "message" }, X[why])))));
    if (T.lookups.length) section.append(el("div", { class: "app" }, table("Existing things that the program asked for, and how it was answered", ["What", "Asked with", "Answer"], T.lookups, ([stack, token, answered, asked]) => el("tr", null, el("td", null, code(X[token]), dim(X[stack])), el("td", null, proof(asked)), el("td", null, X[answered])))));
    return () => {};
  }
  function waivers(section) {
    // Days left on the day on which somebody reads this, where that is not the day of the verdict.
    const today = new Date().toISOString().slice(0, 10);
    if (today !== new Date(T.asOf).toISOString().slice(0, 10))
      for (const one of section.querySelectorAll("time[data-expires]")) {
        const left = Math.round((Date.parse(one.dataset.expires) - Date.parse(today)) / 86400000);
        if (Number.isFinite(left)) one.after(dim(left < 0 ? "over by today" : `${many(left, "day")} from today`));
      }
    return () => {};
  }

  // ---- where we are: #part/item?filters

  const VIEWS = { overview: () => () => {}, findings, requirements, rules, resources, graph, waivers, hidden };
  const made = {};
  let first = true;
  function remember(to) {
    try {
      history.replaceState(null, "", to);
    } catch {
      // A sandboxed frame: the address stays as it is.
    }
  }
  function go() {
    const [path, asked] = location.hash.slice(1).split("?", 2);
    const [view, item] = path.split("/", 2);
    const name = Object.hasOwn(VIEWS, view) ? view : "overview";
    if (view === "main") return;
    let wanted;
    try {
      wanted = item === undefined ? undefined : decodeURIComponent(item);
    } catch {
      wanted = item;
    }
    for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== name;
    document.documentElement.dataset.view = name;
    for (const link of document.querySelectorAll(".tabs a")) {
      if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    made[name] ??= VIEWS[name](document.getElementById(name));
    made[name](wanted, Object.fromEntries(new URLSearchParams(asked || "")), !first);
    if (!first && wanted === undefined && !asked) scrollTo(0, 0);
    first = false;
  }
  document.documentElement.classList.add("js");
  addEventListener("hashchange", go);
  go();
  // The browser went to the part's own place, below the head.
  addEventListener("load", () => scrollTo(0, 0));
  document.documentElement.dataset.ready = "true";
})();
