#!/usr/bin/env python3
"""Looks at a report's page in headless Chromium, and measures what a person would see.

usage: look.py PAGE.html WIDTH light|dark     prints JSON: how wide the page is, the poorest contrast of a text, the marks

The page's own rules forbid scripts; a copy without that rule is measured. Dark is taken by its own style rules.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

MEASURE = """
<script>
addEventListener('load', () => {
  const root = document.documentElement, worst = {ratio: 99, text: ''}, off = [];
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const paper = node => {
    for (; node && node.nodeType === 1; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > .99) return colour;
    }
    return [255, 255, 255];
  };
  for (const node of document.body.querySelectorAll('*')) {
    const own = [...node.childNodes].filter(n => n.nodeType === 3 && n.textContent.trim()).map(n => n.textContent.trim()).join(' ');
    if (!own || node.closest('script,style,title')) continue;
    const style = getComputedStyle(node), box = node.getBoundingClientRect();
    if (box.width === 0) continue;
    const inSVG = node instanceof SVGElement;
    const [a, b] = [light(parse(inSVG ? style.fill : style.color)), light(paper(node))].sort((x, y) => x - y);
    const ratio = (b + .05) / (a + .05);
    if (ratio < worst.ratio) Object.assign(worst, {ratio, text: own.slice(0, 80)});
    let scrolls = false;
    for (let p = node.parentElement; p; p = p.parentElement) if (getComputedStyle(p).overflowX === 'auto') scrolls = true;
    // A picture shows nothing beyond its own edges.
    const edge = inSVG ? node.ownerSVGElement.getBoundingClientRect() : {left: 0, right: root.clientWidth};
    if (!scrolls && (box.right > edge.right + 1 || inSVG && box.left < edge.left - 1)) off.push(own.slice(0, 60));
  }
  const shapes = [...document.querySelectorAll('svg rect, svg line, svg path, svg polyline, svg circle')];
  parent.postMessage({
    width: root.clientWidth, scrollWidth: root.scrollWidth, contrast: worst.ratio, poorest: worst.text, off,
    marks: shapes.length, unseen: shapes.filter(s => { const b = s.getBBox(); return b.width === 0 && b.height === 0; }).length,
    heads: [...document.querySelectorAll('th')].every(h => h.scope === 'col'), lang: root.lang,
  }, '*');
});
</script>
"""


def main():
    path, width, scheme = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    if scheme == "dark":
        text = text.replace("(prefers-color-scheme:dark)", "(min-width:0)")
    folder = tempfile.mkdtemp(prefix="look.")
    try:
        with open(f"{folder}/page.html", "w", encoding="utf-8") as file:
            file.write(text.replace("</body>", MEASURE + "</body>"))
        with open(f"{folder}/frame.html", "w", encoding="utf-8") as file:
            # A frame is as narrow as a phone; a window of its own would not be.
            file.write(f"""<!doctype html><title>frame</title><pre id=out></pre>
<script>addEventListener('message', e => document.getElementById('out').textContent = JSON.stringify(e.data))</script>
<iframe src="page.html" width={width} height=900 style="border:0"></iframe>""")
        result = subprocess.run(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile",
             "--allow-file-access-from-files", "--virtual-time-budget=10000", "--dump-dom", f"file://{folder}/frame.html"],
            capture_output=True, text=True, timeout=120, env=os.environ | {"HOME": folder})
        found = re.search(r"<pre id=\"out\">(\{.*?\})</pre>", result.stdout, re.S)
        if not found:
            sys.exit(f"look.py: the page was not measured: {result.stderr[-800:]}")
        print(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
