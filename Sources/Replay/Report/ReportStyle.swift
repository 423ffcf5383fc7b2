/// How a report looks: on paper, on bright screens and on dark ones.
enum ReportStyle {
  static let sheet = Markup.verbatim(
    """

    :root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #57606a; --line: #d0d7de; --soft: #f3f5f7;
      --bad: #b3261e; --bad-soft: #fdecea; --good: #1a7f37; --bar: #2f6f9f; --expected: #8250df; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #14181d; --faint: #9aa5b1; --line: #3a434d;
      --soft: #1d232a; --bad: #ff8a80; --bad-soft: #3a1c1c; --good: #6fdd8b; --bar: #6cb2e8; --expected: #c4a6ff; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 78rem; padding: 1rem 1.25rem 4rem; color: var(--ink); background: var(--paper);
      font: 15px/1.45 system-ui, sans-serif; }
    h1 { font-size: 1.6rem; margin: 0.5rem 0; }
    h2 { font-size: 1.25rem; margin: 2.25rem 0 0.5rem; overflow-wrap: anywhere; }
    h3 { font-size: 1.05rem; margin: 1.5rem 0 0.25rem; overflow-wrap: anywhere; }
    h4 { font-size: 0.95rem; margin: 1.25rem 0 0.25rem; overflow-wrap: anywhere; }
    a { color: inherit; }
    .verdict { margin: 0.25rem 0 0.75rem; font-weight: 600; overflow-wrap: anywhere; }
    .verdict.same { color: var(--good); }
    .verdict.differs, p.differs, tr.differs .outcome { color: var(--bad); font-weight: 600; }
    .session { border: 1px solid var(--line); border-radius: 8px; padding: 0 1rem 1rem; margin: 1rem 0; }
    .track { border-top: 1px solid var(--line); margin-top: 1rem; }
    .wide { overflow-x: auto; margin: 0.5rem 0; }
    table { border-collapse: collapse; width: 100%; font-size: 0.875rem; }
    caption { text-align: left; color: var(--faint); padding: 0.25rem 0; }
    th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.6rem; border-bottom: 1px solid var(--line); }
    thead th { background: var(--soft); font-weight: 600; }
    tbody th { font-weight: 600; }
    tbody tr.differs { background: var(--bad-soft); }
    .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .nothing { color: var(--faint); font-style: italic; }
    .path { overflow-wrap: anywhere; }
    code { font: 0.8rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
    code b { font-weight: 600; }
    code .detail { display: block; padding-left: 1.25em; color: var(--faint); }
    details { margin: 0.75rem 0; }
    summary { cursor: pointer; font-weight: 600; }
    figure { margin: 0.75rem 0; }
    figcaption { color: var(--faint); font-size: 0.875rem; padding: 0.25rem 0; }
    td.line { min-width: 16rem; width: 45%; }
    .timeline { display: block; width: 100%; height: 16px; }
    .frames { fill: var(--bar); }
    .gap { fill: var(--paper); stroke: var(--bar); stroke-width: 1; stroke-dasharray: 4 2; }
    .mark { fill: var(--bad); }
    .curve { display: block; width: 100%; max-width: 700px; height: auto; }
    .grid { stroke: var(--line); }
    .axis { fill: var(--faint); font: 11px system-ui, sans-serif; dominant-baseline: middle; }
    polyline { fill: none; stroke-width: 2; }
    polyline.got { stroke: var(--bar); } circle.got { fill: var(--bar); }
    polyline.expected { stroke: var(--expected); stroke-dasharray: 6 4; } circle.expected { fill: var(--expected); }
    .strip table { width: auto; } .strip caption { white-space: nowrap; }
    td.picture { padding: 0.25rem; border-bottom: 1px solid var(--line); }
    td.picture.differs img { outline: 3px solid var(--bad); }
    img { display: block; background: #000; }
    .blocks { image-rendering: pixelated; }
    .beside { display: flex; flex-wrap: wrap; gap: 1.25rem; }
    .beside figure { margin: 0; max-width: 20rem; }
    @media print { body { max-width: none; } .wide { overflow: visible; } }

    """)
}
