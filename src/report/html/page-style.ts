// The style sheet of the page. Light and dark by the reader's system; one column on a phone; prints.

import { DARK, LIGHT, renderVariables } from '../figures/theme.ts';

/** The whole style sheet. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;${renderVariables(LIGHT)}--panel:#f6f8fa;--link:#0a58a8;--good:#0b6b3a;--bad:#a52a00;--open:#5c5100}
@media (prefers-color-scheme:dark){:root{${renderVariables(DARK)}--panel:#161b22;--link:#79b8ff;--good:#4ad08a;--bad:#ff9a70;--open:#e3c94f}}
*{box-sizing:border-box}
body{margin:0;background:var(--background);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI","Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
main,header{max-width:1040px;margin:0 auto;padding:0 20px}
header{padding-top:36px}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:1.25rem;margin:44px 0 12px;padding-top:14px;border-top:1px solid var(--grid)}
h3{font-size:1rem;margin:22px 0 8px}
p{margin:8px 0}
.claim{font-size:1.08rem;margin:0 0 4px;max-width:46em}
.muted,figcaption,.note{color:var(--muted)}
.note,figcaption{font-size:.875rem}
a{color:var(--link)}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:.9rem;margin:18px 0 8px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:7px 16px 7px 0;text-align:left;vertical-align:top}
th:last-child,td:last-child{padding-right:0}
thead th{font-weight:600;border-bottom:1px solid var(--muted)}
.results{border-top:2px solid var(--ink);border-bottom:2px solid var(--ink);min-width:min(100%,560px)}
.results tbody tr+tr>*{border-top:1px solid var(--grid)}
.results th{font-weight:600}
.results th,.results td{vertical-align:baseline}
.word{white-space:nowrap}
sup{line-height:0}
#environment td{overflow-wrap:anywhere}
.results .value{font-size:1.22rem;font-weight:600;white-space:nowrap}
.results .beside{font-size:.85rem;color:var(--muted);white-space:nowrap}
.list{font-size:.875rem}
.list th,.list td{padding:3px 18px 3px 0}
.list tbody tr+tr>*{border-top:1px solid var(--grid)}
.list th[scope=row]{font-weight:400}
code,.path{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.92em}
sup a{text-decoration:none;padding:0 1px}
.verdict{display:inline-block;font-size:.82rem;font-weight:600;white-space:nowrap;border:1px solid;border-radius:999px;padding:0 9px;margin-top:3px}
.reproduced{color:var(--good)}.not-reproduced{color:var(--bad)}.inconclusive{color:var(--open)}
.scroll{overflow-x:auto;max-width:100%}
.scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr));gap:30px 36px;align-items:start}
figure{margin:0;min-width:0}
figure svg{display:block;width:100%;height:auto;max-width:520px}
.wide svg{max-width:none;width:auto;min-width:480px}
.sheet{display:block;width:100%;max-width:480px;height:auto;image-rendering:pixelated;margin-bottom:4px}
.neighbours{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:0 12px;font-size:.85rem}
.neighbours ol{list-style:none;margin:0;padding:0;display:flex;flex-direction:column;justify-content:space-around;line-height:1.15}
.neighbours .sheet{max-width:440px}
.departure>summary{font-weight:400;font-size:.875rem}
details{margin:10px 0}
summary{cursor:pointer;font-weight:600}
summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.departs th,.departs td{font-weight:600}
ul{padding-left:20px}
li{margin:4px 0}
footer{max-width:1040px;margin:48px auto 40px;padding:0 20px;color:var(--muted);font-size:.85rem}
@media (max-width:520px){.neighbours{font-size:.68rem}main,header,footer{padding-left:14px;padding-right:14px}h1{font-size:1.5rem}.figures{gap:24px}}
@media print{nav{display:none}h2{break-after:avoid}figure{break-inside:avoid}details:not([open])>*{display:revert}}
`;
