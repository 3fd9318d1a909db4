"""The style sheet: two calm surfaces, four signal colours, light, dark and paper."""

DARK = """
--page:#0e151d;--panel:#16202b;--line:#263646;--text:#e6edf3;--muted:#a9b4be;--hull:#1b2835;
--ok:#5aa9e6;--slight:#a9b4be;--late:#ffc857;--very:#ff7f61;--fifth:#c9a6ff;
--band:rgba(90,169,230,.16);--bar:#31475c;color-scheme:dark"""
LIGHT = """
--page:#f4f6f8;--panel:#fff;--line:#d7dee5;--text:#16202b;--muted:#566676;--hull:#eef2f6;
--ok:#2573b0;--slight:#5d6873;--late:#a86400;--very:#a3230f;--fifth:#6b3fa0;
--band:rgba(37,115,176,.14);--bar:#c3d0dc;color-scheme:light"""

SHEET = (
    f":root{{{LIGHT}}}@media (prefers-color-scheme:dark){{:root{{{DARK}}}}}"
    f"@media print{{:root{{{LIGHT}}}}}"
    + """
*{box-sizing:border-box}html{font-size:16px;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);
font:1rem/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif}
main,.top,footer{max-width:108rem;margin:0 auto;padding:0 clamp(.75rem,2.5vw,2.5rem)}
a{color:var(--ok)}a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid
var(--ok);outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--panel);
padding:.5rem 1rem;z-index:1}
.top{padding-top:1.75rem;padding-bottom:1.25rem}
.brand{font-weight:700;letter-spacing:.01em;color:var(--muted);margin:0}
.brand svg{width:1.5em;height:1em;vertical-align:-.1em;margin-right:.45em}
h1{font-size:clamp(1.6rem,1.1rem + 2vw,2.6rem);line-height:1.15;margin:.3rem 0 .6rem;
letter-spacing:-.015em;text-wrap:balance;overflow-wrap:anywhere}
.lead{font-size:clamp(1.05rem,1rem + .35vw,1.3rem);color:var(--muted);max-width:62ch;margin:0}
.lead strong{color:var(--text);font-weight:600}
nav ul{display:flex;flex-wrap:wrap;gap:.35rem 1.25rem;list-style:none;padding:0;margin:1rem 0 0;
font-size:.9rem}
.cards{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fit,minmax(min(9.5rem,100%),1fr));
margin:0 0 .75rem}
.card,section{background:var(--panel);border:1px solid var(--line);border-radius:10px}
.card{padding:.75rem 1rem;min-width:0;margin:0}
.card dt{font-size:.75rem;letter-spacing:.06em;text-transform:uppercase;color:var(--muted)}
.card dd{margin:0}.card .big{font-size:clamp(1.35rem,1rem + 1.4vw,2rem);font-weight:700;
line-height:1.25;white-space:nowrap;font-variant-numeric:tabular-nums}
.card .sub{font-size:.85rem;color:var(--muted)}
.card .good{color:var(--ok)}.card .warn{color:var(--late)}
section{padding:clamp(1rem,2vw,1.75rem);margin:0 0 .75rem;overflow:hidden}
h2{font-size:clamp(1.2rem,1.05rem + .6vw,1.6rem);line-height:1.25;margin:0 0 .35rem;
letter-spacing:-.01em}h3{font-size:1rem;margin:0 0 .5rem}
p{margin:0 0 .75rem;max-width:72ch}.note{font-size:.9rem;color:var(--muted)}
.note strong{color:var(--text)}
.grid2,.grid3,.grid4,.split{display:grid;gap:1.25rem 1.75rem;grid-template-columns:minmax(0,1fr);
margin:1rem 0}
@media(min-width:60rem){.grid2,.grid4{grid-template-columns:repeat(2,minmax(0,1fr))}
.grid3{grid-template-columns:repeat(3,minmax(0,1fr))}
.split{grid-template-columns:minmax(0,1.75fr) minmax(0,1fr)}
.two{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:0 2rem}
.two li:nth-last-child(2){border-bottom:0}
.words{display:grid;grid-template-columns:minmax(0,1.35fr) minmax(0,1fr);gap:0 2.5rem}
.words .note{border-left:2px solid var(--line);padding-left:1.25rem}}
@media(min-width:105rem){.grid4{grid-template-columns:repeat(4,minmax(0,1fr))}}
@media(min-width:130rem){html{font-size:19px}.grid3 .wide text{font-size:14px}}
figure{margin:0;min-width:0}figcaption{font-weight:600;margin-bottom:.25rem}
.drawing{container-type:inline-size}.drawing svg{width:100%;height:auto;overflow:visible}
.drawing .inset{overflow:hidden}.drawing .wide{display:none}.drawing .small{display:block}
@container (min-width:480px){.drawing .wide{display:block}.drawing .small{display:none}}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;padding:0;margin:0 0 .35rem;
font-size:.875rem;color:var(--text)}
.legend li{display:flex;align-items:center;gap:.45rem}
.swatch{width:2.15rem;height:.9rem;flex:none}
svg text{font:12px system-ui,"Segoe UI",Roboto,Arial,"DejaVu Sans",sans-serif;fill:var(--text)}
svg .tick,svg .name{fill:var(--muted)}svg .tick{font-variant-numeric:tabular-nums}
svg .strong{font-weight:700}
.halo{paint-order:stroke;stroke:var(--panel);stroke-width:4px;stroke-linejoin:round}
.grid{stroke:var(--line);stroke-width:1}.axis{stroke:var(--muted);stroke-width:1}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.line.s0{stroke-width:3}
.dot{stroke:var(--panel);stroke-width:1.2}
.s0{stroke:var(--ok)}.s1{stroke:var(--slight)}.s2{stroke:var(--late)}.s3{stroke:var(--very)}
.s4{stroke:var(--fifth)}.dot.s0{fill:var(--ok);stroke:var(--panel)}
.dot.s1{fill:var(--slight);stroke:var(--panel)}.dot.s2{fill:var(--late);stroke:var(--panel)}
.dot.s3{fill:var(--very);stroke:var(--panel)}
.bars{fill:var(--bar);stroke:var(--muted);stroke-width:.7}.alone{max-width:40rem;margin:1rem 0}
.bars.main{fill:var(--ok);stroke:none}.bandfill{fill:var(--band)}
.ideal{stroke:var(--text);stroke-width:1;stroke-dasharray:3 3;fill:none}
.mark{fill:var(--very);stroke:var(--panel);stroke-width:1.5}
.gain{stroke:var(--text);stroke-width:2;fill:none}.gainhead{fill:var(--text)}
.hull{fill:var(--hull);stroke:var(--muted);stroke-opacity:.5;stroke-dasharray:3 4}
.lane{fill:none;stroke-linecap:round}.b0{stroke:var(--ok);stroke-opacity:.34}
.b1{stroke:var(--slight);stroke-opacity:.42}.b2{stroke:var(--late);stroke-opacity:.6}
.b3{stroke:var(--very);stroke-opacity:.97}.head2{fill:var(--panel);stroke:var(--late);
stroke-width:1.4}.head3{fill:var(--very);stroke:var(--panel);stroke-width:1}
.place{fill:var(--text);stroke:var(--panel);stroke-width:1.2}
.backlane{fill:none;stroke:var(--slight);stroke-opacity:.3;stroke-width:1}
.backplace{fill:var(--slight)}.leader{stroke:var(--slight);stroke-width:1}
.gone{fill:none;stroke:var(--text);stroke-width:2.6;stroke-linecap:round}.gonehead{fill:var(--text)}
.toward{fill:none;stroke:var(--ok)}.towardhead{fill:var(--ok);stroke:var(--panel);stroke-width:1}
.stopgone{fill:var(--text);stroke:var(--panel);stroke-width:1.5}
.stopnext{fill:var(--ok);stroke:var(--panel);stroke-width:1.5}
.stopperhaps{fill:var(--panel);stroke:var(--ok);stroke-width:1.6;stroke-dasharray:3 2}
svg .stopgoneno,svg .stopnextno{fill:var(--panel);font-weight:700;font-size:11px}
svg .stopperhapsno{font-weight:700;font-size:11px}
.promise{stroke:var(--text);stroke-width:1.2}.came{stroke:var(--late);stroke-width:3}
.fan95{fill:var(--ok);fill-opacity:.22}.fan80{fill:var(--ok);fill-opacity:.34}
.fan60{fill:var(--ok);fill-opacity:.6}.median{stroke:var(--text);stroke-width:2.5}
.arrived{stroke:var(--late);stroke-width:2;stroke-dasharray:5 3}
.cell{stroke:none}.g0{fill:var(--hull)}.m1{fill:var(--late);fill-opacity:.35}
.m2{fill:var(--late);fill-opacity:.7}.m3{fill:var(--very);fill-opacity:.85}
.i1{fill:var(--ok);fill-opacity:.2}.i2{fill:var(--ok);fill-opacity:.45}
.i3{fill:var(--ok);fill-opacity:.75}svg .cellno{font-size:10.5px;fill:var(--text)}
.dot.out{fill:var(--panel);stroke:var(--late);stroke-width:1.4}h3{margin-top:1.25rem}
details{margin:.35rem 0 0;font-size:.9rem}summary{cursor:pointer;color:var(--muted);
padding:.3rem 0;width:fit-content}summary:hover{color:var(--text)}
.scroll{overflow:auto;max-height:24rem;max-width:100%;border:1px solid var(--line);
border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .6rem;text-align:left;border-bottom:1px solid var(--line);
unicode-bidi:isolate;font-weight:400;white-space:nowrap}
thead th{position:sticky;top:0;background:var(--panel);color:var(--muted);font-weight:600;
vertical-align:bottom}tbody tr:last-child>*{border-bottom:0}.n{text-align:right}
.us>*{font-weight:700}
.rank{list-style:none;margin:0;padding:0}.rank li{display:grid;gap:0 .75rem;padding:.3rem 0;
grid-template-columns:minmax(0,1fr) auto;border-bottom:1px solid var(--line)}
.rank li:last-child{border-bottom:0}.rank .what{overflow-wrap:anywhere;unicode-bidi:isolate}
.rank .how{font-variant-numeric:tabular-nums;white-space:nowrap}
.rank .beam{grid-column:1/-1;height:4px;width:100%;margin-top:3px}
.rank .more{grid-column:1/-1;font-size:.85rem;color:var(--muted)}.thick .beam{height:9px}
.thick .how{font-weight:700}.beam rect{fill:var(--muted)}
.foresight,.beam .foresight{fill:var(--slight)}.regret,.beam .regret{fill:var(--late)}
.beam .over{fill:var(--very)}
.facts{display:grid;grid-template-columns:minmax(0,max-content) minmax(0,1fr);gap:.3rem 1.25rem;
margin:.75rem 0}.facts dt{color:var(--muted)}.facts dd{margin:0;overflow-wrap:anywhere}
code{font:.875em ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}
footer{color:var(--muted);font-size:.875rem;padding-top:1rem;padding-bottom:3rem}
@media(max-width:36rem){.cards{grid-template-columns:repeat(2,minmax(0,1fr))}
.card{padding:.65rem .75rem}.card:last-child:nth-child(odd){grid-column:1/-1}
section{padding:.9rem .75rem}
.facts{grid-template-columns:minmax(0,1fr)}.facts dd{margin-bottom:.5rem}}
@media print{body{background:#fff;font-size:10pt}section,.card{break-inside:avoid;border-color:#999}
nav,.skip{display:none}.scroll{overflow:visible;max-height:none}
details::details-content{content-visibility:visible;height:auto}}
"""
)
