"""The style of a report's page: for a screen, light and dark, narrow and wide, and for A4."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--soft:#5b6675;--line:#dde2e8;
--wash:#f5f7f9;--up:#2f8f5b;--degraded:#c98a12;--down:#c2343f;--unknown:#9aa5b1;
--excluded:#6f86b5;--room:#e4e8ed;--good:#1d6b42;--bad:#a8242f}
@media (prefers-color-scheme:dark){:root{--paper:#14181e;--ink:#e6eaf0;--soft:#9aa6b4;
--line:#2c343e;--wash:#1b2129;--up:#4fb37c;--degraded:#e0ab3f;--down:#ea6670;--unknown:#66717e;
--excluded:#8aa0cf;--room:#2a323c;--good:#6fce9a;--bad:#f58a92}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,
"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main,footer{max-width:1040px;margin:0 auto;padding:0 24px}
.cover{padding:48px 0 24px;border-bottom:3px solid var(--ink)}
.kind{margin:0;color:var(--soft);text-transform:uppercase;letter-spacing:.12em;font-size:12px}
h1{margin:4px 0 0;font-size:34px;line-height:1.15;overflow-wrap:anywhere}
.period{margin:2px 0 20px;font-size:20px;color:var(--soft)}
h2{margin:40px 0 12px;font-size:21px}
h3{margin:0 0 4px;font-size:17px;display:flex;flex-wrap:wrap;gap:10px;align-items:center;
overflow-wrap:anywhere}
h3 .value{margin-left:auto;font-size:20px;white-space:nowrap}
a{color:inherit;text-underline-offset:2px}
.about,.tiles{display:flex;flex-wrap:wrap;gap:10px 32px;margin:0}
.about dt,.tile dt{color:var(--soft);font-size:12px}
.about dd,.tile dd{margin:0}
.outcome{padding:14px 18px;margin:0 0 16px;background:var(--wash);border-left:6px solid var(--line)}
.outcome.good{border-color:var(--up)}.outcome.bad{border-color:var(--down)}
.outcome ul{margin:6px 0 0;padding-left:20px}.outcome li{overflow-wrap:anywhere}
.lead{font-size:17px;margin:0 0 16px}
.outcome .lead{font-size:22px;font-weight:600;line-height:1.3;margin:0}
.outcome.good .lead{color:var(--good)}.outcome.bad .lead{color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:10px;
margin-bottom:20px}
.tile{padding:10px 14px;background:var(--wash);border-left:4px solid var(--line)}
.tile.good{border-color:var(--up)}.tile.bad{border-color:var(--down)}
.tile{display:flex;flex-direction:column}
.tile dd{font-size:18px;font-weight:600;line-height:1.3;white-space:nowrap}
nav ul{display:flex;flex-wrap:wrap;gap:4px 24px;list-style:none;margin:0 0 16px;padding:0}
.verdict{font-size:13px;font-weight:600;white-space:nowrap}
.verdict.good{color:var(--good)}.verdict.bad{color:var(--bad)}.verdict.open{color:var(--soft)}
table{border-collapse:collapse;width:100%}
caption{text-align:left;font-size:12px;color:var(--soft);padding:0 0 4px}
.rows{margin:0 0 8px}
.rows th,.rows td{padding:6px 14px 6px 0;border-bottom:1px solid var(--line);text-align:left;
vertical-align:middle}
.rows thead th{font-size:12px;color:var(--soft);font-weight:600;border-bottom:2px solid var(--line)}
.rows tbody th{font-weight:500;overflow-wrap:break-word;max-width:24em}
.strips th:nth-child(2),.strips td:nth-child(2){width:26%}
.spans th:first-child,.spans td:nth-child(2){white-space:nowrap;width:1%;padding-right:22px}
.spans tbody th{font-weight:400}
.rows .n{text-align:right;white-space:nowrap;padding-right:22px}
.rows td{white-space:normal}
.rows th:last-child,.rows td:last-child{padding-right:0}
.scroll{overflow-x:auto;margin-top:14px}
article{padding:20px 0 16px;border-top:1px solid var(--line)}
.objectives>article:first-of-type{border-top:0}
.method{margin:0 0 12px;color:var(--soft)}.method,h3 span,dd,.spans td:last-child{
overflow-wrap:anywhere}
.strip{display:block;width:100%;height:34px}.strip.small{height:16px;width:100%;min-width:90px}
.ends{display:flex;justify-content:space-between;margin:3px 0 14px;font-size:12px;
color:var(--soft)}
.up{fill:var(--up)}.degraded{fill:var(--degraded)}.down{fill:var(--down)}
.unknown{fill:var(--unknown)}.excluded{fill:var(--excluded)}.ahead{fill:var(--room)}
.room{fill:var(--room)}.spent{fill:var(--up)}.over{fill:var(--down)}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:0 0 16px;padding:0;
font-size:12px;color:var(--soft)}
.legend svg{width:8px;height:13px;margin-right:5px;vertical-align:-2px}
.beside{display:grid;grid-template-columns:minmax(0,1.9fr) minmax(0,1fr);gap:0 36px;
align-items:start}
.beside>:only-child{grid-column:1/-1}
.facts{columns:2;column-gap:32px;margin:0 0 16px}
.facts div{display:flex;break-inside:avoid;justify-content:space-between;gap:16px;padding:3px 0;
border-bottom:1px solid var(--line)}
.facts dt{color:var(--soft)}.facts dd{margin:0;text-align:right;white-space:nowrap}
figure{margin:0 0 18px}figcaption{font-size:12px;color:var(--soft);margin-bottom:4px}
.budget svg{display:block;width:100%;height:14px}
.trend{margin:3px 0 18px}.trend svg{display:block;width:100%;max-width:360px}
.trend text{font-size:12px;fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:3px;
stroke-linejoin:round}.trend .faint{fill:var(--soft)}
.target{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:3 2}
.small,.rules{font-size:13px;color:var(--soft)}.rules h2{color:var(--ink)}
.rules ul{margin:0;padding-left:18px}.rules li{margin:3px 0}
footer{margin-top:32px;padding-bottom:40px;font-size:12px;color:var(--soft)}
footer p{border-top:1px solid var(--line);padding-top:12px;margin:0}
code{font:11px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
@media (max-width:900px){.tiles{grid-template-columns:repeat(3,1fr)}}
@media (max-width:640px){main,footer{padding:0 16px}.cover{padding-top:28px}h1{font-size:26px}
.facts{columns:1}.beside{grid-template-columns:1fr}.outcome .lead{font-size:19px}
.tiles{grid-template-columns:1fr 1fr}
.rows thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.rows,.rows caption,.rows tbody,.rows tr,.rows th,.rows td{display:block}
.rows tbody tr{padding:8px 0;border-bottom:1px solid var(--line)}
.rows tbody th,.rows tbody td{border:0;padding:1px 0;text-align:left!important}
.rows tbody th{font-weight:600;max-width:none}
.rows tbody th,.rows tbody td{width:auto!important;white-space:normal!important}
.rows td:empty{display:none!important}
.rows td::before{content:attr(data-name) ": ";color:var(--soft)}
.rows td:has(svg)::before{content:none}}
@page{size:A4;margin:18mm 16mm 20mm;
@bottom-left{font:9pt sans-serif;color:#5b6675}
@bottom-right{content:counter(page) " / " counter(pages);font:9pt sans-serif;color:#5b6675}}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;
--wash:#f3f4f5;--up:#2f8f5b;--degraded:#c98a12;--down:#c2343f;--unknown:#9aa5b1;
--excluded:#6f86b5;--room:#e4e8ed;--good:#1d6b42;--bad:#a8242f}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{font-size:10pt}main,footer{max-width:none;padding:0}.cover{padding-top:0}
h1{font-size:22pt}.outcome .lead{font-size:15pt}h2{margin-top:28px}
h2,h3,caption,thead{break-after:avoid}
tr,figure,.strip,.tile,dl,.outcome{break-inside:avoid}
thead{display:table-header-group}.whole{break-inside:avoid}
.tiles{grid-template-columns:repeat(3,1fr)}.tile{padding:6px 12px}.tile dd{font-size:14pt}
.facts,.rows{font-size:9pt}.facts div{padding:2px 0}.rows th,.rows td{padding-top:4px;
padding-bottom:4px}.rows .n{padding-right:14px}article{padding:14px 0 10px}
.strip:not(.small){height:26px}.facts{column-gap:20px}
.beside{grid-template-columns:minmax(0,1.5fr) minmax(0,1fr);gap:0 24px}
.legend,.method{break-after:avoid}.objectives{break-before:page}nav{display:none}
.scroll{overflow:visible}a{text-decoration:none}}
"""
