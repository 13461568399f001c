"""How the pages of the documentation look, beside the theme of all pages."""

DOCUMENTATION = """
main { max-width: 78rem; margin: 0 auto; }
nav { margin-bottom: .5rem; }
:target { scroll-margin-top: .75rem; text-decoration: underline; text-decoration-color: var(--edge); }
h4 { font-size: .9rem; margin: .75rem 0 .25rem; }
.rule { border: 1px solid var(--line); border-radius: 6px; padding: .25rem 1rem .75rem; margin: 1rem 0; }
.rule ul, td ul { margin: 0; padding-left: 1rem; }
td { max-width: 34rem; overflow-wrap: break-word; min-width: 5rem; }
td code { overflow-wrap: break-word; }
details { margin: .75rem 0; }
summary { cursor: pointer; }
pre {
  background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .75rem;
  overflow-x: auto; line-height: 1.45; margin: .5rem 0;
}
.line { color: var(--soft); user-select: none; }
figure { margin: 1rem 0; }
figcaption { margin-bottom: .25rem; }
svg.curve { width: 100%; min-width: 32rem; max-width: 44rem; height: auto; display: block; }
svg text { fill: var(--ink); font-size: 12px; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .bound { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 2 4; }
svg polyline { fill: none; stroke-width: 2; }
svg polyline.asked { stroke: var(--one); stroke-dasharray: 7 5; stroke-width: 3; }
svg circle.asked { fill: none; stroke: var(--one); stroke-width: 2; }
svg polyline.sent { stroke: var(--two); }
svg rect.sent { fill: var(--two); }
span.asked { color: var(--one); font-weight: 600; }
span.sent { color: var(--two); font-weight: 600; }
@media print {
  body { padding: 0; font-size: 9pt; }
  .rule, figure { break-inside: avoid-page; }
  .scroll { overflow: visible; }
  nav { display: none; }
}
"""
