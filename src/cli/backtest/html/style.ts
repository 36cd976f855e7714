/** Style sheet of a report: the colours are those of the daemon's page, told apart in all common kinds of colour blindness. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f7f8f9, #101418);
  --surface: light-dark(#ffffff, #181d23);
  --edge: light-dark(#e1e5e9, #2b323a);
  --grid: light-dark(#edf0f2, #232a31);
  --text: light-dark(#1a2027, #e7ebef);
  --muted: light-dark(#5a6672, #9aa6b2);
  --accent: light-dark(#0b62a3, #6cb6f0);
  --gru: light-dark(#0072b2, #56b4e9);
  --lstm: light-dark(#0b4f2f, #a6f0cc);
  --rnn: light-dark(#b3125f, #f0628a);
  --baseline: light-dark(#b07800, #e6b84a);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;
  background: var(--ground);
  color: var(--text);
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2.5rem 1.25rem 4rem; }
h1, h2, h3, p, figure, ul, dl, dd, table { margin: 0; }
h1 { font-size: 1.9rem; font-weight: 650; letter-spacing: -0.015em; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; font-weight: 600; margin: 3rem 0 0.35rem; }
h3 { font-size: 1rem; font-weight: 600; overflow-wrap: anywhere; }
header p, section > p, figcaption p, footer { color: var(--muted); }
section > p { max-width: 46rem; margin-bottom: 1rem; }
.kicker { font-size: 0.8rem; letter-spacing: 0.06em; text-transform: uppercase; color: var(--muted); margin-bottom: 0.4rem; }
header .verdict { font-size: 1.15rem; color: var(--text); margin-top: 1.1rem; max-width: 46rem; }
strong { font-weight: 650; }
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
.charts.small { grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); }
.small svg { min-width: 0; }
.small h3 { font-size: 0.9rem; }
.part { margin: 1.5rem 0 0.6rem; }
figure, .card { background: var(--surface); border: 1px solid var(--edge); border-radius: 10px; padding: 1rem 1.1rem 0.8rem; min-width: 0; }
figure { display: flex; flex-direction: column; }
.card + .card { margin-top: 1rem; }
figure.wide + figure.wide { margin-top: 1rem; }
figcaption { margin-bottom: 0.5rem; }
figcaption p { font-size: 0.87rem; }
.drawing { overflow-x: auto; margin-top: auto; }
svg { display: block; width: 100%; height: auto; min-width: 26rem; font-size: 12px; }
figure.wide svg { min-width: 44rem; }
svg text { fill: var(--muted); font-variant-numeric: tabular-nums; }
svg text.y { text-anchor: end; dominant-baseline: central; }
svg text.x { text-anchor: middle; }
path { fill: none; }
.grid { stroke: var(--grid); }
.axis, .tick { stroke: var(--edge); }
.guide { stroke: var(--muted); stroke-dasharray: 2 4; }
.m-gru { --ink: var(--gru); }
.m-lstm { --ink: var(--lstm); }
.m-rnn { --ink: var(--rnn); }
.m-baseline { --ink: var(--baseline); }
.line { stroke: var(--ink); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.line.m-baseline { stroke-dasharray: 6 4; }
.line.actual { stroke: var(--text); stroke-width: 1.5; }
.mark { fill: var(--ink); stroke: var(--surface); stroke-width: 1.5; }
.mark.hollow { fill: var(--surface); stroke: var(--ink); }
.band { fill: var(--ink); fill-opacity: 0.2; }
.median { stroke: var(--ink); stroke-width: 1.8; stroke-linejoin: round; }
.origin { fill: var(--surface); stroke: var(--text); stroke-width: 1.4; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0 1rem; padding: 0; font-size: 0.87rem; margin-top: 0.2rem; }
.legend li::before { content: ''; display: inline-block; width: 1.3em; border-top: 2px solid var(--ink); vertical-align: 0.28em; margin-right: 0.45em; }
.legend li.m-baseline::before { border-top-style: dashed; }
.legend li.dot::before { width: 0.6em; height: 0.6em; border: 1.5px solid var(--text); border-radius: 50%; background: var(--text); vertical-align: 0; }
.legend li.hollow::before { background: none; }
.legend li.aim::before { border-top-style: dotted; border-color: var(--muted); }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { text-align: right; padding: 0.4rem 0.7rem; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th:first-child { text-align: left; padding-left: 0; }
thead th { font-weight: 500; color: var(--muted); font-size: 0.85rem; border-bottom-color: var(--edge); }
tbody th { font-weight: 500; }
tbody tr:last-child > * { border-bottom: 0; }
.words th:nth-child(-n + 3), .words td:nth-child(-n + 3), .buckets :is(th, td):nth-child(2) { text-align: left; }
.words td:nth-child(3) { white-space: normal; min-width: 13rem; }
td > span::before { content: ''; display: inline-block; width: 0.6em; height: 0.6em; border-radius: 50%; background: var(--ink); margin-right: 0.45em; }
details { font-size: 0.87rem; margin-top: 0.4rem; }
summary { cursor: pointer; color: var(--muted); width: max-content; }
details .table { max-height: 22rem; overflow: auto; margin-top: 0.5rem; }
fieldset { border: 0; padding: 0; margin: 0 0 1rem; display: flex; flex-wrap: wrap; gap: 0.4rem; }
legend { float: left; color: var(--muted); margin-right: 0.6rem; padding: 0.2rem 0; }
fieldset label { border: 1px solid var(--edge); border-radius: 99px; padding: 0.2rem 0.9rem; cursor: pointer; background: var(--surface); }
fieldset input { position: absolute; opacity: 0; }
fieldset label:has(:checked) { border-color: var(--ink); box-shadow: inset 0 0 0 1px var(--ink); }
fieldset label:has(:focus-visible), summary:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
pre { background: var(--surface); border: 1px solid var(--edge); border-radius: 10px; padding: 0.8rem 1rem; margin: 0.6rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 0.87rem/1.5 ui-monospace, 'DejaVu Sans Mono', monospace; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1.2rem; font-size: 0.9rem; }
dt { font-weight: 500; }
dd { color: var(--muted); max-width: 46rem; }
footer { margin-top: 3rem; font-size: 0.87rem; }
@media (max-width: 40rem) { body { padding: 1.5rem 0.9rem 3rem; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.5rem; } }
@media print {
  :root { color-scheme: light; background: none; font-size: 12px; }
  body { max-width: none; padding: 0; }
  figure, .card, pre { break-inside: avoid; border-color: #ccc; }
  .drawing, .table { overflow: visible; }
  svg, figure.wide svg { min-width: 0; }
  .charts { grid-template-columns: 1fr 1fr; }
  h2 { break-after: avoid; margin-top: 1.5rem; }
  details, fieldset { display: none; }
}
`
